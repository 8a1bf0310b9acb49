#pragma once
// Step 3 of Compile: rules of all Ingresses → route keys.

#include <vector>

#include "model/routing_table.h"
#include "model/snapshot.h"

namespace ingressfleet::agent {

/// Fills routes, backends and their problems. `ingresses` in order of precedence.
void CompileRoutes(const Snapshot& snapshot, const std::vector<const Ingress*>& ingresses, RoutingTable& table);

}  // namespace ingressfleet::agent
