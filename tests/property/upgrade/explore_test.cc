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
constexpr std::int64_t kDefaultSteps = 60'000;
constexpr std::int64_t kDefaultStates = 4'000;
#else
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
  return world.operators[1].leads && Pick(random, 4) == 0 ? world.operators[1] : world.operators[0];
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
    {"lose-status", 1, true, [](World& w, auto& r) { if (Pick(r, 3) == 0) w.LoseStatus(); }},
    {"edit-selector", 1, true, [](World& w, auto& r) {
       constexpr std::optional<Traffic> kEdits[] = {std::nullopt, Traffic::kBoth, Traffic::kA, Traffic::kB};
       if (Pick(r, 2) == 0) w.EditSelector(kEdits[Pick(r, 4)]);
     }},
    {"delete-workload", 1, true, [](World& w, auto& r) { w.DeleteWorkload(AnySlot(r)); }},
    {"delete-entry", 1, true, [](World& w, auto& r) { if (Pick(r, 6) == 0) w.DeleteEntry(); }},
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

/// A tier of some shape, good and bad revisions.
void Shape(World& world, std::mt19937_64& random) {
  constexpr Strategy kStrategies[] = {Strategy::kBlueGreen, Strategy::kBlueGreen, Strategy::kCanary, Strategy::kRollingUpdate};
  constexpr CutoverMode kModes[] = {CutoverMode::kExpandContract, CutoverMode::kExpandContract, CutoverMode::kExpandTerminate,
                                    CutoverMode::kFlip};
  constexpr Quality kQualities[] = {Quality::kGood, Quality::kGood, Quality::kGood, Quality::kNeverReady, Quality::kFailsVerify,
                                    Quality::kOverBudget};
  world.tier.strategy = kStrategies[Pick(random, 4)];
  world.tier.cutover = kModes[Pick(random, 4)];
  world.tier.local_traffic_policy = Pick(random, 3) == 0;
  world.tier.promotion = Pick(random, 3) == 0 ? Promotion::kManual : Promotion::kAutomatic;
  if (Pick(random, 3) == 0) world.tier.approval_deadline = seconds(300);
  world.tier.on_failure = Pick(random, 5) == 0 ? OnFailure::kHold : OnFailure::kRollback;
  world.tier.recreate_entry = Pick(random, 3) == 0;
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
  if (world.tier.deleting) {
    return state.phase == Phase::kDeleting && !world.entry.exists && !world.slots[0].exists && !world.slots[1].exists
               ? std::optional<std::string>("Deleted") : std::nullopt;
  }
  if (state.phase == Phase::kInstall && world.QualityOf(Number(world.tier.desired.hash)) == Quality::kNeverReady) return "Install:NotReady";
  if (!IsServing(world) || world.slots[Index(Other(state.serving->slot))].exists) return std::nullopt;
  // A broken revision that was made to serve by a lost status or a deleted workload: reported, nothing to go to.
  if (world.QualityOf(Number(state.serving->revision.hash)) == Quality::kNeverReady) return "Stable:Dead";
  if (world.slots[Index(state.serving->slot)].Ready() < world.tier.replicas) return std::nullopt;
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
  return fmt::format("phase {} step {} hold {} serving {} candidate {} previous {} entry {} id {}/{} a{{{} {} {}/{} id {}}} b{{{} {} {}/{} id {}}} "
                     "slices {}/{} desired {} strategy {} cutover {} failed {}",
                     PhaseName(state.phase), state.step, state.hold ? state.hold->reason : "-",
                     state.serving ? SlotName(state.serving->slot) : "-", state.candidate ? state.candidate->revision.hash : "-",
                     state.previous ? state.previous->revision.hash : "-", world.entry.traffic ? TrafficName(*world.entry.traffic) : "?",
                     world.entry.id, state.transition_id, world.slots[0].exists, Hash(world.slots[0].revision), world.slots[0].Ready(),
                     world.slots[0].replicas, world.slots[0].id, world.slots[1].exists, Hash(world.slots[1].revision),
                     world.slots[1].Ready(), world.slots[1].replicas, world.slots[1].id, world.slices[0], world.slices[1],
                     world.tier.desired.hash, StrategyName(state.strategy), CutoverName(state.cutover), state.failed_revisions.size());
}

WalkResult Walk(const Options& base, std::int64_t steps, const Gates& gates, void (*shape)(World&, std::mt19937_64&) = nullptr) {
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
    if (world.violation) result.violation = fmt::format("{} [episode {} seed {}; {}]", *world.violation, result.episodes, base.seed, Describe(world));
    ++result.episodes;
  }
  return result;
}

TEST(UpgradeModel, RandomWalkKeepsEveryRuleAndComesToRest) {
  Options options;
  options.seed = static_cast<std::uint64_t>(FromEnvironment("UPGRADE_WALK_SEED", 20260301));
  const std::int64_t steps = FromEnvironment("UPGRADE_WALK_STEPS", kDefaultSteps);
  const auto began = std::chrono::steady_clock::now();
  const WalkResult result = Walk(options, steps, DefaultGates());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  fmt::print("walk: seed {} steps {} episodes {} in {} ms; phases visited {} of {}\n", options.seed, result.steps, result.episodes,
             took.count(), result.phases.size(), kPhaseCount);
  for (const auto& [rest, count] : result.rests) fmt::print("  rest {}: {}\n", rest, count);
  EXPECT_FALSE(result.violation) << *result.violation;
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade::model
