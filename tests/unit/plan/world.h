#pragma once
// A cluster as far as planning sees one: objects by key, and what an API server does with our writes to them.

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "effect/effect.h"
#include "kube/yaml.h"
#include "plan/names.h"
#include "plan/pipeline.h"

namespace ingressfleet::plan {

/// The fleet of a file below crds/samples, as the API server would store it.
inline kube::Object SampleFleet(const std::string& file) {
  std::ifstream stream(fmt::format("{}/crds/samples/{}", INGRESSFLEET_SOURCE_DIR, file));
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  std::vector<kube::Json> documents = kube::ParseYaml(text).value();
  for (kube::Json& document : documents) {
    kube::Object object(std::move(document));
    if (object.Kind() != kube::kIngressFleet.kind) continue;
    object.body()["metadata"]["uid"] = "fleet-uid";
    object.body()["metadata"]["generation"] = 1;
    return object;
  }
  throw std::runtime_error("no fleet in " + file);
}

class World {
 public:
  explicit World(kube::Object fleet) { SetFleet(std::move(fleet)); }

  void SetFleet(kube::Object fleet) { snapshot_.fleet = std::make_shared<kube::Object>(std::move(fleet)); }
  Snapshot& snapshot() { return snapshot_; }
  ResolvedFleet Resolved() const {
    Resolution resolution = Accept(*snapshot_.fleet, snapshot_.facts);
    if (!resolution.errors.empty()) throw std::runtime_error(resolution.errors.front().ToString());
    return std::move(resolution.fleet);
  }
  /// What an operator would do now: every change of intent is recorded first.
  Plan MakePlanNow() {
    const ResolvedFleet fleet = Resolved();
    Plan plan = MakePlan(fleet, snapshot_, {states_, {}});
    while (plan.record) {
      states_ = plan.states;
      plan = MakePlan(fleet, snapshot_, {states_, {}});
    }
    return plan;
  }
  /// Plans and applies until there is nothing left to do.
  void Settle() {
    for (int pass = 0; pass < 10; ++pass) {
      const Plan plan = MakePlanNow();
      if (plan.difference.batch.empty()) return;
      Apply(plan.difference.batch);
    }
    throw std::runtime_error("ten passes were not enough");
  }
  Traffic TrafficOf(const std::string& tier) { return MakePlanNow().advances.at(tier).decision.want->entry.traffic; }

  void Put(kube::Object object) {
    if (object.Uid().empty()) object.body()["metadata"]["uid"] = fmt::format("uid-{}", ++uids_);
    auto stored = std::make_shared<kube::Object>(std::move(object));
    snapshot_.objects[stored->Key()] = stored;
  }
  void Remove(const kube::ObjectKey& key) { snapshot_.objects.erase(key); }
  kube::Object Get(const kube::KindInfo& kind, std::string_view ns, std::string_view name) const {
    const auto found = snapshot_.Find(kind, ns, name);
    if (found == nullptr) throw std::runtime_error(fmt::format("no {} {}/{}", kind.kind, ns, name));
    return *found;
  }
  bool Has(const kube::KindInfo& kind, std::string_view ns, std::string_view name) const {
    return snapshot_.Find(kind, ns, name) != nullptr;
  }

  void Apply(const effect::Batch& batch) {
    for (const effect::Stage& stage : batch.stages) {
      for (const effect::Change& change : stage.changes) {
        if (change.verb == effect::Verb::kDelete) {
          Remove(change.Key());
        } else {
          PutKeepingStatus(change.object);
        }
      }
    }
  }

  /// What a write of the specification does: status is a subresource.
  void PutKeepingStatus(kube::Object object) {
    const auto live = snapshot_.objects.find(object.Key());
    if (live != snapshot_.objects.end() && live->second->Find("/status") != nullptr) {
      object.body()["status"] = *live->second->Find("/status");
    }
    Put(std::move(object));
  }

  void AddIngress(const std::string& ns, const std::string& name, const std::string& class_name) {
    kube::Object ingress(kube::kIngress, ns, name);
    if (!class_name.empty()) ingress.body()["spec"]["ingressClassName"] = class_name;
    ingress.body()["metadata"]["uid"] = fmt::format("uid-{}", ++uids_);
    snapshot_.ingresses.push_back(std::make_shared<kube::Object>(std::move(ingress)));
  }

  /// A ready pod of slot a that reports the given live hash; the Deployment counts it.
  void AddReadyPod(const ResolvedTier& tier, const std::string& name, const std::string& live_hash) {
    kube::Object workload = Get(kube::kDeployment, tier.ns, SlotObjectName(tier, Slot::kA));
    kube::Object pod(kube::kPod, tier.ns, name);
    kube::StringMap labels = TierLabels(tier.fleet, tier.name);
    labels.merge(SlotSelector(tier.fleet, tier.name, Slot::kA));
    labels[std::string(kRevisionLabel)] = workload.Label(kRevisionLabel);
    pod.body()["metadata"]["labels"] = labels;
    pod.body()["status"]["conditions"] = kube::Json::array({{{"type", "Ready"}, {"status", "True"}}});
    snapshot_.pods.push_back(std::make_shared<kube::Object>(std::move(pod)));
    kube::Object report = Get(kube::kConfigMap, tier.ns, StatusConfigName(tier, Slot::kA));
    report.body()["data"][name] =
        kube::Json({{"liveHash", live_hash}, {"allowedSourceRanges", tier.allowed_source_ranges}}).dump();
    Put(std::move(report));
    const std::int64_t ready = workload.Integer("/status/readyReplicas") + 1;
    workload.body()["status"] = {
        {"replicas", ready}, {"readyReplicas", ready}, {"updatedReplicas", ready}, {"availableReplicas", ready}};
    Put(std::move(workload));
  }
  /// All pods that the tier asks for.
  void AddReadyPods(const ResolvedTier& tier, const std::string& live_hash) {
    for (std::int64_t i = 0; i < tier.replicas; ++i) AddReadyPod(tier, fmt::format("{}-a-{}", tier.name, i), live_hash);
  }
  void RemovePods(const ResolvedTier& tier) {
    snapshot_.pods.clear();
    kube::Object workload = Get(kube::kDeployment, tier.ns, SlotObjectName(tier, Slot::kA));
    workload.body().erase("status");
    Put(std::move(workload));
  }

 private:
  Snapshot snapshot_;
  TierStates states_;
  int uids_ = 0;
};

}  // namespace ingressfleet::plan
