#include "app/gatherer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "plan/names.h"

namespace ingressfleet::app {
namespace {

/// Kinds whose objects a fleet owns and of which only those with our label are watched.
constexpr std::array kOwnedKinds{
    kube::kService,     kube::kServiceAccount, kube::kConfigMap,           kube::kDeployment,
    kube::kDaemonSet,   kube::kNetworkPolicy,  kube::kPodDisruptionBudget, kube::kRole,
    kube::kRoleBinding, kube::kClusterRole,    kube::kClusterRoleBinding,  kube::kControllerRevision,
};

const kube::KindInfo& Row(const kube::KindInfo& kind) { return *kube::FindKind(kind.kind); }

}  // namespace

Gatherer::Gatherer(io::Client& client, const base::Clock& clock, plan::ClusterFacts facts, const io::ChangeHandler& on_change)
    : client_(client), clock_(clock), facts_(std::move(facts)) {
  for (const kube::KindInfo& kind : kOwnedKinds) owned_.push_back(&Add(kind, true, on_change));
  pods_ = &Add(kube::kPod, true, on_change);
  // A slice carries the labels of its Service.
  slices_ = &Add(kube::kEndpointSlice, true, on_change);
  fleets_ = &Add(kube::kIngressFleet, false, on_change);
  ingresses_ = &Add(kube::kIngress, false, on_change);
  classes_ = &Add(kube::kIngressClass, false, on_change);
  nodes_ = &Add(kube::kNode, false, on_change);
  owned_.push_back(classes_);
  owned_.push_back(&Add(kube::kNamespace, false, on_change));
}

io::Informer& Gatherer::Add(const kube::KindInfo& kind, bool only_managed, const io::ChangeHandler& on_change) {
  io::InformerOptions options;
  options.kind = &Row(kind);
  if (only_managed) options.label_selector = fmt::format("{}={}", plan::kManagedByLabel, plan::kManagedByValue);
  informers_.push_back(std::make_unique<io::Informer>(client_, std::move(options), on_change));
  return *informers_.back();
}

void Gatherer::Start() {
  for (const auto& informer : informers_) informer->Start();
}

bool Gatherer::HasSynced() const {
  return std::all_of(informers_.begin(), informers_.end(), [](const auto& informer) { return informer->HasSynced(); });
}

std::vector<std::string> Gatherer::Problems() const {
  std::vector<std::string> problems;
  for (const auto& informer : informers_) {
    const io::InformerHealth health = informer->Health();
    if (health.last_error.empty() && health.synced) continue;
    problems.push_back(fmt::format("{}: {}", informer->options().kind->plural,
                                   health.last_error.empty() ? "first list is not complete yet" : health.last_error));
  }
  return problems;
}

std::optional<plan::Snapshot> Gatherer::Gather(const std::string& fleet) const {
  plan::Snapshot snapshot;
  snapshot.fleet = fleets_->Get("", fleet);
  if (snapshot.fleet == nullptr) return std::nullopt;
  snapshot.fleets = fleets_->List();
  for (const io::Informer* informer : owned_) {
    for (kube::ObjectPtr& object : informer->List()) snapshot.objects.emplace(object->Key(), std::move(object));
  }
  snapshot.ingresses = ingresses_->List();
  for (kube::ObjectPtr& pod : pods_->List()) {
    if (pod->Label(plan::kFleetLabel) == fleet) snapshot.pods.push_back(std::move(pod));
  }
  for (kube::ObjectPtr& slice : slices_->List()) {
    if (slice->Label(plan::kFleetLabel) == fleet) snapshot.endpoint_slices.push_back(std::move(slice));
  }
  std::set<std::string> provider_ids;
  for (const kube::ObjectPtr& node : nodes_->List()) provider_ids.emplace(node->Text("/spec/providerID"));
  provider_ids.erase("");
  snapshot.facts = facts_;
  snapshot.facts.provider_ids = {provider_ids.begin(), provider_ids.end()};
  snapshot.now = clock_.Now();
  return snapshot;
}

std::vector<std::string> Gatherer::FleetNames() const {
  std::vector<std::string> names;
  for (const kube::ObjectPtr& fleet : fleets_->List()) names.emplace_back(fleet->Name());
  return names;
}

std::string Gatherer::FleetOfClass(std::string_view class_name) const {
  const kube::ObjectPtr ingress_class = classes_->Get("", class_name);
  return ingress_class == nullptr ? "" : std::string(ingress_class->Label(plan::kFleetLabel));
}

}  // namespace ingressfleet::app
