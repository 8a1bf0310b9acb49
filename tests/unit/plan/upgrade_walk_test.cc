// A whole upgrade through the pipeline, against a cluster that does what kubelets and controllers do.

#include <gtest/gtest.h>

#include "plan/balancer/balancer.h"
#include "plan/report/report.h"
#include "plan/upgrade/phase.h"
#include "unit/plan/world.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;
using upgrade::Phase;
using upgrade::Verdict;

/// Plays Deployment controller, kubelet, EndpointSlice controller and the engine's reports, and finds everything in order.
class Cluster : public World {
 public:
  using World::World;

  void Tick() {
    snapshot().pods.clear();
    snapshot().endpoint_slices.clear();
    std::vector<kube::Object> workloads;
    for (const auto& [key, object] : snapshot().objects) {
      if (key.kind == kube::kDeployment.kind) workloads.push_back(*object);
    }
    for (kube::Object& workload : workloads) Run(std::move(workload));
    for (const auto& [key, object] : snapshot().objects) {
      if (key.kind == kube::kService.kind) Slice(*object);
    }
  }

  /// One pass of the operator; records first. False when there was nothing to do.
  bool Pass() {
    const ResolvedFleet fleet = Resolved();
    Knowledge knowledge{states, Evidence()};
    Plan plan = MakePlan(fleet, snapshot(), knowledge);
    next = plan.next;
    if (plan.record) {
      states = plan.states;
      ++writes;
      for (const auto& [name, state] : states) phases[name].push_back(std::string(upgrade::PhaseName(state.phase)));
      return true;
    }
    if (plan.difference.batch.empty() && plan.prune.batch.empty()) {
      Report(std::move(plan));
      return false;
    }
    writes += plan.difference.batch.size() + plan.prune.batch.size();
    Apply(plan.difference.batch);
    if (!plan.difference.batch.empty()) return true;
    Apply(plan.prune.batch);
    return true;
  }

  /// Until there is nothing to do, and nothing to wait for.
  void Run() {
    for (int i = 0; i < 400; ++i) {
      Tick();
      if (Pass()) continue;
      if (!next) return;
      Wait(std::max<base::Duration>(*next - snapshot().now, std::chrono::seconds(1)));
    }
    throw std::runtime_error("it does not come to rest");
  }

  /// Time passes while the operator watches.
  void Wait(base::Duration by) {
    snapshot().now += by;
    steady += by;
  }

  TierStates states;
  std::map<std::string, std::vector<std::string>> phases;
  std::set<std::string> access;  ///< reasons of AccessEnforced at every time that nothing was left to write
  std::size_t writes = 0;
  std::optional<base::TimePoint> next;
  Verdict verdict = Verdict::kPass;

 private:
  void Report(Plan plan) {
    const ResolvedFleet fleet = std::move(plan.fleet);
    const auto report = ComputeReport({.snapshot = &snapshot(),
                                       .fleet = &fleet,
                                       .observed = std::move(plan.observed),
                                       .advances = std::move(plan.advances),
                                       .difference = &plan.difference,
                                       .prune = &plan.prune});
    for (const api::TierStatus& tier : report.status.tiers) {
      access.insert(kube::FindCondition(tier.conditions, "AccessEnforced")->reason);
    }
  }

  std::map<std::string, upgrade::Evidence> Evidence() {
    std::map<std::string, upgrade::Evidence> all;
    for (const auto& [name, state] : states) {
      upgrade::Evidence& evidence = all[name];
      if (!upgrade::SameIntent(seen_[name].first, state)) seen_[name] = {state, steady};
      evidence.transition = evidence.state = {steady - seen_[name].second, true};
      if (!state.candidate) continue;
      for (auto& finding : evidence.findings)
        finding = {verdict, "", state.candidate->revision.hash, state.transition_id, snapshot().now};
    }
    return all;
  }

  void Run(kube::Object workload) {
    const std::int64_t replicas = workload.Integer("/spec/replicas");
    workload.body()["status"] = {{"observedGeneration", 1},
                                 {"replicas", replicas},
                                 {"readyReplicas", replicas},
                                 {"updatedReplicas", replicas},
                                 {"availableReplicas", replicas}};
    const kube::StringMap labels = workload.Map("/spec/template/metadata/labels");
    const std::string ns(workload.Namespace());
    const std::string name(workload.Name());
    const std::string tier(workload.Label(kTierLabel));
    kube::Object report = Get(kube::kConfigMap, ns, name + "-status");
    report.body()["data"] = Json::object();
    const kube::Object live = Get(kube::kConfigMap, ns, tier + "-live");
    for (std::int64_t i = 0; i < replicas; ++i) {
      kube::Object pod(kube::kPod, ns, fmt::format("{}-{}", name, i));
      pod.body()["metadata"]["labels"] = labels;
      pod.body()["spec"]["nodeName"] = fmt::format("node{}", i);
      pod.body()["status"]["conditions"] = Json::array({{{"type", "Ready"}, {"status", "True"}}});
      report.body()["data"][std::string(pod.Name())] = Json({{"liveHash", live.Text("/data/hash")}}).dump();
      snapshot().pods.push_back(std::make_shared<kube::Object>(std::move(pod)));
    }
    Put(std::move(report));
    Put(std::move(workload));
  }

