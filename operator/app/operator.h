#pragma once
// The running operator: health is served first, then caches fill, then leadership is sought, then workers work; it stops in
// the reverse order and gives the lease up last.

#include <stop_token>
#include <string>

#include "base/result.h"

namespace ingressfleet::app {

struct OperatorOptions {
  std::string kubeconfig;  ///< empty: see io::LoadConnection
  bool leader_elect = true;
  std::string lease_namespace;  ///< empty: the pod's or context's namespace
  std::string health_address = "0.0.0.0";
  int health_port = 8081;
  int workers = 4;
  std::string identity;  ///< empty: host name and a random suffix
  std::string image_repository = "ingressfleet";
  std::string pod_address;   ///< of the operator's own pod, where its probes come from; empty outside a cluster
  std::string host_address;  ///< of the pod's node: never taken for the pod's own
};

/// Blocks until `stop` (ok) or until something ends it: no API server at start, the lease lost (kConflict).
base::Status RunOperator(const OperatorOptions& options, std::stop_token stop);

}  // namespace ingressfleet::app
