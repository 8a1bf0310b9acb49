#pragma once
// Step 1 of Compile: which Ingresses are ours.

#include <vector>

#include "model/routing_table.h"
#include "model/snapshot.h"

namespace ingressfleet::agent {

/// Ours: spec.ingressClassName names the class; the legacy annotation counts only when that field is empty; without both never.
/// And the namespace matches the live config's selector. In order of precedence. Empty unless the class is served or kept.
std::vector<const Ingress*> SelectIngresses(const Snapshot& snapshot);

/// What is to be said about the class, the live config and the default certificate.
void ReportFleet(const Snapshot& snapshot, std::vector<Problem>& problems);

}  // namespace ingressfleet::agent
