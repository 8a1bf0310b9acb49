#include "app/triggers.h"

#include <algorithm>

#include "plan/diff/diff.h"
#include "plan/names.h"

namespace ingressfleet::app {
namespace {

using Names = std::vector<std::string>;

/// Whether what `read` reads differs between the two states; an addition or a removal always does.
template <class Read>
bool Differs(const kube::ObjectPtr& before, const kube::ObjectPtr& after, Read read) {
  return before == nullptr || after == nullptr || read(*before) != read(*after);
}

Names OfIngress(const kube::ObjectPtr& before, const kube::ObjectPtr& after, const TriggerContext& context) {
  const bool same_class = !Differs(before, after, [](const kube::Object& object) { return plan::ClassOf(object); });
  const bool same_address =
      !Differs(before, after, [](const kube::Object& object) { return object.List("/status/loadBalancer/ingress"); });
  if (same_class && same_address) return {};
  Names names;
  for (const auto& state : {before, after}) {
    if (state == nullptr) continue;
    const std::string_view class_name = plan::ClassOf(*state);
    if (class_name.empty()) return context.all_fleets();
    if (std::string fleet = context.fleet_of_class(class_name); !fleet.empty()) names.push_back(std::move(fleet));
  }
  return names;
}

Names OfClusterFact(const kube::ObjectPtr& before, const kube::ObjectPtr& after, const TriggerContext& context) {
  const bool concerns = Differs(before, after, [](const kube::Object& object) {
    return std::pair(object.Labels(), std::string(object.Text("/spec/providerID")));
  });
  return concerns ? context.all_fleets() : Names();
}

}  // namespace

std::vector<std::string> FleetsConcerned(const kube::ObjectPtr& before, const kube::ObjectPtr& after,
                                         const TriggerContext& context) {
  const kube::Object& state = after != nullptr ? *after : *before;
  const std::string_view kind = state.Kind();
  if (kind == kube::kIngressFleet.kind) return {std::string(state.Name())};
  if (kind == kube::kIngress.kind) return OfIngress(before, after, context);
  if (kind == kube::kNode.kind || kind == kube::kNamespace.kind) return OfClusterFact(before, after, context);
  // A class matters to every fleet: it may be taken, or marked as default by somebody else.
  if (kind == kube::kIngressClass.kind) return context.all_fleets();

  Names names;
  for (const auto& each : {before, after}) {
    if (each == nullptr) continue;
    std::string fleet(each->Label(plan::kFleetLabel));
    if (!fleet.empty() && std::find(names.begin(), names.end(), fleet) == names.end()) names.push_back(std::move(fleet));
  }
  return names;
}

}  // namespace ingressfleet::app