  void Slice(const kube::Object& service) {
    kube::Object slice(kube::kEndpointSlice, service.Namespace(), std::string(service.Name()) + "-x");
    slice.body()["metadata"]["labels"] = service.Labels();
    slice.body()["metadata"]["labels"]["kubernetes.io/service-name"] = service.Name();
    slice.body()["endpoints"] = Json::array();
    for (const auto& pod : snapshot().pods) {
      const kube::StringMap labels = pod->Labels();
      const kube::StringMap selector = service.Map("/spec/selector");
      const bool selected = std::all_of(selector.begin(), selector.end(), [&](const auto& pair) {
        const auto found = labels.find(pair.first);
        return found != labels.end() && found->second == pair.second;
      });
      if (!selected) continue;
      slice.body()["endpoints"].push_back({{"conditions", {{"ready", true}}}, {"targetRef", {{"name", pod->Name()}}}});
    }
    snapshot().endpoint_slices.push_back(std::make_shared<kube::Object>(std::move(slice)));
  }

  std::map<std::string, std::pair<upgrade::TierState, base::Duration>> seen_;
  base::Duration steady{0};
};

kube::Object OneTier(const char* patch = "{}") {
  kube::Object fleet = SampleFleet("three-tiers.yaml");
  Json& spec = fleet.body()["spec"];
  Json private_tier;
  for (const Json& tier : spec["tiers"]) {
    if (tier["name"] == "private") private_tier = tier;
  }
  spec["tiers"] = Json::array({private_tier});
  fleet.body().merge_patch(Json::parse(patch));
  return fleet;
}

constexpr const char* kNewVersion = R"({"spec":{"tierDefaults":{"controller":{"image":"example.com/proxy:2"}}}})";

TEST(UpgradeWalkTest, InstallsAndStaysQuiet) {
  Cluster cluster(OneTier());
  cluster.Run();
  EXPECT_EQ(cluster.states.at("private").phase, Phase::kStable);
  EXPECT_EQ(cluster.states.at("private").committed, Traffic::kA);
  EXPECT_FALSE(cluster.Pass());
  EXPECT_TRUE(cluster.Has(kube::kControllerRevision, "ingress-fleet",
                          "private-" + cluster.states.at("private").serving->revision.hash));
}

TEST(UpgradeWalkTest, BlueGreenEndsInTheOtherSlotWithinSixtyWrites) {
  Cluster cluster(OneTier());
  cluster.Run();
  const kube::Object before = cluster.Get(kube::kService, "ingress-fleet", "private-entry");
  cluster.writes = 0;
  cluster.phases.clear();
  cluster.SetFleet(OneTier(kNewVersion));
  cluster.Run();
  const upgrade::TierState& state = cluster.states.at("private");
  EXPECT_EQ(upgrade::PhaseName(state.phase), "Stable");
  ASSERT_TRUE(state.serving);
  EXPECT_EQ(state.serving->slot, Slot::kB);
  EXPECT_EQ(state.committed, Traffic::kB);
  EXPECT_FALSE(cluster.Has(kube::kDeployment, "ingress-fleet", "private-a"));
  EXPECT_FALSE(cluster.Has(kube::kService, "ingress-fleet", "private-preview"));
  EXPECT_TRUE(cluster.Has(kube::kDeployment, "ingress-fleet", "private-b"));
  ASSERT_EQ(state.history.size(), 2U);
  EXPECT_EQ(state.history[0].reason, "Promoted");
  EXPECT_EQ(cluster.Get(kube::kService, "ingress-fleet", "private-entry").Uid(), before.Uid());
  EXPECT_LE(cluster.writes, 60U) << fmt::format("{}", fmt::join(cluster.phases["private"], " "));
}

TEST(UpgradeWalkTest, TheAccessListStaysInForceWhileTheOperatorIsLetIn) {
  Cluster cluster(OneTier());
  cluster.snapshot().facts.operator_addresses = {"10.244.0.5"};
  cluster.Run();
  cluster.access.clear();
  cluster.SetFleet(OneTier(kNewVersion));
  cluster.Run();
  EXPECT_EQ(cluster.states.at("private").serving->slot, Slot::kB);
  EXPECT_EQ(cluster.access, std::set<std::string>{"InForce"});
}

