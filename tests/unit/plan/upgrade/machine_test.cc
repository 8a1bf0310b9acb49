// Edges of the machine, one by one: from a healthy situation with one thing changed to the phase that follows.

#include "plan/upgrade/machine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/upgrade/canary.h"
#include "plan/upgrade/train.h"
#include "unit/plan/upgrade/fixture.h"

namespace ingressfleet::plan::upgrade {
namespace {

using std::chrono::seconds;
using testing::Fixture;

struct Edge {
  const char* name;
  Phase from;
  void (*change)(Fixture& fixture);
  Phase to;
  const char* hold;  // reason, or empty
};

void Nothing(Fixture&) {}
void Later(Fixture& f) { f.state.window_started_at = f.now, f.Wait(seconds(300)); }
void SpecChanges(Fixture& f) { f.tier.desired = {"r3", "v3"}; }
void Aborts(Fixture& f) { f.Order(RequestKind::kAbort); }
void CandidateDies(Fixture& f) { f.b().ready = 0; }
void HoldsOnFailure(Fixture& f) { f.tier.on_failure = OnFailure::kHold; }

const Edge kEdges[] = {
    {"ExposedOnce", Phase::kInstall, Nothing, Phase::kStable, ""},
    {"NotExposedWithoutAccess", Phase::kInstall, [](Fixture& f) { f.a().access_in_force = false; }, Phase::kInstall, ""},
    {"InstallFollowsSpec", Phase::kInstall, [](Fixture& f) { SpecChanges(f); }, Phase::kInstall, ""},
    {"Start", Phase::kStable, Nothing, Phase::kPreflight, ""},
    {"StaysUpToDate", Phase::kStable,
     [](Fixture& f) {
       f.tier.desired = {"r1", "v1"};
     },
     Phase::kStable, ""},
    {"WaitsForTheTrain", Phase::kStable, [](Fixture& f) { f.tier.may_start = false; }, Phase::kStable, ""},
    {"PreflightPasses", Phase::kPreflight, Nothing, Phase::kWarm, ""},  // the fixture's objects exist already
    {"PreflightFails", Phase::kPreflight, [](Fixture& f) { f.evidence[Probe::kPreflight].verdict = Verdict::kFail; },
     Phase::kStable, ""},
    {"PreflightInconclusive", Phase::kPreflight, [](Fixture& f) { f.evidence[Probe::kPreflight] = {}, f.Wait(seconds(60)); },
     Phase::kPreflight, "Inconclusive"},
    {"ProvisionTimesOut", Phase::kProvision, [](Fixture& f) { f.seen.preview_exists = false, f.Wait(seconds(60)); },
     Phase::kAbortPre, ""},
    {"WarmTimesOut", Phase::kWarm, [](Fixture& f) { f.b().ready = 1, f.Wait(seconds(600)); }, Phase::kAbortPre, ""},
    {"WarmTimesOutHold", Phase::kWarm, [](Fixture& f) { f.b().ready = 1, HoldsOnFailure(f), f.Wait(seconds(600)); },
     Phase::kWarm, "Failed"},
    {"WarmWaitsForTheWindow", Phase::kWarm, Nothing, Phase::kWarm, ""},
    {"CandidateDeletedInWarm", Phase::kWarm, [](Fixture& f) { f.b() = {}; }, Phase::kProvision, ""},
    {"CandidateDeletedInApprove", Phase::kApprove, [](Fixture& f) { f.b() = {}; }, Phase::kProvision, ""},
    {"VerifyFails", Phase::kVerify, [](Fixture& f) { f.evidence[Probe::kParity].verdict = Verdict::kFail; }, Phase::kAbortPre,
     ""},
    {"VerifyFailsHold", Phase::kVerify,
     [](Fixture& f) { f.evidence[Probe::kParity].verdict = Verdict::kFail, HoldsOnFailure(f); }, Phase::kVerify, "Failed"},
    {"VerifyInconclusive", Phase::kVerify, [](Fixture& f) { f.evidence[Probe::kParity] = {}, f.Wait(seconds(600)); },
     Phase::kVerify, "Inconclusive"},
    {"VerifyWaitsMeanwhile", Phase::kVerify, [](Fixture& f) { f.evidence[Probe::kParity] = {}, f.Wait(seconds(599)); },
     Phase::kVerify, ""},
    {"ApprovalMissing", Phase::kApprove, [](Fixture& f) { f.tier.promotion = Promotion::kManual; }, Phase::kApprove, ""},
    {"ApprovalDeadline", Phase::kApprove,
     [](Fixture& f) { f.tier.promotion = Promotion::kManual, f.state.deadline = f.now + seconds(60), f.Wait(seconds(60)); },
     Phase::kAbortPre, ""},
    {"ApprovalArrives", Phase::kApprove,
     [](Fixture& f) { f.tier.promotion = Promotion::kManual, f.Order(RequestKind::kPromote, "r2"); }, Phase::kExpand, ""},
    {"ApprovalForOther", Phase::kApprove,
     [](Fixture& f) { f.tier.promotion = Promotion::kManual, f.Order(RequestKind::kPromote, "r9"); }, Phase::kApprove, ""},
    {"FlipSkipsExpand", Phase::kApprove, [](Fixture& f) { f.state.cutover = CutoverMode::kFlip; }, Phase::kContract, ""},
    {"ExpandDwells", Phase::kExpand, Nothing, Phase::kExpand, ""},
    {"ExpandPasses", Phase::kExpand, Later, Phase::kContract, ""},
    {"ExpandToTerminate", Phase::kExpand, [](Fixture& f) { Later(f), f.state.cutover = CutoverMode::kExpandTerminate; },
     Phase::kTerminate, ""},
    {"LocalWithoutCoverTerminates", Phase::kExpand,
     [](Fixture& f) { Later(f), f.tier.local_traffic_policy = true, f.b().nodes = {"n1"}; }, Phase::kTerminate, ""},
    {"LocalWithCoverContracts", Phase::kExpand, [](Fixture& f) { Later(f), f.tier.local_traffic_policy = true; },
     Phase::kContract, ""},
    {"ExpandOverBudget", Phase::kExpand, [](Fixture& f) { f.evidence[Probe::kBudget].verdict = Verdict::kFail; },
     Phase::kAbortMid, ""},
    {"ExpandOverBudgetHold", Phase::kExpand,
     [](Fixture& f) { f.evidence[Probe::kBudget].verdict = Verdict::kFail, HoldsOnFailure(f); }, Phase::kExpand, "Failed"},
    {"ExpandTimesOut", Phase::kExpand, [](Fixture& f) { f.b().in_slices = 0, f.Wait(seconds(310)); }, Phase::kAbortMid, ""},
    {"ExpandCandidateDies", Phase::kExpand, CandidateDies, Phase::kAbortMid, ""},
    {"ExpandCandidateDiesHoldToo", Phase::kExpand, [](Fixture& f) { CandidateDies(f), HoldsOnFailure(f); }, Phase::kAbortMid,
     ""},
    {"ServingLosesPodsForwardAllowed", Phase::kExpand, [](Fixture& f) { f.a().ready = 0, f.a().in_slices = 0, Later(f); },
     Phase::kContract, ""},
    {"CanaryShifts", Phase::kExpand,
     [](Fixture& f) {
       f.state.strategy = Strategy::kCanary, f.tier.steps = {{50, seconds(30)}}, Later(f);
     },
     Phase::kShift, ""},
    {"ShiftInconclusive", Phase::kShift, [](Fixture& f) { f.evidence[Probe::kBudget] = {}, f.Wait(seconds(600)); },
     Phase::kShift, "Inconclusive"},
    {"ShiftLast", Phase::kShift, Nothing, Phase::kContract, ""},
    {"TerminateTimesOut", Phase::kTerminate, [](Fixture& f) { f.Wait(seconds(385)); }, Phase::kAbortMid, ""},
    {"ContractPasses", Phase::kContract, Nothing, Phase::kObserve, ""},
    {"ContractTimesOut", Phase::kContract, [](Fixture& f) { f.a().in_slices = 1, f.Wait(seconds(120)); }, Phase::kAbortPost,
     ""},
    {"ContractCandidateDies", Phase::kContract, CandidateDies, Phase::kAbortMid, ""},  // straight to the serving slot
    {"ObservePasses", Phase::kObserve, Later, Phase::kRetain, ""},
    {"ObserveOverBudget", Phase::kObserve, [](Fixture& f) { f.evidence[Probe::kBudget].verdict = Verdict::kFail; },
     Phase::kAbortPost, ""},
    {"ObserveInconclusive", Phase::kObserve, [](Fixture& f) { f.evidence[Probe::kMetrics] = {}, f.Wait(seconds(360)); },
     Phase::kObserve, "Inconclusive"},
    {"ObserveCandidateWeak", Phase::kObserve, [](Fixture& f) { f.b().ready = 1, f.Wait(seconds(360)); }, Phase::kAbortPost, ""},
    {"ObserveCandidateDies", Phase::kObserve, CandidateDies, Phase::kAbortMid, ""},
    {"ObserveBothDie", Phase::kObserve, [](Fixture& f) { CandidateDies(f), f.a().ready = 0; }, Phase::kAbortPost, ""},
    {"RetainOver", Phase::kRetain, [](Fixture& f) { f.Wait(seconds(900)); }, Phase::kDrain, ""},
    {"RetainNotOver", Phase::kRetain, [](Fixture& f) { f.Wait(seconds(899)); }, Phase::kRetain, ""},
    {"RetainRollback", Phase::kRetain, [](Fixture& f) { f.Order(RequestKind::kRollback, "r1"); }, Phase::kAbortPost, ""},
    {"RetainSpecReverted", Phase::kRetain,
     [](Fixture& f) {
       f.tier.desired = {"r1", "v1"};
     },
     Phase::kAbortPost, ""},
    {"RetainThirdRevisionWaits", Phase::kRetain, SpecChanges, Phase::kRetain, ""},
    {"RetainServingDies", Phase::kRetain, CandidateDies, Phase::kAbortMid, ""},
    {"DrainServingDies", Phase::kDrain, [](Fixture& f) { CandidateDies(f), f.a().ready = 0; }, Phase::kAbortPost, ""},
    {"DrainRollback", Phase::kDrain,
     [](Fixture& f) { f.Order(RequestKind::kRollback, "r1"), f.a().ready = 0, f.a().wanted = 0; }, Phase::kAbortPost, ""},
    {"DrainTimesOutGoesOn", Phase::kDrain, [](Fixture& f) { f.Wait(seconds(385)); }, Phase::kFinalize, ""},
    {"FinalizeDone", Phase::kFinalize, [](Fixture& f) { f.a() = {}, f.seen.preview_exists = false; }, Phase::kStable, ""},
    {"RollingDone", Phase::kRolling, [](Fixture& f) { f.a().revision = f.a().live_config = "r2", Later(f); }, Phase::kStable,
     ""},
    {"RollingTimesOut", Phase::kRolling, [](Fixture& f) { f.a().revision = "r2", f.a().updated = 0, f.Wait(seconds(600)); },
     Phase::kRollingBack, ""},
    {"AbortPostDwells", Phase::kAbortPost, Nothing, Phase::kAbortPost, ""},
    {"AbortPostDone", Phase::kAbortPost, Later, Phase::kAbortMid, ""},
    {"AbortMidDone", Phase::kAbortMid, Nothing, Phase::kAbortPre, ""},
    {"AbortPreDone", Phase::kAbortPre,
     [](Fixture& f) { f.b() = {}, f.seen.preview_exists = false, f.state.failed_revisions = {"r2"}; }, Phase::kStable, ""},
    {"AbortPreServingDead", Phase::kAbortPre, [](Fixture& f) { f.a().ready = 0; }, Phase::kAbortPre, ""},
    {"Paused", Phase::kWarm, [](Fixture& f) { f.tier.paused = true, f.b().ready = 0, f.Wait(seconds(5000)); }, Phase::kWarm,
     "Paused"},
    {"HeldByUser", Phase::kExpand, [](Fixture& f) { f.Order(RequestKind::kHold), Later(f); }, Phase::kExpand, "Requested"},
    {"HeldButCandidateDies", Phase::kObserve, [](Fixture& f) { f.Order(RequestKind::kHold), CandidateDies(f); },
     Phase::kAbortMid, "Requested"},
};

TEST(Machine, Edges) {
  for (const Edge& edge : kEdges) {
    Fixture fixture(edge.from);
    edge.change(fixture);
    fixture.Rest();
    EXPECT_EQ(PhaseName(fixture.state.phase), PhaseName(edge.to)) << edge.name;
    EXPECT_EQ(fixture.state.hold ? fixture.state.hold->reason : "", edge.hold) << edge.name;
  }
}

TEST(Machine, SpecChangeAndAbortLeaveEveryForwardPhaseTheRightWay) {
  for (const PhaseRow& row : AllPhases()) {
    if (!row.forward) continue;
    for (const bool by_user : {false, true}) {
      Fixture fixture(row.phase);
      by_user ? Aborts(fixture) : SpecChanges(fixture);
      Decision decision = fixture.Run();
      for (int i = 0; i < 3 && decision.state.phase == row.phase; ++i) fixture.state = decision.state, decision = fixture.Run();
      EXPECT_EQ(PhaseName(decision.state.phase), PhaseName(row.abort)) << row.name;
      EXPECT_EQ(decision.state.failed_revisions.size(), by_user ? 1U : 0U) << row.name;
      ASSERT_TRUE(decision.state.abort) << row.name;
      EXPECT_FALSE(decision.state.abort->message.empty());
    }
  }
}

TEST(Machine, RecordsBeforeItActsAndNeverBoth) {
  for (const PhaseRow& row : AllPhases()) {
    if (row.phase == Phase::kNew || row.phase == Phase::kUnresolved) continue;
    Fixture fixture(row.phase);
    fixture.Wait(seconds(100'000));
    for (int i = 0; i < 10; ++i) {
      const Decision decision = fixture.Run();
      EXPECT_NE(decision.record, decision.want.has_value()) << row.name;
      if (!decision.record) break;
      EXPECT_GE(decision.state.transition_id, fixture.state.transition_id) << row.name;
      if (decision.state.phase != fixture.state.phase) {
        EXPECT_GT(decision.state.transition_id, fixture.state.transition_id) << row.name;
      }
      fixture.state = decision.state;
    }
  }
}

TEST(Machine, IsDeterministic) {
  Fixture fixture(Phase::kObserve);
  const Decision first = fixture.Run();
  const Decision second = fixture.Run();
  EXPECT_TRUE(SameIntent(first.state, second.state));
  EXPECT_EQ(first.notes, second.notes);
}

TEST(Machine, SelectorMovesOnlyAfterTheSlotsAreClaimed) {
  Fixture fixture(Phase::kExpand);
  fixture.seen.entry = {true, Traffic::kA, 5, Traffic::kA, "r1", true};
  fixture.state.committed = Traffic::kA;
  fixture.a().transition_id = fixture.b().transition_id = 5;
  Decision decision = fixture.Rest();
  ASSERT_TRUE(decision.want);
  EXPECT_EQ(decision.want->entry.traffic, Traffic::kA);
  EXPECT_EQ((*decision.want)[Slot::kA].transition_id, 7);
  EXPECT_EQ((*decision.want)[Slot::kB].transition_id, 7);
  fixture.a().transition_id = fixture.b().transition_id = 7;
  decision = fixture.Rest();
  EXPECT_EQ(decision.want->entry.traffic, Traffic::kBoth);
  EXPECT_EQ(decision.want->entry.transition_id, 7);
}

TEST(Machine, SlotGoesOnlyAfterTheEntryIsFenced) {
  Fixture fixture(Phase::kDrain);
  fixture.seen.entry.transition_id = 5;
  Decision decision = fixture.Rest();
  EXPECT_EQ((*decision.want)[Slot::kA].replicas, 2);
  EXPECT_EQ(decision.want->entry.transition_id, 7);
  EXPECT_EQ(decision.want->entry.traffic, Traffic::kB);
  fixture.seen.entry.transition_id = 7;
  decision = fixture.Rest();
  EXPECT_EQ((*decision.want)[Slot::kA].replicas, 0);
}

TEST(Machine, RollbackWhileDrainingBringsTheSlotUpWithBothSelected) {
  Fixture fixture(Phase::kDrain);
  fixture.b().ready = 0;
  fixture.a().ready = fixture.a().wanted = 0;
  const Decision decision = fixture.Rest();
  EXPECT_EQ(fixture.state.phase, Phase::kAbortPost);
  EXPECT_EQ(fixture.state.serving->slot, Slot::kA);
  EXPECT_EQ((*decision.want)[Slot::kA].replicas, 2);
  EXPECT_FALSE((*decision.want)[Slot::kA].retain_until);
  EXPECT_EQ((*decision.want)[Slot::kB].action, SlotAction::kKeep);
  EXPECT_EQ(fixture.state.failed_revisions, std::vector<std::string>{"r2"});
}

TEST(Machine, ColdRollbackIsAnUpgradeWithoutApprovalAndObservation) {
  Fixture fixture(Phase::kStable);
  fixture.tier.desired = {"r1", "v1"};
  fixture.tier.promotion = Promotion::kManual;
  fixture.tier.may_start = fixture.tier.window_open = false;
  fixture.state.history = {{{"r1", "v1"}, fixture.now, "Promoted"}, {{"r0", "v0"}, fixture.now, "Installed"}};
  fixture.Order(RequestKind::kRollback, "r0");
  Decision decision = fixture.Rest();
  EXPECT_EQ(fixture.state.phase, Phase::kPreflight);
  EXPECT_TRUE(fixture.state.rollback_run);
  EXPECT_EQ(fixture.state.candidate->revision, (Revision{"r0", "v0"}));
  EXPECT_EQ(fixture.state.failed_revisions, std::vector<std::string>{"r1"});  // does not come back by itself
  EXPECT_EQ(decision.probe_revision, "r0");
}

TEST(Machine, FailedRevisionIsNotTriedAgainUntilARetryNamesIt) {
  Fixture fixture(Phase::kStable);
  fixture.state.failed_revisions = {"r2"};
  EXPECT_FALSE(fixture.Run().record);
  fixture.Order(RequestKind::kRetry, "r9");
  fixture.Rest();
  EXPECT_EQ(fixture.state.phase, Phase::kStable);
  fixture.tier.requests[static_cast<std::size_t>(RequestKind::kRetry)] = Request{"2", "r2", "ann"};
  fixture.Rest();
  EXPECT_EQ(fixture.state.phase, Phase::kPreflight);
}

TEST(Machine, RequestsAreRecordedFirstAndHandledOnce) {
  Fixture fixture(Phase::kVerify);
  fixture.Order(RequestKind::kAbort);
  const Decision decision = fixture.Run();
  EXPECT_TRUE(decision.record);
  EXPECT_EQ(decision.state.phase, Phase::kVerify);
  ASSERT_TRUE(decision.state.abort);
  fixture.Rest();
  EXPECT_EQ(fixture.state.phase, Phase::kAbortPre);
  fixture.state.phase = Phase::kVerify;
  fixture.state.abort.reset();
  fixture.evidence[Probe::kParity] = {};
  fixture.Rest();
  EXPECT_FALSE(fixture.state.abort);
}

TEST(Machine, PauseStopsTimeAndResumesThePhaseFromItsBeginning) {
  Fixture fixture(Phase::kWarm);
  fixture.b().ready = 0;
  fixture.tier.paused = true;
  EXPECT_FALSE(fixture.Rest().want);
  fixture.Wait(seconds(5000));
  fixture.tier.paused = false;
  fixture.Rest();
  EXPECT_EQ(fixture.state.phase, Phase::kWarm);
  EXPECT_EQ(fixture.state.deadline, fixture.now + fixture.tier.progress_deadline);
  EXPECT_FALSE(fixture.state.hold);
}

TEST(Machine, EntryIsFrozenWhileTrafficMoves) {
  for (const PhaseRow& row : AllPhases()) {
    if (row.phase == Phase::kNew || row.phase == Phase::kUnresolved) continue;
    const bool moving =
        row.traffic == TrafficRule::kBoth || row.traffic == TrafficRule::kCandidate || row.phase == Phase::kAbortMid;
    EXPECT_EQ(row.freezes_entry, moving) << row.name;
  }
}

TEST(Machine, EveryWaitHasAReasonAndARemedy) {
  for (const PhaseRow& row : AllPhases()) {
    if (row.phase == Phase::kNew) continue;
    Fixture fixture(row.phase);
    fixture.evidence.findings = {};
    fixture.a().in_slices = fixture.b().in_slices = 1;
    fixture.tier.promotion = Promotion::kManual;
    const Decision decision = fixture.Rest();
    for (const Note& note : decision.notes) {
      EXPECT_FALSE(note.reason.empty()) << row.name;
      EXPECT_GT(note.message.size(), 10U) << row.name;
    }
    if (fixture.state.phase != Phase::kStable && fixture.state.phase != Phase::kUnresolved) {
      EXPECT_FALSE(decision.notes.empty()) << row.name;
    }
  }
}

TEST(Canary, ReplicasAndTrueShare) {
  EXPECT_EQ(CanaryReplicas(9, 10), 1);
  EXPECT_EQ(CanaryReplicas(3, 25), 1);
  EXPECT_EQ(CanaryReplicas(2, 50), 2);
  EXPECT_EQ(CanaryReplicas(2, 10), 1);
  EXPECT_EQ(CanaryReplicas(2, 90), 4);  // bounded
  EXPECT_EQ(CanaryReplicas(0, 50), 1);
  EXPECT_EQ(SharePercent(2, 1), 33);
  EXPECT_EQ(SharePercent(0, 0), 0);
  Fixture fixture(Phase::kShift);
  fixture.state.strategy = Strategy::kCanary;
  fixture.tier.steps = {{25, seconds(10)}, {50, seconds(10)}};
  fixture.a() = {true, "r1", 7, 3, 3, 3, 3, 0, 3, 3, "r1", true, {}, "", std::nullopt};
  fixture.tier.replicas = 3;
  EXPECT_EQ(CandidateNeed(fixture.tier, fixture.seen, fixture.state), 1);
  fixture.state.step = 1;
  EXPECT_EQ(CandidateNeed(fixture.tier, fixture.seen, fixture.state), 3);
  fixture.b().in_slices = 1;
  EXPECT_EQ(fixture.Run().share_percent, 25);
}

struct TrainCase {
  const char* name;
  TrainRules rules;
  std::vector<TrainCar> cars;
  std::vector<std::string> start;
};

TEST(Train, StartsInOrder) {
  const TimePoint now{seconds(1000)};
  const auto wants = [](const char* name) { return TrainCar{name, false, true, false, std::nullopt}; };
  const auto runs = [](const char* name) { return TrainCar{name, true, false, false, std::nullopt}; };
  const TrainCase cases[] = {
      {"ByName", {}, {wants("b"), wants("a")}, {"a"}},
      {"ByOrder", {{"b", "a"}, 1, {}}, {wants("a"), wants("b")}, {"b"}},
      {"OneAtATime", {}, {runs("a"), wants("b")}, {}},
      {"TwoAtATime", {{}, 2, {}}, {runs("a"), wants("b"), wants("c")}, {"b"}},
      {"FailureStops", {}, {{"a", false, false, true, std::nullopt}, wants("b")}, {}},
      {"Pause", {{}, 1, seconds(60)}, {{"a", false, false, false, now - seconds(59)}, wants("b")}, {}},
      {"AfterPause", {{}, 1, seconds(60)}, {{"a", false, false, false, now - seconds(60)}, wants("b")}, {"b"}},
  };
  for (const TrainCase& test : cases) {
    std::vector<std::string> start;
    for (const Permission& permission : Dispatch(test.rules, test.cars, now)) {
      if (permission.may_start) start.push_back(permission.name);
      EXPECT_NE(permission.may_start, !permission.reason.empty()) << test.name;
    }
    EXPECT_EQ(start, test.start) << test.name;
  }
}

TEST(Train, SeesATiersStateRight) {
  Fixture stable(Phase::kStable);
  EXPECT_TRUE(CarOf(stable.tier, stable.state).waiting);
  stable.state.failed_revisions = {"r2"};
  EXPECT_TRUE(CarOf(stable.tier, stable.state).failed);
  EXPECT_TRUE(CarOf(Fixture(Phase::kVerify).tier, Fixture(Phase::kVerify).state).running);
  EXPECT_FALSE(CarOf(Fixture(Phase::kRetain).tier, Fixture(Phase::kRetain).state).running);
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade
