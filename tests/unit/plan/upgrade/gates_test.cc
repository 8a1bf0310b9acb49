// Every gate, asked in a situation where it passes and where it does not.

#include <gtest/gtest.h>

#include <set>

#include "unit/plan/upgrade/fixture.h"

namespace ingressfleet::plan::upgrade {
namespace {

using std::chrono::seconds;
using testing::Fixture;

struct Case {
  Chain chain;
  const char* gate;
  Phase phase;
  void (*change)(Fixture& fixture);
  Verdict verdict;
  const char* reason;
};

void Nothing(Fixture&) {}
constexpr Verdict kP = Verdict::kPass;
constexpr Verdict kU = Verdict::kUnknown;
constexpr Verdict kF = Verdict::kFail;

template <Probe kProbe>
void Missing(Fixture& f) {
  f.evidence[kProbe] = {};
}
template <Probe kProbe>
void Bad(Fixture& f) {
  f.evidence[kProbe].verdict = kF;
}
template <Probe kProbe>
void Stale(Fixture& f) {
  f.evidence[kProbe].observed_at -= seconds(91);
}
template <Probe kProbe>
void OtherRevision(Fixture& f) {
  f.evidence[kProbe].revision = "r9";
}
template <Probe kProbe>
void OtherTransition(Fixture& f) {
  f.evidence[kProbe].transition_id = 6;
}
template <Probe kProbe>
void NotAsked(Fixture& f) {
  f.evidence[kProbe] = {}, f.tier.verify = {}, f.tier.observe_probes = {};
}

const Case kCases[] = {
    {Chain::kInstall, "entry-exists", Phase::kInstall, Nothing, kP, ""},
    {Chain::kInstall, "entry-exists", Phase::kInstall, [](Fixture& f) { f.seen.entry.exists = false; }, kU, "EntryPending"},
    {Chain::kInstall, "slot-has-revision", Phase::kInstall, Nothing, kP, ""},
    {Chain::kInstall, "slot-has-revision", Phase::kInstall, [](Fixture& f) { f.a().revision = "r1"; }, kU, "SlotPending"},
    {Chain::kInstall, "slot-ready", Phase::kInstall, Nothing, kP, ""},
    {Chain::kInstall, "slot-ready", Phase::kInstall, [](Fixture& f) { f.a().available = 1; }, kU, "SlotNotReady"},
    {Chain::kInstall, "slot-ready", Phase::kInstall, [](Fixture& f) { f.a().available = 1, f.Wait(seconds(600)); }, kP, ""},
    {Chain::kInstall, "slot-ready", Phase::kInstall, [](Fixture& f) { f.a().available = 0, f.Wait(seconds(600)); }, kU,
     "SlotNotReady"},
    {Chain::kInstall, "access-in-force", Phase::kInstall, Nothing, kP, ""},
    {Chain::kInstall, "access-in-force", Phase::kInstall, [](Fixture& f) { f.a().access_in_force = false; }, kU,
     "AccessNotInForce"},
    {Chain::kInstall, "access-in-force", Phase::kInstall, [](Fixture& f) { f.seen.entry.access_in_force = false; }, kU,
     "AccessNotInForce"},

    {Chain::kStart, "new-revision", Phase::kStable, Nothing, kP, ""},
    {Chain::kStart, "new-revision", Phase::kStable, [](Fixture& f) { f.tier.desired.hash = "r1"; }, kU, "UpToDate"},
    {Chain::kStart, "new-revision", Phase::kStable, [](Fixture& f) { f.tier.desired.hash = ""; }, kU, "UpToDate"},
    {Chain::kStart, "not-failed", Phase::kStable, Nothing, kP, ""},
    {Chain::kStart, "not-failed", Phase::kStable, [](Fixture& f) { f.state.failed_revisions = {"r2"}; }, kU, "RevisionFailed"},
    {Chain::kStart, "exposed", Phase::kStable, Nothing, kP, ""},
    {Chain::kStart, "exposed", Phase::kStable, [](Fixture& f) { f.seen.entry.traffic = Traffic::kBoth; }, kU, "NotExposed"},
    {Chain::kStart, "slot-free", Phase::kStable, Nothing, kP, ""},
    {Chain::kStart, "slot-free", Phase::kStable, [](Fixture& f) { f.b().pods = 1; }, kU, "SlotNotGone"},
    {Chain::kStart, "permitted", Phase::kStable, Nothing, kP, ""},
    {Chain::kStart, "permitted", Phase::kStable, [](Fixture& f) { f.tier.may_start = false; }, kU, "TrainWaiting"},

    {Chain::kPreflight, "cutover-possible", Phase::kPreflight, Nothing, kP, ""},
    {Chain::kPreflight, "cutover-possible", Phase::kPreflight,
     [](Fixture& f) { f.state.cutover = CutoverMode::kFlip, f.tier.local_traffic_policy = true; }, kF, "CutoverImpossible"},
    {Chain::kPreflight, "compatible", Phase::kPreflight, Nothing, kP, ""},
    {Chain::kPreflight, "compatible", Phase::kPreflight, Missing<Probe::kPreflight>, kU, "PreflightUnknown"},
    {Chain::kPreflight, "compatible", Phase::kPreflight, Bad<Probe::kPreflight>, kF, "PreflightFailed"},

    {Chain::kProvision, "candidate-exists", Phase::kProvision, Nothing, kP, ""},
    {Chain::kProvision, "candidate-exists", Phase::kProvision, [](Fixture& f) { f.b().revision = "r9"; }, kU,
     "CandidatePending"},
    {Chain::kProvision, "preview-exists", Phase::kProvision, Nothing, kP, ""},
    {Chain::kProvision, "preview-exists", Phase::kProvision, [](Fixture& f) { f.seen.preview_exists = false; }, kU,
     "PreviewPending"},
    {Chain::kWarm, "candidate-exists", Phase::kWarm, [](Fixture& f) { f.b().exists = false; }, kU, "CandidatePending"},
    {Chain::kWarm, "candidate-ready", Phase::kWarm, Nothing, kP, ""},
    {Chain::kWarm, "candidate-ready", Phase::kWarm, [](Fixture& f) { f.b().ready = 1; }, kU, "CandidateNotReady"},
    {Chain::kWarm, "candidate-ready", Phase::kWarm, [](Fixture& f) { f.a().ready = 6; }, kU, "CandidateNotReady"},
    {Chain::kWarm, "no-restarts", Phase::kWarm, Nothing, kP, ""},
    {Chain::kWarm, "no-restarts", Phase::kWarm, [](Fixture& f) { f.state.window_started_at = f.now, f.b().restarts = 1; }, kU,
     "Restarted"},
    {Chain::kWarm, "config-loaded", Phase::kWarm, Nothing, kP, ""},
    {Chain::kWarm, "config-loaded", Phase::kWarm, [](Fixture& f) { f.b().live_config = ""; }, kU, "ConfigNotLoaded"},
    {Chain::kWarm, "access-loaded", Phase::kWarm, Nothing, kP, ""},
    {Chain::kWarm, "access-loaded", Phase::kWarm, [](Fixture& f) { f.b().access_in_force = false; }, kU, "AccessNotInForce"},

    {Chain::kVerify, "candidate-ready", Phase::kVerify, [](Fixture& f) { f.b().ready = 0; }, kU, "CandidateNotReady"},
    {Chain::kVerify, "parity", Phase::kVerify, Nothing, kP, ""},
    {Chain::kVerify, "parity", Phase::kVerify, Missing<Probe::kParity>, kU, "ParityUnknown"},
    {Chain::kVerify, "parity", Phase::kVerify, Stale<Probe::kParity>, kU, "ParityUnknown"},
    {Chain::kVerify, "parity", Phase::kVerify, OtherRevision<Probe::kParity>, kU, "ParityUnknown"},
    {Chain::kVerify, "parity", Phase::kVerify, OtherTransition<Probe::kParity>, kU, "ParityUnknown"},
    {Chain::kVerify, "parity", Phase::kVerify, Bad<Probe::kParity>, kF, "ParityFailed"},
    {Chain::kVerify, "parity", Phase::kVerify, NotAsked<Probe::kParity>, kP, ""},
    {Chain::kVerify, "tls", Phase::kVerify, Bad<Probe::kTls>, kF, "TlsFailed"},
    {Chain::kVerify, "access", Phase::kVerify, Bad<Probe::kAccess>, kF, "AccessFailed"},
    {Chain::kVerify, "custom", Phase::kVerify, Bad<Probe::kCustom>, kF, "CustomFailed"},
    {Chain::kVerify, "metrics", Phase::kVerify, Missing<Probe::kMetrics>, kU, "MetricsUnknown"},

    {Chain::kApprove, "approved", Phase::kApprove, Nothing, kP, ""},
    {Chain::kApprove, "approved", Phase::kApprove, [](Fixture& f) { f.tier.promotion = Promotion::kManual; }, kU,
     "ApprovalNeeded"},
    {Chain::kApprove, "approved", Phase::kApprove,
     [](Fixture& f) {
       f.tier.promotion = Promotion::kManual, f.state.approval = Approval{"r1", "ann", f.now};
     },
     kU, "ApprovalNeeded"},
    {Chain::kApprove, "approved", Phase::kApprove,
     [](Fixture& f) {
       f.tier.promotion = Promotion::kManual, f.state.approval = Approval{"r2", "ann", f.now};
     },
     kP, ""},
    {Chain::kApprove, "approved", Phase::kApprove,
     [](Fixture& f) { f.tier.promotion = Promotion::kManual, f.state.rollback_run = true; }, kP, ""},
    {Chain::kApprove, "window-open", Phase::kApprove, Nothing, kP, ""},
    {Chain::kApprove, "window-open", Phase::kApprove, [](Fixture& f) { f.tier.window_open = false; }, kU, "WindowClosed"},
    {Chain::kApprove, "candidate-ready", Phase::kApprove, [](Fixture& f) { f.b().ready = 1; }, kU, "CandidateNotReady"},

    {Chain::kExpand, "entry-committed", Phase::kExpand, Nothing, kP, ""},
    {Chain::kExpand, "entry-committed", Phase::kExpand, [](Fixture& f) { f.seen.entry.traffic = Traffic::kA; }, kU,
     "SelectorPending"},
    {Chain::kExpand, "entry-committed", Phase::kExpand, [](Fixture& f) { f.seen.entry.transition_id = 6; }, kU,
     "SelectorPending"},
    {Chain::kExpand, "candidate-ready", Phase::kExpand, [](Fixture& f) { f.b().ready = 1; }, kU, "CandidateNotReady"},
    {Chain::kExpand, "candidate-in-slices", Phase::kExpand, Nothing, kP, ""},
    {Chain::kExpand, "candidate-in-slices", Phase::kExpand, [](Fixture& f) { f.b().in_slices = 1; }, kU, "SlicesLag"},
    {Chain::kExpand, "budget", Phase::kExpand, Bad<Probe::kBudget>, kF, "BudgetFailed"},
    {Chain::kExpand, "budget", Phase::kExpand, [](Fixture& f) { f.evidence[Probe::kBudget] = {}, f.state.rollback_run = true; },
     kP, ""},
    {Chain::kShift, "both-selected", Phase::kShift, Nothing, kP, ""},
    {Chain::kShift, "both-selected", Phase::kShift, [](Fixture& f) { f.seen.entry.traffic = std::nullopt; }, kU,
     "SelectorPending"},
    {Chain::kShift, "candidate-ready", Phase::kShift, [](Fixture& f) { f.b().ready = 0; }, kU, "CandidateNotReady"},
    {Chain::kShift, "candidate-in-slices", Phase::kShift, [](Fixture& f) { f.b().in_slices = 0; }, kU, "SlicesLag"},
    {Chain::kShift, "budget", Phase::kShift, Missing<Probe::kBudget>, kU, "BudgetUnknown"},
    {Chain::kTerminate, "candidate-ready", Phase::kTerminate, [](Fixture& f) { f.b().ready = 1; }, kU, "CandidateNotReady"},
    {Chain::kTerminate, "serving-gone", Phase::kTerminate, Nothing, kU, "ServingTerminating"},
    {Chain::kTerminate, "serving-gone", Phase::kTerminate, [](Fixture& f) { f.a().pods = 0, f.a().wanted = 0; }, kP, ""},
    {Chain::kContract, "entry-committed", Phase::kContract, [](Fixture& f) { f.seen.entry.traffic = Traffic::kBoth; }, kU,
     "SelectorPending"},
    {Chain::kContract, "candidate-listed", Phase::kContract, [](Fixture& f) { f.b().in_slices = 0; }, kU, "SlicesLag"},
    {Chain::kContract, "slices-only-selected", Phase::kContract, Nothing, kP, ""},
    {Chain::kContract, "slices-only-selected", Phase::kContract, [](Fixture& f) { f.a().in_slices = 1; }, kU, "SlicesLag"},
    {Chain::kContract, "entry-answers", Phase::kContract, Missing<Probe::kEntry>, kU, "EntryUnknown"},

    {Chain::kObserve, "candidate-ready", Phase::kObserve, [](Fixture& f) { f.b().ready = 1; }, kU, "CandidateNotReady"},
    {Chain::kObserve, "slices-only-selected", Phase::kObserve, [](Fixture& f) { f.a().in_slices = 1; }, kU, "SlicesLag"},
    {Chain::kObserve, "entry-answers", Phase::kObserve, Bad<Probe::kEntry>, kF, "EntryFailed"},
    {Chain::kObserve, "budget", Phase::kObserve, Bad<Probe::kBudget>, kF, "BudgetFailed"},
    {Chain::kObserve, "metrics", Phase::kObserve, Missing<Probe::kMetrics>, kU, "MetricsUnknown"},
    {Chain::kObserve, "metrics", Phase::kObserve, Nothing, kP, ""},

    {Chain::kRetain, "retain-over", Phase::kRetain, Nothing, kU, "Retaining"},
    {Chain::kRetain, "retain-over", Phase::kRetain, [](Fixture& f) { f.Wait(seconds(900)); }, kP, ""},
    {Chain::kRetain, "retain-over", Phase::kRetain, [](Fixture& f) { f.now += seconds(3600); }, kU, "Retaining"},  // clock jump
    {Chain::kRetain, "serving-healthy", Phase::kRetain, Nothing, kP, ""},
    {Chain::kRetain, "serving-healthy", Phase::kRetain, [](Fixture& f) { f.b().ready = 1; }, kU, "ServingNotReady"},
    {Chain::kRetain, "entry-selects-serving", Phase::kRetain, [](Fixture& f) { f.seen.entry.traffic = Traffic::kA; }, kU,
     "SelectorDrift"},
    {Chain::kRetain, "slices-only-selected", Phase::kRetain, [](Fixture& f) { f.a().in_slices = 1; }, kU, "SlicesLag"},
    {Chain::kDrain, "previous-drained", Phase::kDrain, Nothing, kU, "Draining"},
    {Chain::kDrain, "previous-drained", Phase::kDrain, [](Fixture& f) { f.a().pods = 0, f.a().wanted = 0; }, kP, ""},
    {Chain::kFinalize, "slot-gone", Phase::kFinalize, Nothing, kU, "SlotNotGone"},
    {Chain::kFinalize, "slot-gone", Phase::kFinalize, [](Fixture& f) { f.a() = {}, f.seen.preview_exists = false; }, kP, ""},

    {Chain::kRolling, "rolled-out", Phase::kRolling, Nothing, kU, "Rolling"},
    {Chain::kRolling, "rolled-out", Phase::kRolling, [](Fixture& f) { f.a().revision = "r2"; }, kP, ""},
    {Chain::kRolling, "rolled-out", Phase::kRolling, [](Fixture& f) { f.a().revision = "r2", f.a().updated = 1; }, kU,
     "Rolling"},
    {Chain::kRolling, "no-restarts", Phase::kRolling, [](Fixture& f) { f.state.window_started_at = f.now, f.a().restarts = 1; },
     kU, "Restarted"},
    {Chain::kRolling, "config-loaded", Phase::kRolling, Nothing, kU, "ConfigNotLoaded"},
    {Chain::kRollingBack, "rolled-back", Phase::kRollingBack, Nothing, kP, ""},
    {Chain::kRollingBack, "rolled-back", Phase::kRollingBack, [](Fixture& f) { f.a().revision = "r2"; }, kU, "Rolling"},

    {Chain::kAbortPost, "entry-committed", Phase::kAbortPost, Nothing, kP, ""},
    {Chain::kAbortPost, "serving-ready", Phase::kAbortPost, Nothing, kP, ""},
    {Chain::kAbortPost, "serving-ready", Phase::kAbortPost, [](Fixture& f) { f.a().ready = 1; }, kU, "ServingNotReady"},
    {Chain::kAbortPost, "serving-ready", Phase::kAbortPost, [](Fixture& f) { f.a().ready = 1, f.Wait(seconds(40)); }, kP, ""},
    {Chain::kAbortPost, "serving-in-slices", Phase::kAbortPost, [](Fixture& f) { f.a().in_slices = 0; }, kU, "SlicesLag"},
    {Chain::kAbortMid, "entry-committed", Phase::kAbortMid, [](Fixture& f) { f.seen.entry.traffic = Traffic::kBoth; }, kU,
     "SelectorPending"},
    {Chain::kAbortMid, "slices-only-selected", Phase::kAbortMid, [](Fixture& f) { f.b().in_slices = 1; }, kU, "SlicesLag"},
    {Chain::kAbortPre, "slot-gone", Phase::kAbortPre, Nothing, kU, "SlotNotGone"},

    {Chain::kSelect, "slots-claimed", Phase::kContract, Nothing, kP, ""},
    {Chain::kSelect, "slots-claimed", Phase::kContract, [](Fixture& f) { f.b().transition_id = 6; }, kU, "SlotNotClaimed"},
    {Chain::kSelect, "slots-claimed", Phase::kAbortPost, [](Fixture& f) { f.b().transition_id = 6; }, kP, ""},  // I12
    {Chain::kSelect, "slots-claimed", Phase::kAbortPost, [](Fixture& f) { f.a().transition_id = 6; }, kU, "SlotNotClaimed"},
    {Chain::kSelect, "keeps-ready", Phase::kContract, Nothing, kP, ""},
    {Chain::kSelect, "keeps-ready", Phase::kContract, [](Fixture& f) { f.b().ready = 0; }, kU, "NothingReady"},
    {Chain::kSelect, "keeps-ready", Phase::kContract, [](Fixture& f) { f.b().ready = 0, f.a() = {}; }, kP, ""},
    {Chain::kSelect, "keeps-ready", Phase::kContract,
     [](Fixture& f) { f.seen.entry.traffic = Traffic::kBoth, f.b().in_slices = 0; }, kU, "SlicesLag"},
    {Chain::kSelect, "access-in-force", Phase::kContract, Nothing, kP, ""},
    {Chain::kSelect, "access-in-force", Phase::kExpand,
     [](Fixture& f) { f.seen.entry.traffic = Traffic::kA, f.b().access_in_force = false; }, kU, "AccessNotInForce"},
    {Chain::kSelect, "access-in-force", Phase::kStable,
     [](Fixture& f) { f.seen.entry.traffic = Traffic::kNone, f.seen.entry.access_in_force = false; }, kU, "AccessNotInForce"},
    {Chain::kSelect, "covers-serving", Phase::kContract, Nothing, kP, ""},
    {Chain::kSelect, "covers-serving", Phase::kContract, [](Fixture& f) { f.a().ready = 3; }, kU, "CandidateNotReady"},
    {Chain::kSelect, "nodes-covered", Phase::kContract, [](Fixture& f) { f.b().nodes = {"n1"}; }, kP, ""},
    {Chain::kSelect, "nodes-covered", Phase::kContract,
     [](Fixture& f) { f.b().nodes = {"n1"}, f.tier.local_traffic_policy = true; }, kU, "NodeNotCovered"},

    {Chain::kRemove, "entry-fenced", Phase::kAbortPre, Nothing, kP, ""},
    {Chain::kRemove, "entry-fenced", Phase::kAbortPre, [](Fixture& f) { f.seen.entry.transition_id = 6; }, kU,
     "EntryNotFenced"},
    {Chain::kRemove, "not-selected", Phase::kAbortPre, Nothing, kP, ""},
    {Chain::kRemove, "not-selected", Phase::kAbortPre, [](Fixture& f) { f.seen.entry.traffic = Traffic::kBoth; }, kU,
     "SlotSelected"},
    {Chain::kRemove, "not-selected", Phase::kAbortPre, [](Fixture& f) { f.seen.entry.traffic = std::nullopt; }, kU,
     "SelectorForeign"},
    {Chain::kRemove, "not-selected", Phase::kAbortPre, [](Fixture& f) { f.seen.entry.exists = false; }, kU, "EntryMissing"},
    {Chain::kRemove, "not-selected", Phase::kAbortPre, [](Fixture& f) { f.b().in_slices = 1; }, kU, "SlicesLag"},
    {Chain::kRemove, "not-selected", Phase::kTerminate, Nothing, kP, ""},
    {Chain::kRemove, "not-selected", Phase::kTerminate, [](Fixture& f) { f.b().ready = 1; }, kU, "CandidateNotReady"},
    {Chain::kRemove, "not-selected", Phase::kTerminate, [](Fixture& f) { f.b().in_slices = 0; }, kU, "SlicesLag"},
    {Chain::kRemove, "not-last-ready", Phase::kAbortPre, Nothing, kP, ""},
    {Chain::kRemove, "not-last-ready", Phase::kAbortPre, [](Fixture& f) { f.a().ready = 0; }, kU, "LastReadySlot"},
    {Chain::kRemove, "not-last-ready", Phase::kAbortPre, [](Fixture& f) { f.a().ready = 0, f.b().ready = 0; }, kP, ""},
};

const Gate& Find(Chain chain, std::string_view name) {
  for (const Gate* gate : DefaultGates()[chain]) {
    if (gate->name == name) return *gate;
  }
  ADD_FAILURE() << ChainName(chain) << " has no gate " << name;
  std::abort();
}

TEST(Gates, AnswerAsTheTableSays) {
  for (const Case& test : kCases) {
    Fixture fixture(test.phase);
    test.change(fixture);
    Context context = fixture.Ctx();
    context.to = TargetTraffic(fixture.state).value_or(Traffic::kA);
    context.slot = Slot::kB;
    const Answer answer = Find(test.chain, test.gate).answer(context);
    EXPECT_EQ(answer.verdict, test.verdict) << ChainName(test.chain) << "/" << test.gate << ": " << answer.message;
    EXPECT_EQ(answer.reason, test.reason) << ChainName(test.chain) << "/" << test.gate;
    EXPECT_EQ(answer.message.empty(), answer.verdict == Verdict::kPass) << ChainName(test.chain) << "/" << test.gate;
  }
}

TEST(Gates, EachHasACaseInTheTable) {
  std::set<std::pair<int, std::string_view>> covered;
  for (const Case& test : kCases) covered.insert({static_cast<int>(test.chain), test.gate});
  for (int i = 0; i < kChainCount; ++i) {
    for (const Gate* gate : DefaultGates()[static_cast<Chain>(i)]) {
      EXPECT_TRUE(covered.contains({i, gate->name})) << ChainName(static_cast<Chain>(i)) << "/" << gate->name;
    }
  }
}

// The way back needs nothing of the candidate: its gates pass while everything about it is missing.
TEST(Gates, TheWayBackAsksNothingOfTheCandidate) {
  for (Phase phase : {Phase::kAbortPost, Phase::kAbortMid}) {
    Fixture fixture(phase);
    const std::int64_t listed = fixture.b().in_slices;
    fixture.b() = {};
    fixture.b().in_slices = listed;
    fixture.evidence.findings = {};
    Context context = fixture.Ctx();
    context.to = *TargetTraffic(fixture.state);
    EXPECT_EQ(Ask(DefaultGates()[*ChainOf(phase)], context).verdict, Verdict::kPass) << PhaseName(phase);
    EXPECT_EQ(Ask(DefaultGates()[Chain::kSelect], context).verdict, Verdict::kPass) << PhaseName(phase);
  }
}

TEST(Gates, FailWinsAndUnknownIsInconclusiveOnlyForWantOfEvidence) {
  Fixture fixture(Phase::kVerify);
  fixture.evidence[Probe::kParity] = {};
  ChainResult asked = Ask(DefaultGates()[Chain::kVerify], fixture.Ctx());
  EXPECT_EQ(asked.verdict, Verdict::kUnknown);
  EXPECT_TRUE(asked.inconclusive);
  fixture.b().ready = 0;
  EXPECT_FALSE(Ask(DefaultGates()[Chain::kVerify], fixture.Ctx()).inconclusive);
  fixture.evidence[Probe::kTls].verdict = Verdict::kFail;
  asked = Ask(DefaultGates()[Chain::kVerify], fixture.Ctx());
  EXPECT_EQ(asked.verdict, Verdict::kFail);
  EXPECT_EQ(asked.first.reason, "TlsFailed");
}

struct DueCase {
  const char* name;
  Watched watched;
  int wall_seconds;
  bool due;
};

TEST(Due, IsNotFooledByTheWallClock) {
  const DueCase cases[] = {
      {"watched it all", {seconds(300), true}, 300, true},
      {"wall clock jumped ahead", {seconds(10), true}, 3600, false},
      {"wall clock jumped back", {seconds(300), true}, -3600, true},
      {"restarted long after", {seconds(0), false}, 3600, false},
      {"restarted, and a fresh minute passed", {seconds(60), false}, 3600, true},
      {"restarted, deadline not reached", {seconds(60), false}, 299, false},
  };
  const TimePoint since{seconds(10'000)};
  for (const DueCase& test : cases) {
    EXPECT_EQ(Due(since + seconds(test.wall_seconds), test.watched, since, seconds(300)), test.due) << test.name;
  }
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade
