#pragma once
// status.loadBalancer of Ingresses. The operator is its only writer for the classes of a fleet: controllers run with status
// writing off, so records in DNS never flap between two of them.

#include <map>
#include <string>

#include "effect/effect.h"
#include "plan/observe.h"
#include "plan/snapshot.h"

namespace ingressfleet::plan {

/// Whether the tier serves Ingresses of that namespace.
bool ServesNamespace(const ResolvedTier& tier, std::string_view ns, const Snapshot& snapshot);

/// Writes for the Ingresses whose status differs from their tier's addresses. A tier without addresses, or not yet exposed,
/// writes nothing: a status once written is never emptied by an outage. An Ingress in a namespace that the tier does not serve
/// (any more) carries no address of it.
effect::Batch IngressStatusChanges(const ResolvedFleet& fleet, const std::map<std::string, ObservedTier>& observed,
                                   const Snapshot& snapshot);

}  // namespace ingressfleet::plan
