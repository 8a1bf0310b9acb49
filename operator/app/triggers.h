#pragma once
// Which fleets a change concerns. Pure but for the look-up of a class's fleet.

#include <functional>
#include <string>
#include <vector>

#include "kube/object.h"

namespace ingressfleet::app {

struct TriggerContext {
  std::function<std::vector<std::string>()> all_fleets;
  std::function<std::string(std::string_view class_name)> fleet_of_class;
};

/// Names of the fleets to look at again; `before` or `after` may be null. A change of nothing that a reconcile reads (a node's
/// heartbeat, for one) concerns nobody.
std::vector<std::string> FleetsConcerned(const kube::ObjectPtr& before, const kube::ObjectPtr& after,
                                         const TriggerContext& context);

}  // namespace ingressfleet::app
