#pragma once
// What the publishing types share: reading the tier, and where its access list is held. Pure.

#include <string>
#include <vector>

#include "plan/exposure/exposure.h"

namespace ingressfleet::plan {

/// The tier of the request, or one that says nothing.
const api::Tier& TierOf(const ExposureRequest& request);
/// Not said means the load balancer (where there is one) and the proxy.
bool AsksFor(const api::Tier& tier, api::EnforcementLayer layer);
/// Pods that listen on their own ports, as all types but HostNetwork have them.
Listeners PodListeners(const api::Tier& tier);
/// "Local" or "Cluster".
std::string ExternalTrafficPolicyOf(const api::Tier& tier);

/// The layers of a type without a load balancer; the gap says so when that layer was asked for.
Enforcement EnforcementWithoutBalancer(const api::Tier& tier);
/// An access list that nobody would hold: it must fail closed, so the tier is refused. Everybody needs no holder.
void CheckListIsHeld(const ExposureRequest& request, const Enforcement& enforcement, const std::string& path,
                     api::FieldErrors& errors);

}  // namespace ingressfleet::plan
