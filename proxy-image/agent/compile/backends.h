#pragma once
// Step 2 of Compile: what a rule's backend means, and the endpoints behind it.

#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/snapshot.h"

namespace ingressfleet::agent {

/// The Service port that a rule names.
struct ServiceTarget {
  std::string id;  ///< "namespace/service:port"
  const Service* service = nullptr;
  const ServicePort* port = nullptr;
};

/// kInvalid: refused by design (a resource backend, ExternalName, another protocol than TCP). kNotFound: the Service or its
/// port does not exist (yet). The message is for the Ingress's author.
base::Result<ServiceTarget> ResolveBackend(const Snapshot& snapshot, std::string_view ns, const BackendRef& backend);

/// "address:port" of every endpoint that should get requests, sorted, without duplicates: the ready ones; when there is none,
/// those that terminate but still serve.
std::vector<std::string> EndpointsOf(const Snapshot& snapshot, const ServiceTarget& target);

}  // namespace ingressfleet::agent
