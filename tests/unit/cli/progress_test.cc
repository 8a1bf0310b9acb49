#include "cli/progress.h"

#include "unit/cli/fleets.h"

namespace ingressfleet::cli {
namespace {

Order OrderOf(RequestKind kind, const std::string& revision) {
  return {.kind = kind,
          .tier = "public",
          .revision = revision,
          .key = "ingressfleet.io/" + std::string(RowOf(kind).record) + "-public",
          .value = "order 1",
          .remarks = {}};
}

/// The fleet of a situation, in which the operator has handled the order.
FleetView Handled(const std::string& situation, const Order& order) {
  FleetView fleet = LoadFleet(situation);
  fleet.annotations[order.key] = order.value;
  Tier(fleet).upgrade->handled_requests[std::string(RowOf(order.kind).record)] = order.value;
  return fleet;
}

FleetView Approved(const Order& order) {
  FleetView fleet = Handled("approve", order);
  Tier(fleet).upgrade->approval = {.revision = kNew, .by = "jane", .id = {}, .reason = {}, .message = {}, .at = {}};
  return fleet;
}

TEST(Progress, WaitsUntilTheOperatorHasHandledJustThisOrder) {
  const Order order = OrderOf(RequestKind::kPromote, kNew);
  Progress progress(order, WaitFor::kHandled, true);
  FleetView fleet = LoadFleet("approve");
  EXPECT_FALSE(progress.See(&fleet).outcome) << "a state from before the write";
  fleet.annotations[order.key] = order.value;
  Tier(fleet).upgrade->handled_requests["promote"] = "an earlier order";
  EXPECT_FALSE(progress.See(&fleet).outcome);
  EXPECT_NE(progress.WhenTimedOut().find("is it running"), std::string::npos);
  fleet = Approved(order);
  ASSERT_TRUE(progress.See(&fleet).outcome);
  EXPECT_EQ(progress.See(&fleet).outcome->exit_code, kExitDone);
}

TEST(Progress, AnOrderThatTheOperatorIgnoredHasFailed) {
  const Order order = OrderOf(RequestKind::kPromote, kNew);
  FleetView fleet = Handled("stable", order);
  const auto step = Progress(order, WaitFor::kHandled, true).See(&fleet);
  ASSERT_TRUE(step.outcome);
  EXPECT_EQ(step.outcome->exit_code, kExitFailed);
  EXPECT_NE(step.outcome->message.find("did not take the order"), std::string::npos);
}

TEST(Progress, AnotherOrderInItsPlaceEndsTheWait) {
  const Order order = OrderOf(RequestKind::kPromote, kNew);
  Progress progress(order, WaitFor::kHandled, true);
  FleetView fleet = LoadFleet("approve");
  fleet.annotations[order.key] = order.value;
  EXPECT_FALSE(progress.See(&fleet).outcome);
  fleet.annotations[order.key] = "order 2";
  const auto step = progress.See(&fleet);
  ASSERT_TRUE(step.outcome);
  EXPECT_EQ(step.outcome->exit_code, kExitFailed);
  EXPECT_NE(step.outcome->message.find("order 2"), std::string::npos);
}

TEST(Progress, TellsEachPhaseOnceAndEndsWhenStable) {
  const Order order = OrderOf(RequestKind::kPromote, kNew);
  Progress progress(order, WaitFor::kComplete, true);
  FleetView fleet = Approved(order);
  EXPECT_EQ(progress.See(&fleet).lines.size(), 2U) << "taken, and where it is";
  EXPECT_TRUE(progress.See(&fleet).lines.empty());
  for (const char* situation : {"expand", "observe", "retain"}) {
    fleet = Handled(situation, order);
    const auto step = progress.See(&fleet);
    EXPECT_EQ(step.lines.size(), 1U) << situation;
    EXPECT_FALSE(step.outcome) << situation;
  }
  Tier(fleet).upgrade->phase = "Stable";
  const auto step = progress.See(&fleet);
  ASSERT_TRUE(step.outcome);
  EXPECT_EQ(step.outcome->exit_code, kExitDone);
  EXPECT_NE(step.outcome->message.find(kNew), std::string::npos);
}

TEST(Progress, AnUpgradeThatGoesBackOrIsHeldHasFailed) {
  for (const char* situation : {"aborted", "given-up", "hold"}) {
    const Order order = OrderOf(RequestKind::kPromote, kNew);
    FleetView fleet = Handled(situation, order);
    Tier(fleet).upgrade->approval = {.revision = kNew, .by = "jane", .id = {}, .reason = {}, .message = {}, .at = {}};
    const auto step = Progress(order, WaitFor::kComplete, true).See(&fleet);
    ASSERT_TRUE(step.outcome) << situation;
    EXPECT_EQ(step.outcome->exit_code, kExitFailed) << situation;
  }
}

TEST(Progress, AnAbortIsDoneWhenTheTierIsStableAgain) {
  const Order order = OrderOf(RequestKind::kAbort, kNew);
  Progress progress(order, WaitFor::kComplete, true);
  FleetView fleet = Handled("aborted", order);
  EXPECT_FALSE(progress.See(&fleet).outcome);
  fleet = Handled("given-up", order);
  EXPECT_EQ(progress.See(&fleet).outcome->exit_code, kExitDone);
}

TEST(Progress, AnAbortThatCameTooLateHasFailed) {
  const Order order = OrderOf(RequestKind::kAbort, kNew);
  FleetView fleet = Handled("retain", order);
  EXPECT_EQ(Progress(order, WaitFor::kHandled, true).See(&fleet).outcome->exit_code, kExitFailed);
}

TEST(Progress, ARollbackGoesBackOnPurpose) {
  const Order order = OrderOf(RequestKind::kRollback, kOld);
  Progress progress(order, WaitFor::kComplete, true);
  FleetView fleet = Handled("aborted", order);
  EXPECT_FALSE(progress.See(&fleet).outcome);
  fleet = Handled("given-up", order);
  EXPECT_EQ(progress.See(&fleet).outcome->exit_code, kExitDone);
}

TEST(Progress, ATierThatIsGoneEndsTheWait) {
  Progress progress(OrderOf(RequestKind::kAbort, kNew), WaitFor::kComplete, true);
  EXPECT_EQ(progress.See(nullptr).outcome->exit_code, kExitFailed);
}

}  // namespace
}  // namespace ingressfleet::cli
