#pragma once
// RoutingTable + what HAProxy holds → what it should hold. Gives every backend a pool member and every endpoint a server, and
// changes as little as possible: a backend keeps its member, an endpoint its server, for as long as they exist.

#include "proxy/state.h"

namespace ingressfleet::agent {

/// Pure and deterministic. A pool that would be less than 20 % free comes back doubled (see Diff: that takes one reload).
ProxyState Assign(const ProxyState& held, const RoutingTable& table);

}  // namespace ingressfleet::agent