TEST(UpgradeWalkTest, AFailedCheckLeavesTheServingSlotAlone) {
  Cluster cluster(OneTier());
  cluster.Run();
  const kube::Object serving = cluster.Get(kube::kDeployment, "ingress-fleet", "private-a");
  cluster.verdict = Verdict::kFail;
  cluster.SetFleet(OneTier(kNewVersion));
  cluster.Run();
  const upgrade::TierState& state = cluster.states.at("private");
  EXPECT_EQ(upgrade::PhaseName(state.phase), "Stable");
  EXPECT_EQ(state.serving->slot, Slot::kA);
  EXPECT_EQ(state.failed_revisions.size(), 1U);
  EXPECT_FALSE(cluster.Has(kube::kDeployment, "ingress-fleet", "private-b"));
  EXPECT_EQ(cluster.Get(kube::kDeployment, "ingress-fleet", "private-a").body()["spec"], serving.body()["spec"]);
}

TEST(UpgradeWalkTest, ARollbackRestoresARevisionThatNoLongerRuns) {
  Cluster cluster(OneTier());
  cluster.Run();
  const std::string first = cluster.states.at("private").serving->revision.hash;
  const Json spec =
      cluster.Get(kube::kDeployment, "ingress-fleet", "private-a").body()["spec"]["template"]["spec"]["containers"];
  kube::Object fleet = OneTier(kNewVersion);
  cluster.SetFleet(fleet);
  cluster.Run();
  ASSERT_EQ(cluster.states.at("private").serving->slot, Slot::kB);
  fleet.body()["metadata"]["annotations"]["ingressfleet.io/rollback-private"] = first + " by jane, 1";
  cluster.SetFleet(fleet);
  cluster.Run();
  EXPECT_EQ(cluster.states.at("private").serving->revision.hash, first);
  EXPECT_EQ(cluster.Get(kube::kDeployment, "ingress-fleet", "private-a").body()["spec"]["template"]["spec"]["containers"],
            spec);
}

base::Duration LengthOfAnUpgrade(const std::optional<int> registration_seconds) {
  Cluster cluster(OneTier());
  cluster.Run();
  const base::TimePoint began = cluster.snapshot().now;
  kube::Object fleet = OneTier(kNewVersion);
  if (registration_seconds) {
    fleet.body()["spec"]["tiers"][0]["publishing"]["loadBalancer"]["registrationSeconds"] = *registration_seconds;
  }
  cluster.SetFleet(std::move(fleet));
  cluster.Run();
  EXPECT_EQ(cluster.states.at("private").serving->slot, Slot::kB);
  return cluster.snapshot().now - began;
}

TEST(UpgradeWalkTest, BothSlotsAreSelectedForAsLongAsTheBalancerIsSaidToNeed) {
  EXPECT_EQ(LengthOfAnUpgrade(70) - LengthOfAnUpgrade(10), std::chrono::seconds(60));
  EXPECT_EQ(LengthOfAnUpgrade(std::nullopt), LengthOfAnUpgrade(BalancerOf(api::Provider::kMetalLB).registration_seconds));
}

TEST(UpgradeWalkTest, ALostRecordIsRebuiltFromTheObjects) {
  Cluster cluster(OneTier());
  cluster.Run();
  cluster.SetFleet(OneTier(kNewVersion));
  cluster.Run();
  cluster.states.clear();
  cluster.Run();
  const upgrade::TierState& state = cluster.states.at("private");
  EXPECT_EQ(upgrade::PhaseName(state.phase), "Stable");
  EXPECT_EQ(state.serving->slot, Slot::kB);
  EXPECT_TRUE(cluster.Has(kube::kDeployment, "ingress-fleet", "private-b"));
}

TEST(UpgradeWalkTest, TheRecordSurvivesTheStatus) {
  Cluster cluster(OneTier());
  cluster.Run();
  cluster.SetFleet(OneTier(kNewVersion));
  int checked = 0;
  const auto is_over = [&] {
    const upgrade::TierState& state = cluster.states.at("private");
    return state.phase == Phase::kStable && state.serving->slot == Slot::kB;
  };
  for (int i = 0; i < 400 && !is_over(); ++i) {
    cluster.Tick();
    if (!cluster.Pass()) cluster.Wait(std::chrono::seconds(20));
    for (const auto& [name, state] : cluster.states) {
      api::TierStatus status;
      EncodeState(state, status);
      api::FleetStatus fleet;
      fleet.tiers = {status};
      kube::Object object(kube::kIngressFleet, "", "x");
      object.body()["status"] = api::EncodeStatus(fleet);
      ASSERT_TRUE(upgrade::SameIntent(DecodeState(api::DecodeStatus(object).tiers.front()), state))
          << upgrade::PhaseName(state.phase);
      ++checked;
    }
  }
  EXPECT_TRUE(is_over());
  EXPECT_GT(checked, 20);
}

}  // namespace
}  // namespace ingressfleet::plan
