#pragma once
// Step 4 of Compile: which certificate a server name gets.

#include <vector>

#include "model/routing_table.h"
#include "model/snapshot.h"

namespace ingressfleet::agent {

/// Fills certificates, default_certificate and their problems. The first tls entry that names a host wins; rule hosts that no
/// entry of their Ingress names get a certificate of that Ingress that covers them. A Secret that is missing or broken, or a
/// certificate that does not cover the host, leaves the host to the default certificate. An expired one is served and reported:
/// its error names the true cause, the default certificate's would not.
void CompileCertificates(const Snapshot& snapshot, const std::vector<const Ingress*>& ingresses, RoutingTable& table);

}  // namespace ingressfleet::agent
