#include "cli/order.h"

#include "plan/tier_input.h"
#include "unit/cli/fleets.h"

namespace ingressfleet::cli {
namespace {

using Verdict = OrderAnswer::Verdict;

OrderAnswer Decide(RequestKind kind, const FleetView& fleet, const std::string& revision = {}) {
  return DecideOrder({kind, &fleet, "public", revision, "jane@example.com", Now()});
}

struct Case {
  const char* name;
  RequestKind kind;
  const char* situation;
  const char* revision;  ///< as typed
  Verdict verdict;
  const char* says;  ///< what is written, or a part of why not
};

constexpr Case kCases[] = {
    {"PromoteNamesTheCandidate", RequestKind::kPromote, "approve", "", Verdict::kWrite, kNew},
    {"PromoteByName", RequestKind::kPromote, "approve", kNew, Verdict::kWrite, kNew},
    {"PromoteAnother", RequestKind::kPromote, "approve", kOld, Verdict::kRefuse, "is not the candidate, 77aa013f5e is"},
    {"PromoteBeforehand", RequestKind::kPromote, "warm", "", Verdict::kWrite, kNew},
    {"PromoteTwice", RequestKind::kPromote, "expand", "", Verdict::kAlready, "approved already, by jane@example.com"},
    {"PromoteNothing", RequestKind::kPromote, "stable", "", Verdict::kRefuse, "nothing to promote: the tier is in Stable"},
    {"PromoteGivenUp", RequestKind::kPromote, "aborted", "", Verdict::kRefuse, "is given up"},
    {"PromoteFailed", RequestKind::kPromote, "given-up", kNew, Verdict::kRefuse, "nothing to promote"},
    {"PromoteRefusedSpec", RequestKind::kPromote, "refused", "", Verdict::kRefuse, "must be a CIDR"},
    {"PromoteUnreported", RequestKind::kPromote, "new", "", Verdict::kRefuse, "is it running?"},
    {"Abort", RequestKind::kAbort, "observe", "", Verdict::kWrite, kNew},
    {"AbortHeld", RequestKind::kAbort, "hold", "", Verdict::kWrite, kNew},
    {"AbortNothing", RequestKind::kAbort, "stable", "", Verdict::kRefuse, "no upgrade to abort"},
    {"AbortTwice", RequestKind::kAbort, "aborted", "", Verdict::kAlready, "on its way back already"},
    {"AbortPromoted", RequestKind::kAbort, "retain", "", Verdict::kRefuse, "to go back to 5c1d0e99ab, use rollback"},
    {"RollbackToWarm", RequestKind::kRollback, "retain", "", Verdict::kWrite, kOld},
    {"RollbackByName", RequestKind::kRollback, "retain", kOld, Verdict::kWrite, kOld},
    {"RollbackToServing", RequestKind::kRollback, "retain", kNew, Verdict::kRefuse, "serves already"},
    {"RollbackToUnknown", RequestKind::kRollback, "retain", "deadbeef00", Verdict::kRefuse,
     "known are: 77aa013f5e (HAProxy 0.2.0, serving), 5c1d0e99ab"},
    {"RollbackMeansAbort", RequestKind::kRollback, "observe", "", Verdict::kRefuse, "use abort to go back to 5c1d0e99ab"},
    {"RollbackInUpgradeByName", RequestKind::kRollback, "observe", kOld, Verdict::kWrite, kOld},
    {"RollbackNowhere", RequestKind::kRollback, "stable", "", Verdict::kRefuse, "no earlier revision"},
    {"Pause", RequestKind::kHold, "warm", "", Verdict::kWrite, "hold"},
    {"PauseHeld", RequestKind::kHold, "hold", "", Verdict::kRefuse, "held already (Inconclusive"},
    {"PauseWithoutUpgrade", RequestKind::kHold, "stable", "", Verdict::kWrite, "hold"},
    {"Resume", RequestKind::kResume, "hold", "", Verdict::kWrite, "resume"},
    {"ResumeNotHeld", RequestKind::kResume, "warm", "", Verdict::kRefuse, "not held"},
    {"ResumePaused", RequestKind::kResume, "paused", "", Verdict::kRefuse, "set spec.paused to false"},
    {"Retry", RequestKind::kRetry, "given-up", "", Verdict::kWrite, kNew},
    {"RetryByName", RequestKind::kRetry, "given-up", kNew, Verdict::kWrite, kNew},
    {"RetryWhatHasNotFailed", RequestKind::kRetry, "given-up", kOld, Verdict::kRefuse, "these have: 77aa013f5e"},
    {"RetryNothing", RequestKind::kRetry, "stable", "", Verdict::kRefuse, "no revision of the tier has failed"},
};

class Orders : public ::testing::TestWithParam<Case> {};

TEST_P(Orders, AreWrittenOrRefused) {
  const Case& given = GetParam();
  const OrderAnswer answer = Decide(given.kind, LoadFleet(given.situation), given.revision);
  ASSERT_EQ(answer.verdict, given.verdict) << answer.message;
  if (given.verdict == Verdict::kWrite) {
    EXPECT_EQ(answer.order.value, std::string(given.says) + " by jane@example.com, 2026-03-01T12:10:00Z");
  } else {
    EXPECT_NE(answer.message.find(given.says), std::string::npos) << answer.message;
  }
}

INSTANTIATE_TEST_SUITE_P(Situations, Orders, ::testing::ValuesIn(kCases),
                         [](const auto& instance) { return instance.param.name; });

TEST(Order, IsReadByTheOperatorAsItWasMeant) {
  for (const VerbRow& verb : AllVerbs()) {
    FleetView fleet = LoadFleet(verb.kind == RequestKind::kResume     ? "hold"
                                : verb.kind == RequestKind::kRetry    ? "given-up"
                                : verb.kind == RequestKind::kRollback ? "retain"
                                                                      : "approve");
    const OrderAnswer answer = DecideOrder({verb.kind, &fleet, "public", "", "system:admin, of all\n", Now()});
    ASSERT_EQ(answer.verdict, Verdict::kWrite) << verb.name << ": " << answer.message;
    const kube::Object body = OrderBody(fleet, answer.order);
    const auto requests = plan::ParseRequests(body.Annotations(), "public");
    const auto& request = requests[static_cast<std::size_t>(verb.kind)];
    ASSERT_TRUE(request) << verb.name;
    EXPECT_EQ(request->id, answer.order.value);
    EXPECT_EQ(request->by, "system:admin; of all;");
    if (verb.names_revision) {
      EXPECT_EQ(request->revision, answer.order.revision);
    }
    EXPECT_EQ(body.Uid(), fleet.uid);
  }
}

TEST(Order, TwiceInASecondIsTwoOrders) {
  FleetView fleet = LoadFleet("approve");
  const OrderAnswer first = Decide(RequestKind::kPromote, fleet);
  fleet.annotations[first.order.key] = first.order.value;
  EXPECT_NE(Decide(RequestKind::kPromote, fleet).order.value, first.order.value);
}

TEST(Order, EachVerbAndTierHasItsOwnFieldManager) {
  EXPECT_EQ(
      OrderFieldManager({.kind = RequestKind::kHold, .tier = "public", .revision = {}, .key = {}, .value = {}, .remarks = {}}),
      "kubectl-ingressfleet-hold-public");
}

TEST(Order, SaysThatAHeldTierDoesNotMove) {
  const OrderAnswer answer = Decide(RequestKind::kPromote, LoadFleet("paused"));
  ASSERT_EQ(answer.verdict, Verdict::kWrite);
  ASSERT_EQ(answer.order.remarks.size(), 1U);
  EXPECT_NE(answer.order.remarks[0].find("spec.paused"), std::string::npos);
}

}  // namespace
}  // namespace ingressfleet::cli
