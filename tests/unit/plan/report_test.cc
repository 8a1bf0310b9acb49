#include "plan/report/report.h"

#include <gtest/gtest.h>

#include "unit/plan/world.h"

namespace ingressfleet::plan {
namespace {

using kube::ConditionStatus;
using kube::Json;

/// What a pass over a healthy cluster reports: status as it would be written.
class ReportTest : public testing::Test {
 protected:
  ReportTest() : world_(SampleFleet("three-tiers.yaml")) {
    world_.snapshot().now = *base::ParseTime("2026-01-01T00:00:00Z");
    world_.Apply(world_.MakePlanNow().difference.batch);
  }

  Report Compute(const effect::Outcome* outcome) {
    fleet_ = world_.Resolved();
    plan_ = world_.MakePlanNow();
    return ComputeReport({.snapshot = &world_.snapshot(),
                          .fleet = &fleet_,
                          .observed = plan_.observed,
                          .advances = plan_.advances,
                          .difference = &plan_.difference,
                          .prune = &plan_.prune,
                          .outcome = outcome});
  }
  Report Compute() { return Compute(&outcome_); }

  void Store(const Report& report) {
    kube::Object fleet = *world_.snapshot().fleet;
    fleet.body()["status"] = StatusObject(fleet, report.status).body()["status"];
    world_.SetFleet(std::move(fleet));
  }

  void MakeHealthy() {
    for (const ResolvedTier& tier : world_.Resolved().tiers) {
      world_.AddReadyPods(tier, LiveHash(tier));
      kube::Object service = world_.Get(kube::kService, tier.ns, tier.name + "-entry");
      service.body()["status"] = Json::parse(R"({"loadBalancer":{"ingress":[{"ip":"10.9.9.9"}]}})");
      world_.Put(std::move(service));
    }
    world_.Settle();
  }

  static ConditionStatus StatusOf(const std::vector<kube::Condition>& conditions, std::string_view type) {
    const kube::Condition* condition = kube::FindCondition(conditions, type);
    EXPECT_NE(condition, nullptr) << type;
    return condition == nullptr ? ConditionStatus::kUnknown : condition->status;
  }

