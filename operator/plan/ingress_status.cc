#include "plan/ingress_status.h"

#include "base/cidr.h"
#include "kube/selector.h"
#include "plan/diff/diff.h"
#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

bool IsAddress(const std::string& text) {
  return base::Cidr::Parse(text + (text.find(':') == std::string::npos ? "/32" : "/128")).has_value();
}

Json StatusOf(const std::vector<std::string>& addresses) {
  Json ingress = Json::array();
  for (const std::string& address : addresses) ingress.push_back({{IsAddress(address) ? "ip" : "hostname", address}});
  return {{"loadBalancer", {{"ingress", std::move(ingress)}}}};
}

effect::Change StatusChange(const kube::Object& ingress, const Json& status) {
  kube::Object body(kube::kIngress, ingress.Namespace(), ingress.Name());
  body.body()["metadata"]["uid"] = ingress.Uid();
  body.body()["status"] = status;
  return {effect::Verb::kApply, std::move(body), std::string(kStatusManager), "status", "address", {}};
}

void AddTier(const ResolvedTier& tier, const ObservedTier& observed, const Snapshot& snapshot, effect::Stage& stage) {
  const bool exposed = observed.entry.traffic.value_or(Traffic::kNone) != Traffic::kNone;
  if (!exposed || observed.entry.addresses.empty()) return;
  const Json published = StatusOf(observed.entry.addresses);
  for (const kube::ObjectPtr& ingress : snapshot.ingresses) {
    if (ingress->IsDeleting() || ClassOf(*ingress) != tier.class_name) continue;
    const bool carries_it = ingress->List("/status/loadBalancer/ingress") == published["loadBalancer"]["ingress"];
    const bool served = ServesNamespace(tier, ingress->Namespace(), snapshot);
    if (served == carries_it) continue;
    // A namespace that the tier no longer serves: what we wrote goes, what others wrote is not ours to judge.
    stage.changes.push_back(StatusChange(*ingress, served ? published : Json{{"loadBalancer", Json::object()}}));
  }
}

}  // namespace

bool ServesNamespace(const ResolvedTier& tier, std::string_view ns, const Snapshot& snapshot) {
  if (tier.namespace_selector.is_null()) return true;
  const auto selector = kube::LabelSelector::Parse(tier.namespace_selector);
  const auto object = snapshot.Find(kube::kNamespace, "", ns);
  return selector && object != nullptr && selector->Matches(object->Labels());
}

effect::Batch IngressStatusChanges(const ResolvedFleet& fleet, const std::map<std::string, ObservedTier>& observed,
                                   const Snapshot& snapshot) {
  effect::Batch batch;
  effect::Stage stage{"Ingress status", {}};
  for (const ResolvedTier& tier : fleet.tiers) AddTier(tier, observed.at(tier.name), snapshot, stage);
  if (!stage.changes.empty()) batch.stages.push_back(std::move(stage));
  return batch;
}

}  // namespace ingressfleet::plan
