#pragma once
// What a user did not say (step 2 of a reconcile). Pure.

#include "api/fleet.h"

namespace ingressfleet::api {

/// Fills every default of the API; applying it twice changes nothing. It never fills what must be said: engine,
/// publishing.type, loadBalancer.scope, allowedSourceRanges. Afterwards stand, in every tier,
///   * workload: kind (DaemonSet for HostNetwork, else Deployment), replicas (2, Deployment only), shutdown 15 s / 300 s;
///   * publishing: protocol TCP; externalTrafficPolicy Local for LoadBalancer and NodePort; the union's member for NodePort
///     and HostNetwork (80/443); provider Auto in loadBalancer where that member was said;
///   * access.enforcement: LoadBalancer (only for type LoadBalancer) and Proxy;
///   * ingressClass: the tier's name, ingressfleet.io/<fleet>-<tier>;
///   * upgrade: BlueGreen (RollingUpdate for HostNetwork), Automatic promotion, all checks, the times; cutover ExpandContract;
///   * imagePullPolicy IfNotPresent, networkPolicy false, the namespace of Secret references.
/// The CRD's schema says the same in its descriptions but sets no defaults for tiers: the API server would write them
/// into each tier, and tierDefaults would never be seen.
void Default(Fleet& fleet);

}  // namespace ingressfleet::api
