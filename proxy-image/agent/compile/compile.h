#pragma once
// Snapshot → RoutingTable: the meaning of networking.k8s.io/v1, in pure functions. Same snapshot, same table, whatever the
// order in which its objects arrived.
//
// Rules of precedence, in one place:
//  * Ingresses count in the order of creation time, then namespace/name. Who comes first owns a host+path, a default backend
//  and
//    the certificate of a host; the loser gets a Problem.
//  * Exact beats Prefix on the same path, whatever their age.
//  * A named host hides wildcard hosts and rules without a host completely: its unmatched paths go to its Ingress's default
//    backend, else to the one of the class (an Ingress without rules), else to 404.

#include "model/routing_table.h"
#include "model/snapshot.h"

namespace ingressfleet::agent {

RoutingTable Compile(const Snapshot& snapshot);

/// The Secrets that Compile would read ("namespace/name"): those of served Ingresses and the default certificate's.
std::vector<ObjectName> ReferencedSecrets(const Snapshot& snapshot);

}  // namespace ingressfleet::agent
