#include "plan/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/report/report.h"
#include "support/golden.h"
#include "unit/plan/world.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

const ResolvedTier& TierNamed(const ResolvedFleet& fleet, std::string_view name) {
  return *std::find_if(fleet.tiers.begin(), fleet.tiers.end(), [&](const ResolvedTier& tier) { return tier.name == name; });
}

std::string Text(const effect::Batch& batch) {
  std::string text;
  for (const effect::Stage& stage : batch.stages) {
    text += fmt::format("# {}\n", stage.name);
    for (const effect::Change& change : stage.changes) {
      kube::Json body = change.object.body();
      // A revision repeats the workload and the settings that stand here anyway, for both slots.
      if (change.object.Kind() == kube::kControllerRevision.kind) body["data"] = "…";
      text += body.dump(2) + "\n";
    }
  }
  return text;
}

class SampleTest : public testing::TestWithParam<const char*> {};

TEST_P(SampleTest, PlanIsGolden) {
  World world(SampleFleet(fmt::format("{}.yaml", GetParam())));
  support::ExpectGolden(fmt::format("tests/golden/plan/{}.txt", GetParam()), Text(world.MakePlanNow().difference.batch));
}

TEST_P(SampleTest, NothingIsLeftToDoAfterwards) {
  World world(SampleFleet(fmt::format("{}.yaml", GetParam())));
  world.Apply(world.MakePlanNow().difference.batch);
  const Plan again = world.MakePlanNow();
  EXPECT_EQ(Text(again.difference.batch), "");
  EXPECT_TRUE(again.prune.batch.empty());
  EXPECT_FALSE(again.prune.pending);
}

TEST_P(SampleTest, OrderOfTiersHasNoMeaning) {
  kube::Object fleet = SampleFleet(fmt::format("{}.yaml", GetParam()));
  const std::string plan = Text(World(fleet).MakePlanNow().difference.batch);
  std::reverse(fleet.body()["spec"]["tiers"].begin(), fleet.body()["spec"]["tiers"].end());
  EXPECT_EQ(Text(World(fleet).MakePlanNow().difference.batch), plan);
}