  World world_;
  ResolvedFleet fleet_;
  Plan plan_;
  effect::Outcome outcome_;
};

TEST_F(ReportTest, StartingIsProgressNotDegradation) {
  const Report report = Compute();
  EXPECT_EQ(StatusOf(report.status.conditions, "Accepted"), ConditionStatus::kTrue);
  EXPECT_EQ(StatusOf(report.status.conditions, "Available"), ConditionStatus::kFalse);
  EXPECT_EQ(StatusOf(report.status.conditions, "Progressing"), ConditionStatus::kTrue);
  EXPECT_EQ(StatusOf(report.status.conditions, "Degraded"), ConditionStatus::kFalse);
  ASSERT_TRUE(report.next);
  EXPECT_EQ(*report.next, world_.snapshot().now + std::chrono::seconds(30));
}

TEST_F(ReportTest, ATierThatStaysDownDegradesTheFleetAfterItsGraceTime) {
  Store(Compute());
  world_.snapshot().now += std::chrono::seconds(29);
  EXPECT_EQ(StatusOf(Compute().status.conditions, "Degraded"), ConditionStatus::kFalse);
  world_.snapshot().now += std::chrono::seconds(1);
  const Report report = Compute();
  EXPECT_EQ(StatusOf(report.status.conditions, "Degraded"), ConditionStatus::kTrue);
  EXPECT_NE(kube::FindCondition(report.status.conditions, "Degraded")->message.find("tier private"), std::string::npos);
}

TEST_F(ReportTest, AHealthyFleetIsAvailableAndQuiet) {
  MakeHealthy();
  const Report report = Compute();
  EXPECT_EQ(StatusOf(report.status.conditions, "Available"), ConditionStatus::kTrue);
  EXPECT_EQ(StatusOf(report.status.conditions, "Progressing"), ConditionStatus::kFalse);
  EXPECT_EQ(StatusOf(report.status.conditions, "Degraded"), ConditionStatus::kFalse);
  EXPECT_EQ(report.next, std::nullopt);
  Store(report);
  world_.snapshot().now += std::chrono::hours(1);
  EXPECT_EQ(StatusObject(*world_.snapshot().fleet, Compute().status).body()["status"],
            world_.snapshot().fleet->body()["status"])
      << "time alone changes no status";
}

TEST_F(ReportTest, AnAccessListThatAPodDoesNotHoldIsNotEnforced) {
  MakeHealthy();
  kube::Object fleet = *world_.snapshot().fleet;
  for (Json& tier : fleet.body()["spec"]["tiers"]) {
    if (tier["name"] == "private") tier["access"]["allowedSourceRanges"] = {"10.0.0.0/8", "192.168.0.0/16"};
  }
  world_.SetFleet(std::move(fleet));
  const Report report = Compute();
  const api::TierStatus& tier = report.status.tiers.front();
  EXPECT_EQ(tier.name, "private");
  EXPECT_EQ(StatusOf(tier.conditions, "AccessEnforced"), ConditionStatus::kFalse);
  EXPECT_EQ(tier.allowed_source_ranges, std::nullopt) << "what is not observed is not claimed";
}

TEST_F(ReportTest, AMovedAddressIsSaid) {
  MakeHealthy();
  Store(Compute());
  kube::Object service = world_.Get(kube::kService, "ingress-fleet", "public-entry");
  service.body()["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.9.9.10";
  world_.Put(std::move(service));
  const Report report = Compute();
  EXPECT_EQ(StatusOf(report.status.tiers[1].conditions, "AddressStable"), ConditionStatus::kFalse);
  Store(report);
  EXPECT_EQ(StatusOf(Compute().status.tiers[1].conditions, "AddressStable"), ConditionStatus::kFalse) << "until the spec moves";
}

TEST_F(ReportTest, AnAddressThatIsLostIsRememberedUntilThereIsOneAgain) {
  MakeHealthy();
  Store(Compute());
  const auto stable = [&](const Json& addresses) {
    kube::Object service = world_.Get(kube::kService, "ingress-fleet", "public-entry");
    service.body()["status"]["loadBalancer"]["ingress"] = addresses;
    world_.Put(std::move(service));
    Report report = Compute();
    Store(report);
    return *kube::FindCondition(report.status.tiers[1].conditions, "AddressStable");
  };
  const Json before = world_.Get(kube::kService, "ingress-fleet", "public-entry").List("/status/loadBalancer/ingress");
  EXPECT_EQ(stable(Json::array()).reason, "AddressLost");
  EXPECT_EQ(stable(Json::array()).reason, "AddressLost") << "still";
  EXPECT_EQ(stable(before).status, ConditionStatus::kTrue) << "the same came back";
  stable(Json::array());
  const Json other = Json::parse(R"([{"ip":"10.9.9.10"}])");
  EXPECT_EQ(stable(other).reason, "AddressChanged");
  EXPECT_EQ(stable(other).reason, "AddressChanged") << "until the spec moves";
}

TEST_F(ReportTest, AForeignDefaultClassIsNamed) {
  MakeHealthy();
  world_.Put(kube::Object(Json::parse(
      R"({"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"nginx","creationTimestamp":"2026-01-01T00:00:00Z",
          "annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}},"spec":{"controller":"k8s.io/ingress-nginx"}})")));
  const Report report = Compute();
  EXPECT_EQ(StatusOf(report.status.conditions, "DefaultClassSafe"), ConditionStatus::kFalse);
  EXPECT_EQ(report.status.default_class.effective, "nginx");
  EXPECT_EQ(report.status.default_class.foreign, std::vector<std::string>{"nginx"});
}

TEST_F(ReportTest, APausedFleetSaysWhatItWouldDo) {
  MakeHealthy();
  world_.Remove({"Deployment", "ingress-fleet", "public-a"});
  const Report report = Compute(nullptr);
  const kube::Condition* drift = kube::FindCondition(report.status.tiers[1].conditions, "DriftDetected");
  ASSERT_NE(drift, nullptr);
  EXPECT_EQ(drift->status, ConditionStatus::kTrue);
  EXPECT_NE(drift->message.find("create Deployment ingress-fleet/public-a"), std::string::npos) << drift->message;
}

TEST_F(ReportTest, ARecordOfIntentKeepsWhatWasSeen) {
  MakeHealthy();
  Store(Compute());
  Report seen = Compute();
  seen.status.tiers[0].upgrade->candidate_share_percent = 33;
  seen.status.tiers[0].upgrade->message = "waits";
  Store(seen);
  const api::FleetStatus recorded =
      StatusWithStates(*world_.snapshot().fleet, {{seen.status.tiers[0].name, upgrade::TierState{}}});
  EXPECT_EQ(recorded.tiers[0].upgrade->candidate_share_percent, 33);
  EXPECT_EQ(recorded.tiers[0].upgrade->message, "waits");
}

TEST(ConditionTest, WorkThatGoesOnByItselfIsProgress) {
  const auto rolled_out = [](std::string reason) {
    return kube::Condition{"RolledOut", ConditionStatus::kFalse, std::move(reason), "", 0, {}};
  };
  for (const char* reason : {"Warm", "Expand", "RollingOut", "RevisionPending"})
    EXPECT_TRUE(IsProgress(rolled_out(reason))) << reason;
  for (const char* reason : {"HeldParity", "RevisionFailed", "WarmTimedOut"})
    EXPECT_FALSE(IsProgress(rolled_out(reason))) << reason;
  EXPECT_FALSE(IsProgress({"ClassReady", ConditionStatus::kFalse, "ClassTaken", "", 0, {}}));
}

TEST_F(ReportTest, ARefusalKeepsWhatWasKnown) {
  MakeHealthy();
  Store(Compute());
  const Report report = ReportRefusal(world_.snapshot(),
                                      {{api::FieldError::Type::kInvalid, "spec.tiers[0].name", "\"X\"", "must be lower case"}});
  EXPECT_EQ(StatusOf(report.status.conditions, "Accepted"), ConditionStatus::kFalse);
  EXPECT_NE(kube::FindCondition(report.status.conditions, "Accepted")->message.find("spec.tiers[0].name: Invalid value"),
            std::string::npos);
  EXPECT_EQ(StatusOf(report.status.conditions, "Available"), ConditionStatus::kTrue);
  EXPECT_EQ(report.status.tiers.size(), 3U);
}

}  // namespace
}  // namespace ingressfleet::plan
