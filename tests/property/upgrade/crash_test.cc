// Single stories in the world of world.h: the operator dies at each write of an upgrade; the candidate is left behind without
// its help; and a control that must break a rule.

#include <gtest/gtest.h>

#include "property/upgrade/rounds.h"

namespace ingressfleet::plan::upgrade::model {
namespace {

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
    StepPods(world);
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

}  // namespace
}  // namespace ingressfleet::plan::upgrade::model