TEST_P(SampleTest, EveryObjectCarriesTheFleetsLabels) {
  World world(SampleFleet(fmt::format("{}.yaml", GetParam())));
  for (const DesiredStage& stage : world.MakePlanNow().desired) {
    for (const kube::Object& object : stage.objects) {
      EXPECT_EQ(object.Label(kManagedByLabel), kManagedByValue) << object.Key().ToString();
      EXPECT_EQ(object.Label(kFleetLabel), world.Resolved().name) << object.Key().ToString();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, SampleTest, testing::Values("three-tiers", "aws", "bare-metal"));

class PlanTest : public testing::Test {
 protected:
  PlanTest() : world_(SampleFleet("three-tiers.yaml")) { world_.Apply(world_.MakePlanNow().difference.batch); }

  std::string DriftAfter(const kube::KindInfo& kind, const char* ns, const char* name, const char* patch) {
    kube::Object object = world_.Get(kind, ns, name);
    object.body().merge_patch(Json::parse(patch));
    world_.Put(std::move(object));
    std::string drift;
    for (const effect::Stage& stage : world_.MakePlanNow().difference.batch.stages) {
      for (const effect::Change& change : stage.changes) drift += change.ToString() + "\n";
    }
    return drift;
  }

  World world_;
};

TEST_F(PlanTest, RepairsWhatIsOurs) {
  EXPECT_EQ(DriftAfter(kube::kDeployment, "ingress-fleet", "public-a", R"({"spec":{"replicas":7}})"),
            "apply Deployment ingress-fleet/public-a (drift: /spec/replicas: 7, want 2)\n");
  EXPECT_NE(DriftAfter(kube::kService, "ingress-fleet", "private-entry", R"({"spec":{"loadBalancerSourceRanges":null}})")
                .find("drift: /spec/loadBalancerSourceRanges: missing"),
            std::string::npos);
  EXPECT_NE(DriftAfter(kube::kConfigMap, "ingress-fleet", "staging-live", R"({"data":{"allowedSourceRanges":"0.0.0.0/0"}})")
                .find("apply ConfigMap ingress-fleet/staging-live (drift"),
            std::string::npos);
  EXPECT_NE(DriftAfter(kube::kService, "ingress-fleet", "public-entry", R"({"spec":{"selector":{"app":"x"}}})")
                .find("/spec/selector"),
            std::string::npos);
}

TEST_F(PlanTest, LeavesWhatOthersAdd) {
  EXPECT_EQ(DriftAfter(kube::kService, "ingress-fleet", "public-entry",
                       R"({"metadata":{"annotations":{"team":"x"},"labels":{"cost":"1"}},"spec":{"clusterIP":"10.0.0.1"}})"),
            "");
}

TEST_F(PlanTest, NeverTouchesAForeignObjectOfTheSameName) {
  world_.Put(
      kube::Object(Json::parse(R"({"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"public"},
                                          "spec":{"controller":"example.com/other"}})")));
  const Plan plan = world_.MakePlanNow();
  EXPECT_TRUE(plan.difference.batch.empty());
  ASSERT_EQ(plan.difference.conflicts.size(), 1U);
  EXPECT_EQ(plan.difference.conflicts[0].object, "IngressClass public");
  EXPECT_NE(plan.difference.conflicts[0].message.find("not managed by Ingress Fleet"), std::string::npos);
}

TEST_F(PlanTest, AnExistingNamespaceIsUsedAsItIs) {
  world_.Put(kube::Object(kube::kNamespace, "", "ingress-fleet"));
  const Plan plan = world_.MakePlanNow();
  EXPECT_TRUE(plan.difference.batch.empty());
  EXPECT_TRUE(plan.difference.conflicts.empty());
}

TEST_F(PlanTest, ClearsADefaultMarkBeforeItSetsAnother) {
  kube::Object fleet = SampleFleet("three-tiers.yaml");
  fleet.body()["spec"]["defaultClass"]["tierName"] = "public";
  fleet.body()["spec"]["defaultClass"]["allowExternal"] = true;
  world_.SetFleet(fleet);
  const effect::Batch batch = world_.MakePlanNow().difference.batch;
  ASSERT_EQ(batch.stages.size(), 1U);
  ASSERT_EQ(batch.stages[0].changes.size(), 2U);
  EXPECT_EQ(batch.stages[0].changes[0].object.Name(), "private");
  EXPECT_EQ(batch.stages[0].changes[0].object.Annotation(kDefaultClassAnnotation), "");
  EXPECT_EQ(batch.stages[0].changes[1].object.Annotation(kDefaultClassAnnotation), "true");
}

TEST_F(PlanTest, ExposesOnlyWhenEveryReadyPodHoldsTheAccessList) {
  const ResolvedFleet fleet = world_.Resolved();
  const ResolvedTier& tier = TierNamed(fleet, "private");
  EXPECT_EQ(world_.TrafficOf("private"), Traffic::kNone);
  world_.AddReadyPods(tier, "another hash");
  world_.Settle();
  EXPECT_EQ(world_.TrafficOf("private"), Traffic::kNone);
  world_.RemovePods(tier);
  world_.AddReadyPods(tier, LiveHash(tier));
  world_.Settle();
  EXPECT_EQ(world_.TrafficOf("private"), Traffic::kA);
  EXPECT_EQ(world_.TrafficOf("public"), Traffic::kNone);
  // Once exposed it stays so, whatever becomes of the pods.
  world_.RemovePods(tier);
  world_.Settle();
  EXPECT_EQ(world_.TrafficOf("private"), Traffic::kA);
  EXPECT_EQ(world_.Get(kube::kService, "ingress-fleet", "private-entry").Map("/spec/selector").at(std::string(kSlotLabel)),
            "a");
}

TEST_F(PlanTest, WritesTheStatusOfItsOwnIngressesOnly) {
  const ResolvedFleet fleet = world_.Resolved();
  const ResolvedTier& tier = TierNamed(fleet, "private");
  world_.AddReadyPods(tier, LiveHash(tier));
  world_.Settle();
  world_.AddIngress("shop", "web", "private");
  world_.AddIngress("shop", "other", "foreign");
  EXPECT_TRUE(world_.MakePlanNow().ingress_status.empty()) << "no address yet";
  kube::Object service = world_.Get(kube::kService, "ingress-fleet", "private-entry");
  service.body()["status"] = Json::parse(R"({"loadBalancer":{"ingress":[{"ip":"10.1.2.3"},{"hostname":"lb.example.com"}]}})");
  world_.Put(std::move(service));
  const effect::Batch batch = world_.MakePlanNow().ingress_status;
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch.stages[0].changes[0].Key().ToString(), "Ingress shop/web");
  EXPECT_EQ(batch.stages[0].changes[0].object.body()["status"],
            Json::parse(R"({"loadBalancer":{"ingress":[{"ip":"10.1.2.3"},{"hostname":"lb.example.com"}]}})"));
}

TEST_F(PlanTest, PublishesNothingForANamespaceThatTheTierDoesNotServe) {
  const ResolvedFleet fleet = world_.Resolved();
  const ResolvedTier& tier = TierNamed(fleet, "staging");
  world_.AddReadyPods(tier, LiveHash(tier));
  world_.Settle();
  kube::Object service = world_.Get(kube::kService, "ingress-fleet", "staging-entry");
  service.body()["status"] = Json::parse(R"({"loadBalancer":{"ingress":[{"ip":"10.1.2.3"}]}})");
  world_.Put(std::move(service));
  world_.Put(kube::Object(
      Json::parse(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{"env":"staging"}}})")));
  world_.Put(kube::Object(Json::parse(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"stray"}})")));
  for (const char* ns : {"shop", "stray", "unknown"}) world_.AddIngress(ns, "web", "staging");
  const effect::Batch batch = world_.MakePlanNow().ingress_status;
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch.stages[0].changes[0].Key().ToString(), "Ingress shop/web");

  // It was served once.
  kube::Object stray = *world_.snapshot().ingresses[1];
  stray.body()["status"] = batch.stages[0].changes[0].object.body()["status"];
  world_.snapshot().ingresses = {std::make_shared<kube::Object>(stray)};
  const effect::Batch withdrawal = world_.MakePlanNow().ingress_status;
  ASSERT_EQ(withdrawal.size(), 1U);
  EXPECT_EQ(withdrawal.stages[0].changes[0].object.body()["status"], Json::parse(R"({"loadBalancer":{}})"));
}

