// Walks through the world of world.h: breadth first as far as a budget goes, at random for a million steps, and at random with
// one guard taken out, which must be noticed. Environment: UPGRADE_WALK_STEPS, UPGRADE_WALK_SEED, UPGRADE_BFS_STATES.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <unordered_set>

#include "property/upgrade/world.h"

namespace ingressfleet::plan::upgrade::model {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSlowBuild = true;
constexpr std::int64_t kDefaultSteps = 300'000;
constexpr std::int64_t kDefaultStates = 4'000;
#else
constexpr bool kSlowBuild = false;
constexpr std::int64_t kDefaultSteps = 1'000'000;
constexpr std::int64_t kDefaultStates = 60'000;
#endif

std::int64_t FromEnvironment(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

struct Action {
  std::string_view name;
  int weight;
  bool fault;
  void (*run)(World& world, std::mt19937_64& random);
};

int Pick(std::mt19937_64& random, int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); }
Slot AnySlot(std::mt19937_64& random) { return Pick(random, 2) == 0 ? Slot::kA : Slot::kB; }

Operator& AnyLeader(World& world, std::mt19937_64& random) {
  return world.operators[1].leads && Pick(random, world.options().race ? 2 : 4) == 0 ? world.operators[1] : world.operators[0];
}

std::string AnyRevision(std::mt19937_64& random) { return Hash(1 + Pick(random, 4)); }

void FairRound(World& world);

void RoundOf(World& world, std::mt19937_64& random) {
  Operator& op = AnyLeader(world, random);
  world.RefreshAll(op);
  world.Think(op);
}

const Action kActions[] = {
    {"tick", 60, false, [](World& w, auto& r) { w.Tick(seconds(1 + Pick(r, 20))); }},
    {"long-tick", 4, false, [](World& w, auto& r) { w.Tick(seconds(60 + Pick(r, 120))); }},
    {"reconcile", 80, false, [](World& w, auto& r) { w.Reconcile(AnySlot(r)); }},
    {"start-pod", 80, false, [](World& w, auto& r) { w.StartPod(AnySlot(r)); }},
    {"finish-pod", 60, false, [](World& w, auto& r) { w.FinishPod(AnySlot(r)); }},
    {"load-access", 60, false, [](World& w, auto& r) { w.LoadAccess(AnySlot(r)); }},
    {"load-entry-access", 10, false, [](World& w, auto&) { w.LoadEntryAccess(); }},
    {"slices", 80, false, [](World& w, auto&) { w.SyncSlices(); }},
    {"refresh", 120, false, [](World& w, auto& r) { w.Refresh(AnyLeader(w, r), Pick(r, 6)); }},
    {"think", 120, false, [](World& w, auto& r) { w.Think(AnyLeader(w, r)); }},
    {"round", 60, false, RoundOf},
    {"write", 260, false, [](World& w, auto& r) { w.PerformOne(AnyLeader(w, r)); }},
    {"probe", 60, false, [](World& w, auto& r) { w.GatherEvidence(AnyLeader(w, r)); }},
    {"fair", 25, false, [](World& w, auto&) { FairRound(w); }},
    {"window", 2, false, [](World& w, auto&) { w.tier.window_open = !w.tier.window_open; }},
    {"may-start", 2, false, [](World& w, auto&) { w.tier.may_start = !w.tier.may_start; }},
    {"kill-pod", 4, true, [](World& w, auto& r) { w.KillPod(AnySlot(r)); }},
    {"kill-all", 2, true, [](World& w, auto& r) { w.KillAll(AnySlot(r)); }},
    {"crash", 8, true, [](World& w, auto& r) { w.Restart(AnyLeader(w, r)); }},
    {"clock-jump", 2, true, [](World& w, auto& r) { AnyLeader(w, r).clock_offset += seconds(Pick(r, 2) == 0 ? 3600 : -3600); }},
    {"clock-repair", 4, true, [](World& w, auto& r) { AnyLeader(w, r).clock_offset = Duration(0); }},
    {"lose-status", 1, true,
     [](World& w, auto& r) {
       if (Pick(r, 3) == 0) w.LoseStatus();
     }},
    {"restore", 1, true,
     [](World& w, auto& r) {
       if (Pick(r, 6) == 0) w.StripAnnotation(), w.LoseStatus();
     }},
    {"edit-selector", 1, true,
     [](World& w, auto& r) {
       constexpr std::optional<Traffic> kEdits[] = {std::nullopt, Traffic::kBoth, Traffic::kA, Traffic::kB};
       if (Pick(r, 2) == 0) w.EditSelector(kEdits[Pick(r, 4)]);
     }},
    {"delete-workload", 1, true, [](World& w, auto& r) { w.DeleteWorkload(AnySlot(r)); }},
    {"delete-entry", 1, true,
     [](World& w, auto& r) {
       if (Pick(r, 6) == 0) w.DeleteEntry();
     }},
    {"stall-slices", 2, true, [](World& w, auto& r) { w.slices_stall_until = w.now + seconds(20 + Pick(r, 60)); }},
    {"move-nodes", 2, true, [](World& w, auto& r) { w.MoveNodes(AnySlot(r), Pick(r, 2) == 0 ? 1U : 3U); }},
    {"evidence", 2, true, [](World& w, auto&) { w.evidence_up = !w.evidence_up; }},
    {"pause", 1, true, [](World& w, auto& r) { w.tier.paused = Pick(r, 3) == 0; }},
    {"spec", 5, true, [](World& w, auto& r) { w.SetDesired(1 + Pick(r, 4)); }},
    {"replicas", 2, true, [](World& w, auto& r) { w.tier.replicas = 1 + Pick(r, 3); }},
    {"promote", 6, true, [](World& w, auto& r) { w.Ask(RequestKind::kPromote, AnyRevision(r)); }},
    {"abort", 2, true, [](World& w, auto&) { w.Ask(RequestKind::kAbort, ""); }},
    {"rollback", 3, true, [](World& w, auto& r) { w.Ask(RequestKind::kRollback, AnyRevision(r)); }},
    {"retry", 4, true, [](World& w, auto& r) { w.Ask(RequestKind::kRetry, AnyRevision(r)); }},
    {"hold", 1, true, [](World& w, auto&) { w.Ask(RequestKind::kHold, ""); }},
    {"resume", 4, true, [](World& w, auto&) { w.Ask(RequestKind::kResume, ""); }},
};

const Action& ActionNamed(std::string_view name) {
  return *std::find_if(std::begin(kActions), std::end(kActions), [&](const Action& action) { return action.name == name; });
}

/// A tier of some shape, good and bad revisions.
void Shape(World& world, std::mt19937_64& random) {
  constexpr Strategy kStrategies[] = {Strategy::kBlueGreen, Strategy::kBlueGreen, Strategy::kCanary, Strategy::kRollingUpdate};
  constexpr CutoverMode kModes[] = {CutoverMode::kExpandContract, CutoverMode::kExpandContract, CutoverMode::kExpandTerminate,
                                    CutoverMode::kFlip};
  constexpr Quality kQualities[] = {Quality::kGood,       Quality::kGood,        Quality::kGood,
                                    Quality::kNeverReady, Quality::kFailsVerify, Quality::kOverBudget};
  world.tier.strategy = kStrategies[Pick(random, 4)];
  world.tier.cutover = kModes[Pick(random, 4)];
  world.tier.local_traffic_policy = Pick(random, 3) == 0;
  world.tier.promotion = Pick(random, 3) == 0 ? Promotion::kManual : Promotion::kAutomatic;
  if (Pick(random, 3) == 0) world.tier.approval_deadline = seconds(300);
  world.tier.on_failure = Pick(random, 5) == 0 ? OnFailure::kHold : OnFailure::kRollback;
  world.tier.replicas = 1 + Pick(random, 3);
  for (int revision = 2; revision <= 4; ++revision) world.quality[revision] = kQualities[Pick(random, 6)];
}

/// Everybody does his work, once; no faults.
void FairRound(World& world) {
  Operator& op = world.operators[0];
  for (int i = 0; i < 6 && !world.violation; ++i) {
    world.RefreshAll(op);
    world.Think(op);
    world.GatherEvidence(op);
    while (!op.pending.empty()) world.PerformOne(op), ++world.step;
    for (Slot slot : {Slot::kA, Slot::kB}) {
      world.Reconcile(slot), world.StartPod(slot), world.FinishPod(slot), world.LoadAccess(slot);
    }
    world.LoadEntryAccess();
    world.SyncSlices();
    world.step += 13;
  }
  world.Tick(seconds(10));
}

bool IsServing(const World& world) {
  const TierState& state = world.status.state;
  return state.phase == Phase::kStable && world.entry.traffic == Only(state.serving->slot);
}

/// Where an upgrade may rest: served and up to date (or the wanted revision has failed), or held for a named reason.
std::optional<std::string> RestOf(World& world) {
  const TierState& state = world.status.state;
  if (state.hold) return "Hold:" + state.hold->reason;
  if (state.phase == Phase::kInstall && world.QualityOf(Number(world.tier.desired.hash)) == Quality::kNeverReady)
    return "Install:NotReady";
  // A broken revision that was made to serve by a lost status or a deleted workload: reported, nothing to go to.
  const bool dead = state.serving && world.QualityOf(Number(state.serving->revision.hash)) == Quality::kNeverReady;
  if (state.phase == Phase::kRollingBack && dead) return "RollingBack:Dead";
  if (state.phase == Phase::kStable && dead && state.serving->revision.hash == world.tier.desired.hash) return "Stable:Dead";
  if (!IsServing(world) || world.slots[Index(Other(state.serving->slot))].exists) return std::nullopt;
  if (!dead && world.slots[Index(state.serving->slot)].Ready() < world.tier.replicas) return std::nullopt;
  if (state.serving->revision.hash == world.tier.desired.hash) return "Stable";
  const auto& failed = state.failed_revisions;
  const bool has_failed = std::count(failed.begin(), failed.end(), world.tier.desired.hash) > 0;
  return has_failed ? std::optional<std::string>("Stable:RevisionFailed") : std::nullopt;
}

/// Faults stop; the tier must come to rest. Empty = it did not.
std::string Settle(World& world) {
  world.operators[1].leads = false;
  world.operators[0].clock_offset = Duration(0);
  world.tier.paused = false;
  world.tier.may_start = world.tier.window_open = world.evidence_up = true;
  world.frozen_candidate = false;
  for (int round = 0; round < 900; ++round) {
    FairRound(world);
    if (world.violation) return "";
    const auto rest = RestOf(world);
    if (rest && round > 2) return *rest;
    const TierState& state = world.status.state;
    const bool needs_approval = state.phase == Phase::kApprove && state.candidate && !state.approval && round % 5 == 0;
    if (needs_approval) world.Ask(RequestKind::kPromote, state.candidate->revision.hash);
  }
  return "";
}

struct WalkResult {
  std::int64_t steps = 0;
  std::int64_t episodes = 0;
  std::optional<std::string> violation;
  std::map<std::string, std::int64_t> rests;
  std::set<Phase> phases;
};

std::string Describe(const World& world) {
  const TierState& state = world.status.state;
  return fmt::format(
      "phase {} step {} hold {} serving {} candidate {} previous {} entry {} id {}/{} a{{{} {} {}/{} id {}}} b{{{} {} {}/{} id "
      "{}}} "
      "slices {}/{} desired {} strategy {} cutover {} failed {}",
      PhaseName(state.phase), state.step, state.hold ? state.hold->reason : "-",
      state.serving ? SlotName(state.serving->slot) : "-", state.candidate ? state.candidate->revision.hash : "-",
      state.previous ? state.previous->revision.hash : "-", world.entry.traffic ? TrafficName(*world.entry.traffic) : "?",
      world.entry.id, state.transition_id, world.slots[0].exists, Hash(world.slots[0].revision), world.slots[0].Ready(),
      world.slots[0].replicas, world.slots[0].id, world.slots[1].exists, Hash(world.slots[1].revision), world.slots[1].Ready(),
      world.slots[1].replicas, world.slots[1].id, world.slices[0], world.slices[1], world.tier.desired.hash,
      StrategyName(state.strategy), CutoverName(state.cutover), state.failed_revisions.size());
}

WalkResult Walk(const Options& base, std::int64_t steps, const Gates& gates,
                void (*shape)(World&, std::mt19937_64&) = nullptr) {
  static const int kTotal = [] {
    int total = 0;
    for (const Action& action : kActions) total += action.weight;
    return total;
  }();
  WalkResult result;
  std::mt19937_64 random(base.seed);
  while (result.steps < steps && !result.violation) {
    const std::uint64_t episode_seed = random();
    std::mt19937_64 dice(episode_seed);
    World world(base, gates);
    Shape(world, dice);
    if (shape != nullptr) shape(world, dice);
    const bool trace = FromEnvironment("UPGRADE_TRACE_EPISODE", -1) == result.episodes;
    constexpr int kIntensities[] = {0, 5, 20, 100};
    const int intensity = kIntensities[Pick(dice, 4)];
    const int length = 200 + Pick(dice, 1500);
    for (int i = 0; i < length && !world.violation; ++i) {
      int ticket = Pick(dice, kTotal);
      const Action* action = kActions;
      while (ticket >= action->weight) ticket -= (action++)->weight;
      if (!base.boost.empty() && Pick(dice, 16) == 0) action = &ActionNamed(base.boost);
      ++world.step;
      if (action->fault && action->name != "spec" && Pick(dice, 100) >= intensity) continue;
      action->run(world, dice);
      if (trace) fmt::print("{} {}: {}\n", world.step, action->name, Describe(world));
      result.phases.insert(world.status.state.phase);
    }
    std::string rest;
    if (!world.violation) {
      rest = Settle(world);
      if (rest.empty() && !world.violation) world.violation = "Liveness: it did not come to rest: " + Describe(world);
    }
    result.steps += world.step;
    ++result.rests[rest];
    if (world.violation)
      result.violation =
          fmt::format("{} [episode {} seed {}; {}]", *world.violation, result.episodes, base.seed, Describe(world));
    ++result.episodes;
  }
  return result;
}

/// Two operators that take turns, in a tier in which slots come and go all the time.
void Race(World& world, std::mt19937_64&) {
  world.tier.promotion = Promotion::kAutomatic;
  world.tier.retain = world.tier.observe = world.tier.abort_delay = world.tier.min_ready = seconds(1);
  if (world.tier.strategy == Strategy::kRollingUpdate) world.tier.strategy = Strategy::kBlueGreen;
}

TEST(UpgradeModel, RandomWalkOfTwoEqualOperators) {
  Options options;
  options.race = true;
  options.seed = static_cast<std::uint64_t>(FromEnvironment("UPGRADE_WALK_SEED", 7));
  const WalkResult result = Walk(options, FromEnvironment("UPGRADE_WALK_STEPS", kDefaultSteps), DefaultGates(), Race);
  EXPECT_FALSE(result.violation) << *result.violation;
}

TEST(UpgradeModel, RandomWalkKeepsEveryRuleAndComesToRest) {
  Options options;
  options.seed = static_cast<std::uint64_t>(FromEnvironment("UPGRADE_WALK_SEED", 20260301));
  const std::int64_t steps = FromEnvironment("UPGRADE_WALK_STEPS", kDefaultSteps);
  const auto began = std::chrono::steady_clock::now();
  const WalkResult result = Walk(options, steps, DefaultGates());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  fmt::print("walk: seed {} steps {} episodes {} in {} ms; phases visited {} of {}\n", options.seed, result.steps,
             result.episodes, took.count(), result.phases.size(), kPhaseCount);
  for (const auto& [rest, count] : result.rests) fmt::print("  rest {}: {}\n", rest, count);
  EXPECT_FALSE(result.violation) << *result.violation;
}

// ---------------------------------------------------------------------------------------------------------- breadth first

/// Everything that can happen next, one step each. Time goes in steps of 10 s, all of a cache is read at once.
std::vector<std::pair<std::string_view, void (*)(World&)>> Moves() {
  return {
      {"tick", [](World& w) { w.Tick(seconds(10)); }},
      {"reconcile a", [](World& w) { w.Reconcile(Slot::kA); }},
      {"reconcile b", [](World& w) { w.Reconcile(Slot::kB); }},
      {"start a", [](World& w) { w.StartPod(Slot::kA); }},
      {"start b", [](World& w) { w.StartPod(Slot::kB); }},
      {"finish a", [](World& w) { w.FinishPod(Slot::kA); }},
      {"finish b", [](World& w) { w.FinishPod(Slot::kB); }},
      {"access a", [](World& w) { w.LoadAccess(Slot::kA); }},
      {"access b", [](World& w) { w.LoadAccess(Slot::kB); }},
      {"slices", [](World& w) { w.SyncSlices(); }},
      {"round 0", [](World& w) { w.RefreshAll(w.operators[0]), w.Think(w.operators[0]); }},
      {"round 1", [](World& w) { w.RefreshAll(w.operators[1]), w.Think(w.operators[1]); }},
      {"think 0", [](World& w) { w.Think(w.operators[0]); }},
      {"write 0", [](World& w) { w.PerformOne(w.operators[0]); }},
      {"write 1", [](World& w) { w.PerformOne(w.operators[1]); }},
      {"probe 0", [](World& w) { w.GatherEvidence(w.operators[0]); }},
      {"crash 0", [](World& w) { w.Restart(w.operators[0]); }},
      {"kill a", [](World& w) { w.KillAll(Slot::kA); }},
      {"kill b", [](World& w) { w.KillAll(Slot::kB); }},
      {"abort",
       [](World& w) {
         if (!w.tier.requests[static_cast<std::size_t>(RequestKind::kAbort)]) w.Ask(RequestKind::kAbort, "");
       }},
      {"spec", [](World& w) { w.SetDesired(3); }},
      {"lose status", [](World& w) { w.LoseStatus(); }},
  };
}

struct Frontier {
  World world;
  int depth;
};

/// One healthy upgrade, one small step after the other: the states from which the search begins.
std::vector<World> Spine(const Options& options, void (*shape)(TierInput&)) {
  World world(options);
  world.tier.replicas = 1;
  world.tier.expand_dwell = world.tier.min_ready = world.tier.observe = world.tier.retain = world.tier.abort_delay =
      seconds(20);
  shape(world.tier);
  for (int round = 0; round < 12; ++round) FairRound(world);
  world.SetDesired(2);
  std::vector<World> spine;
  Operator& op = world.operators[0];
  for (int round = 0; round < 200; ++round) {
    const Phase before = world.status.state.phase;
    world.RefreshAll(op);
    world.Think(op);
    spine.push_back(world);
    while (!op.pending.empty()) world.PerformOne(op), ++world.step;
    world.GatherEvidence(op);
    if (world.status.state.phase != before || round % 3 == 0) spine.push_back(world);
    for (Slot slot : {Slot::kA, Slot::kB})
      world.Reconcile(slot), world.StartPod(slot), world.FinishPod(slot), world.LoadAccess(slot);
    world.SyncSlices();
    world.Tick(seconds(10));
    ++world.step;
  }
  return spine;
}

TEST(UpgradeModel, BreadthFirstFromEveryStepOfAnUpgrade) {
  const std::int64_t budget = FromEnvironment("UPGRADE_BFS_STATES", kDefaultStates);
  const auto began = std::chrono::steady_clock::now();
  constexpr void (*kShapes[])(TierInput&) = {
      [](TierInput&) {},
      [](TierInput& tier) { tier.cutover = CutoverMode::kExpandTerminate; },
      [](TierInput& tier) { tier.strategy = Strategy::kRollingUpdate; },
  };
  const auto moves = Moves();
  std::int64_t states = 0;
  std::int64_t edges = 0;
  std::int64_t settled = 0;
  int depth = 0;
  std::map<Phase, std::int64_t> by_phase;
  for (const auto shape : kShapes) {
    std::unordered_set<std::size_t> visited;
    std::deque<Frontier> frontier;
    const auto visit = [&](World&& world, int at) {
      if (!visited.insert(std::hash<std::string>{}(world.Fingerprint())).second) return;
      ++by_phase[world.status.state.phase];
      frontier.push_back({std::move(world), at});
    };
    for (World& world : Spine(Options{}, shape)) visit(std::move(world), 0);
    while (!frontier.empty() && static_cast<std::int64_t>(visited.size()) < budget / 3) {
      const Frontier from = std::move(frontier.front());
      frontier.pop_front();
      depth = std::max(depth, from.depth);
      for (const auto& [name, move] : moves) {
        World next = from.world;
        ++next.step;
        move(next);
        ++edges;
        ASSERT_FALSE(next.violation) << *next.violation << " after " << name << " from " << Describe(from.world);
        visit(std::move(next), from.depth + 1);
      }
      if (edges / static_cast<std::int64_t>(moves.size()) % 40 != 0) continue;
      World rest = from.world;
      const std::string where = Settle(rest);
      ++settled;
      ASSERT_FALSE(where.empty()) << "no rest from " << Describe(from.world) << "\nends in " << Describe(rest)
                                  << rest.violation.value_or("");
    }
    states += static_cast<std::int64_t>(visited.size());
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  fmt::print("breadth first: {} states, {} edges, depth {} from every step, {} settled, {} phases, {} ms\n", states, edges,
             depth, settled, by_phase.size(), took.count());
}

// ---------------------------------------------------------------------------------------------------------- crash points

struct CrashRun {
  int writes = 0;
  std::set<std::pair<Phase, std::string>> points;
  std::string rest;
  std::optional<std::string> violation;
  std::string serving;
};

/// One upgrade in which the operator dies at one write: before it, after it, or (at < 0) never.
CrashRun UpgradeWithCrash(void (*shape)(World&), int at, bool after) {
  World world((Options()));
  world.operators[1].leads = false;
  shape(world);
  for (int round = 0; round < 12; ++round) FairRound(world);
  world.SetDesired(2);
  CrashRun run;
  Operator& op = world.operators[0];
  for (int round = 0; round < 2500 && !world.violation; ++round) {
    world.RefreshAll(op);
    world.Think(op);
    world.GatherEvidence(op);
    while (!op.pending.empty()) {
      constexpr const char* kKinds[] = {"intent", "slot", "entry", "preview"};
      run.points.insert({world.status.state.phase, kKinds[op.pending.front().kind]});
      const bool dies = run.writes++ == at;
      if (dies && !after) {
        world.Restart(op);
        break;
      }
      world.PerformOne(op);
      if (dies) world.Restart(op);
    }
    for (Slot slot : {Slot::kA, Slot::kB})
      world.Reconcile(slot), world.StartPod(slot), world.FinishPod(slot), world.LoadAccess(slot);
    world.LoadEntryAccess();
    world.SyncSlices();
    world.Tick(seconds(2));
    ++world.step;
    const auto rest = RestOf(world);
    if (rest && world.status.state.transition_id > 4) {
      run.rest = *rest;
      break;
    }
  }
  run.violation = world.violation;
  if (world.status.state.serving) run.serving = world.status.state.serving->revision.hash;
  return run;
}

TEST(UpgradeModel, DiesBeforeAndAfterEveryWriteAndEndsInTheSamePlace) {
  struct Shaped {
    const char* name;
    void (*shape)(World&);
    const char* rest;
    const char* serving;
  };
  constexpr Shaped kShapes[] = {
      {"BlueGreen", [](World&) {}, "Stable", "r2"},
      {"Canary", [](World& w) { w.tier.strategy = Strategy::kCanary; }, "Stable", "r2"},
      {"Terminate", [](World& w) { w.tier.cutover = CutoverMode::kExpandTerminate; }, "Stable", "r2"},
      {"Flip", [](World& w) { w.tier.cutover = CutoverMode::kFlip; }, "Stable", "r2"},
      {"Rolling", [](World& w) { w.tier.strategy = Strategy::kRollingUpdate; }, "Stable", "r2"},
      {"NeverReady", [](World& w) { w.quality[2] = Quality::kNeverReady; }, "Stable:RevisionFailed", "r1"},
      {"RollingNeverReady", [](World& w) { w.quality[2] = Quality::kNeverReady, w.tier.strategy = Strategy::kRollingUpdate; },
       "Stable:RevisionFailed", "r1"},
      {"OverBudgetInExpand", [](World& w) { w.quality[2] = Quality::kOverBudget; }, "Stable:RevisionFailed", "r1"},
      {"OverBudgetInObserve", [](World& w) { w.quality[2] = Quality::kOverBudget, w.tier.cutover = CutoverMode::kFlip; },
       "Stable:RevisionFailed", "r1"},
  };
  std::set<Phase> phases;
  std::size_t points = 0;
  int runs = 0;
  for (const Shaped& shaped : kShapes) {
    const CrashRun whole = UpgradeWithCrash(shaped.shape, -1, false);
    ASSERT_EQ(whole.rest, shaped.rest) << shaped.name;
    points += whole.points.size();
    for (const auto& [phase, kind] : whole.points) phases.insert(phase);
    fmt::print("{}: {} writes in a whole upgrade\n", shaped.name, whole.writes);
    EXPECT_LE(whole.writes, 60) << shaped.name;
    for (int at = 0; at < whole.writes; ++at) {
      for (const bool after : {false, true}) {
        const CrashRun run = UpgradeWithCrash(shaped.shape, at, after);
        ++runs;
        ASSERT_FALSE(run.violation) << *run.violation << " " << shaped.name << " write " << at;
        ASSERT_EQ(run.rest, shaped.rest) << shaped.name << " write " << at << (after ? " after" : " before");
        ASSERT_EQ(run.serving, shaped.serving) << shaped.name << " write " << at;
      }
    }
  }
  fmt::print("crash points: {} (phase, kind of write), {} runs, {} phases\n", points, runs, phases.size());
  for (const PhaseRow& row : AllPhases()) {
    if (row.forward) {
      EXPECT_TRUE(phases.contains(row.phase)) << row.name;
    }
  }
}

// ------------------------------------------------------------------------------------------------------------ the way back

World InObserve() {
  World world((Options()));
  world.operators[1].leads = false;
  world.tier.observe = seconds(3600);
  for (int round = 0; round < 12; ++round) FairRound(world);
  world.SetDesired(2);
  for (int round = 0; round < 100 && world.status.state.phase != Phase::kObserve; ++round) FairRound(world);
  EXPECT_EQ(world.status.state.phase, Phase::kObserve);
  FairRound(world);
  return world;
}

// I12: nobody answers for the candidate, nothing can be written to it, no evidence comes. It is left all the same.
TEST(UpgradeModel, TheWayBackNeedsNothingOfTheCandidate) {
  for (const bool dead : {true, false}) {
    World world = InObserve();
    const Slot candidate = world.status.state.candidate->slot;
    world.frozen_candidate = true;
    world.evidence_up = false;
    if (dead)
      world.KillAll(candidate), world.quality[2] = Quality::kNeverReady;
    else
      world.Ask(RequestKind::kAbort, "");
    int rounds = 0;
    while (world.entry.traffic != Only(Other(candidate)) && rounds < 50) FairRound(world), ++rounds;
    EXPECT_LE(rounds, dead ? 1 : 6);
    EXPECT_FALSE(world.violation) << *world.violation;
  }
}

// T14's control: without the dwell the balancer's last target goes before the new one is admitted, and the model sees it.
TEST(UpgradeModel, FlipIsNotSafeBehindASlowBalancer) {
  World world((Options()));
  world.operators[1].leads = false;
  world.tier.expand_dwell = seconds(0);
  for (int round = 0; round < 12; ++round) FairRound(world);
  world.SetDesired(2);
  for (int round = 0; round < 100 && !world.violation; ++round) FairRound(world);
  ASSERT_TRUE(world.violation);
  EXPECT_EQ(world.violation->substr(0, 5), "Dwell") << *world.violation;
}

// ---------------------------------------------------------------------------------------------------------- mutation tests

/// The fence on the entry is needed when the status is lost while an operator is about to flip the selector: another one
/// rebuilds the status, finds a candidate without traffic and deletes it. Too rare for a walk, so it is played.
std::optional<std::string> LateFlipAfterLostStatus(const Gates& gates) {
  World world(Options{}, gates);
  world.operators[1].leads = false;
  world.tier.cutover = CutoverMode::kFlip;
  for (int round = 0; round < 12; ++round) FairRound(world);
  world.SetDesired(2);
  Operator& late = world.operators[0];
  Operator& other = world.operators[1];
  const auto around = [&](Operator& op) {
    world.GatherEvidence(op);
    for (Slot slot : {Slot::kA, Slot::kB})
      world.Reconcile(slot), world.StartPod(slot), world.FinishPod(slot), world.LoadAccess(slot);
    world.SyncSlices();
    world.Tick(seconds(5));
    ++world.step;
  };
  const auto about_to_flip = [&] {
    return !late.pending.empty() && late.pending.front().kind == Write::kEntry &&
           late.pending.front().phase == Phase::kContract;
  };
  for (int round = 0; round < 400; ++round) {
    world.RefreshAll(late);
    world.Think(late);
    if (about_to_flip()) break;
    while (!late.pending.empty()) world.PerformOne(late);
    around(late);
  }
  EXPECT_TRUE(about_to_flip());
  world.LoseStatus();
  for (int round = 0; round < 200 && world.slots[1].exists; ++round) {
    world.RefreshAll(other);
    world.Think(other);
    while (!other.pending.empty()) world.PerformOne(other);
    around(other);
  }
  EXPECT_FALSE(world.slots[1].exists) << PhaseName(world.status.state.phase)
                                      << (world.status.state.hold ? world.status.state.hold->reason : "");
  while (!late.pending.empty()) world.PerformOne(late);
  return world.violation;
}

struct Mutant {
  const char* name;
  std::optional<std::pair<Chain, const char*>> gate;
  DriverFlaws flaws;
  void (*shape)(World& world, std::mt19937_64& random);
  std::string_view boost = {};
  bool race = false;
};

TEST(UpgradeModel, EveryGuardThatIsTakenOutIsNoticed) {
  constexpr auto kAny = [](World&, std::mt19937_64&) {};
  const Mutant mutants[] = {
      {"select/slots-claimed",
       {{Chain::kSelect, "slots-claimed"}},
       {},
       [](World& w, std::mt19937_64& r) { Race(w, r), w.tier.cutover = CutoverMode::kExpandTerminate; },
       "abort",
       true},
      {"select/keeps-ready", {{Chain::kSelect, "keeps-ready"}}, {}, kAny},
      {"select/access-in-force", {{Chain::kSelect, "access-in-force"}}, {}, kAny},
      {"select/covers-serving", {{Chain::kSelect, "covers-serving"}}, {}, kAny},
      {"select/nodes-covered",
       {{Chain::kSelect, "nodes-covered"}},
       {},
       [](World& w, std::mt19937_64&) { w.tier.local_traffic_policy = true, w.tier.cutover = CutoverMode::kExpandContract; },
       "move-nodes"},
      {"remove/not-selected", {{Chain::kRemove, "not-selected"}}, {}, kAny, "edit-selector"},
      {"remove/not-last-ready", {{Chain::kRemove, "not-last-ready"}}, {}, kAny},
      {"verify/parity", {{Chain::kVerify, "parity"}}, {}, kAny},
      {"approve/approved", {{Chain::kApprove, "approved"}}, {}, kAny},
      {"expand/candidate-in-slices", {{Chain::kExpand, "candidate-in-slices"}}, {}, kAny, "stall-slices"},
      {"observe/budget", {{Chain::kObserve, "budget"}}, {}, kAny},
      {"retain/retain-over", {{Chain::kRetain, "retain-over"}}, {}, kAny},
      {"start/not-failed", {{Chain::kStart, "not-failed"}}, {}, kAny},
      {"window: no dwell", {}, {}, [](World& w, std::mt19937_64&) { w.tier.expand_dwell = seconds(0); }},
      {"clock: no steady time",
       {},
       {.trusts_wall_clock = true},
       [](World& w, std::mt19937_64&) { w.tier.retain = seconds(900), w.tier.cutover = CutoverMode::kExpandContract; }},
      {"driver: no object versions", {}, {.ignores_object_versions = true}, kAny},
      {"driver: no status version", {}, {.ignores_status_version = true}, kAny},
      {"driver: acts before it records", {}, {.performs_before_recording = true}, kAny},
  };
  const std::int64_t budget = FromEnvironment("UPGRADE_MUTANT_STEPS", kSlowBuild ? 60'000 : 10 * kDefaultSteps);
  const auto began = std::chrono::steady_clock::now();
  fmt::print("| guard taken out | found as | after steps |\n|---|---|---|\n");
  for (const Mutant& mutant : mutants) {
    Options options;
    options.seed = 7;
    options.flaws = mutant.flaws;
    options.race = mutant.race;
    options.boost = mutant.boost;
    const Gates gates = mutant.gate ? DefaultGates().Without(mutant.gate->first, mutant.gate->second) : DefaultGates();
    const WalkResult result = Walk(options, budget, gates, mutant.shape);
    if (kSlowBuild && !result.violation) continue;  // the rare ones need millions of steps: the optimised build looks for them
    fmt::print("| {} | {} | {} |\n", mutant.name,
               result.violation ? result.violation->substr(0, result.violation->find(" [")) : "NOT FOUND", result.steps);
    EXPECT_TRUE(result.violation && result.violation->rfind("Liveness", 0) != 0) << mutant.name;
    if (!mutant.gate) continue;
    const WalkResult control = Walk(options, result.steps, DefaultGates(), mutant.shape);
    EXPECT_FALSE(control.violation) << mutant.name << " with all guards: " << *control.violation;
  }
  const auto late = LateFlipAfterLostStatus(DefaultGates().Without(Chain::kRemove, "entry-fenced"));
  fmt::print("| remove/entry-fenced | {} | played |\n", late.value_or("NOT FOUND"));
  EXPECT_TRUE(late);
  EXPECT_FALSE(LateFlipAfterLostStatus(DefaultGates()));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  fmt::print("mutants: {} in {} ms\n", std::size(mutants) + 1, took.count());
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade::model