TEST_F(PlanTest, ARemovedTierGoesOnlyWhenNobodyUsesIt) {
  world_.AddIngress("shop", "web", "staging");
  kube::Object fleet = SampleFleet("three-tiers.yaml");
  auto& tiers = fleet.body()["spec"]["tiers"];
  tiers.erase(std::find_if(tiers.begin(), tiers.end(), [](const Json& tier) { return tier["name"] == "staging"; }));
  world_.SetFleet(fleet);
  Plan plan = world_.MakePlanNow();
  EXPECT_TRUE(plan.prune.batch.empty());
  ASSERT_EQ(plan.prune.blocked.size(), 1U);
  EXPECT_EQ(plan.prune.blocked[0].users, std::vector<std::string>{"shop/web"});

  world_.snapshot().ingresses.clear();
  std::vector<std::string> order;
  for (plan = world_.MakePlanNow(); plan.prune.pending; plan = world_.MakePlanNow()) {
    ASSERT_EQ(plan.prune.batch.stages.size(), 1U);
    order.push_back(plan.prune.batch.stages[0].name);
    world_.Apply(plan.prune.batch);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"remove workload", "remove identity", "remove entry", "remove class"}));
  EXPECT_TRUE(world_.Has(kube::kService, "ingress-fleet", "public-entry"));
}

TEST_F(PlanTest, DeletionWaitsForIngressesUnlessForced) {
  world_.AddIngress("shop", "web", "private");
  Prune prune = MakeDeletionPlan(world_.snapshot());
  ASSERT_EQ(prune.batch.size(), 1U);
  EXPECT_EQ(prune.batch.stages[0].name, "clear default mark");
  world_.Apply(prune.batch);
  prune = MakeDeletionPlan(world_.snapshot());
  ASSERT_EQ(prune.blocked.size(), 1U);
  // The other tiers are not used: they go, the used one stays whole.
  while (!prune.batch.empty()) {
    world_.Apply(prune.batch);
    prune = MakeDeletionPlan(world_.snapshot());
  }
  EXPECT_TRUE(prune.pending);
  EXPECT_TRUE(world_.Has(kube::kDeployment, "ingress-fleet", "private-a"));
  EXPECT_FALSE(world_.Has(kube::kDeployment, "ingress-fleet", "public-a"));

  kube::Object fleet = SampleFleet("three-tiers.yaml");
  fleet.body()["spec"]["deletionPolicy"] = "Force";
  world_.SetFleet(fleet);
  for (prune = MakeDeletionPlan(world_.snapshot()); prune.pending; prune = MakeDeletionPlan(world_.snapshot())) {
    ASSERT_FALSE(prune.batch.empty());
    world_.Apply(prune.batch);
  }
  EXPECT_EQ(world_.snapshot().objects.size(), 1U) << "only the namespace, which may hold what others put there";
}

TEST(RevisionTest, ChangesWithThePodsAndNothingElse) {
  const auto revision = [](const char* patch) {
    kube::Object fleet = SampleFleet("three-tiers.yaml");
    fleet.body()["spec"]["tierDefaults"].merge_patch(Json::parse(patch));
    return Revision(World(std::move(fleet)).Resolved().tiers.front());
  };
  const std::string base = revision("{}");
  for (const char* live : {R"({"workload":{"replicas":5}})"}) EXPECT_EQ(revision(live), base) << live;
  for (const char* rollout :
       {R"({"controller":{"version":"0.2.0"}})", R"({"controller":{"config":{"timeoutClient":"30s"}}})",
        R"({"controller":{"image":"example.com/proxy:1"}})", R"({"workload":{"shutdown":{"drainSeconds":60}}})",
        R"({"workload":{"resources":{"requests":{"cpu":"1"}}}})"}) {
    EXPECT_NE(revision(rollout), base) << rollout;
  }
}

}  // namespace
}  // namespace ingressfleet::plan
