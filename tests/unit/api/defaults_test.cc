#include "api/defaults.h"

#include "api/encode.h"
#include "unit/api/fixture.h"

namespace ingressfleet::api {
namespace {

Fleet Defaulted() {
  Fleet fleet = *DecodeFleet(kube::Object(BaseFleet())).fleet;
  Default(fleet);
  return fleet;
}

kube::Json TierJson(std::size_t index) { return EncodeFleet(Defaulted()).body()["spec"]["tiers"][index]; }

TEST(DefaultTest, LoadBalancer) {
  EXPECT_EQ(TierJson(1), Yaml(R"(
name: private
controller: {engine: HAProxy, version: 0.1.0, imagePullPolicy: IfNotPresent}
ingressClass: {name: private, controllerValue: ingressfleet.io/platform-private}
workload: {kind: Deployment, replicas: 2, shutdown: {preStopDelaySeconds: 15, drainSeconds: 300}}
publishing:
  type: LoadBalancer
  loadBalancer: {scope: Internal, provider: Auto}
  protocol: TCP
  externalTrafficPolicy: Local
  cutover: ExpandContract
access: {enforcement: [LoadBalancer, Proxy]}
upgrade: {strategy: BlueGreen, promotion: Automatic, verify: {parity: true, access: true}, minReadySeconds: 30, observeSeconds: 300,
          retainSeconds: 900, abortDelaySeconds: 30, progressDeadlineSeconds: 600, onFailure: Rollback, historyLimit: 10}
networkPolicy: false
)"));
}

TEST(DefaultTest, HostNetwork) {
  EXPECT_EQ(TierJson(2), Yaml(R"(
name: edge
controller: {engine: Traefik, version: 3.4.0, imagePullPolicy: IfNotPresent}
ingressClass: {name: edge, controllerValue: ingressfleet.io/platform-edge}
workload: {kind: DaemonSet, shutdown: {preStopDelaySeconds: 15, drainSeconds: 300}}
publishing: {type: HostNetwork, hostNetwork: {httpPort: 80, httpsPort: 443}, protocol: TCP,
             cutover: ExpandContract}
access: {enforcement: [Proxy]}
upgrade: {strategy: RollingUpdate, promotion: Automatic, verify: {parity: true, access: true}, minReadySeconds: 30, observeSeconds: 300,
          retainSeconds: 900, abortDelaySeconds: 30, progressDeadlineSeconds: 600, onFailure: Rollback, historyLimit: 10}
networkPolicy: false
)"));
}

TEST(DefaultTest, NodePort) {
  const Tier tier = Defaulted().tiers[3];
  EXPECT_EQ(tier.publishing.external_traffic_policy, ExternalTrafficPolicy::kLocal);
  EXPECT_EQ(tier.access.enforcement, std::vector{EnforcementLayer::kProxy});
  EXPECT_EQ(tier.workload.kind, WorkloadKind::kDeployment);
}

TEST(DefaultTest, ChangesNothingTheSecondTime) {
  Fleet fleet = Defaulted();
  const kube::Object once = EncodeFleet(fleet);
  Default(fleet);
  EXPECT_EQ(EncodeFleet(fleet), once);
}

TEST(DefaultTest, KeepsWhatWasSaid) {
  const Fleet fleet = Accepted(
      "{/spec/namespace: edge, /spec/tiers/0/workload: {replicas: 7}, /spec/tiers/0/networkPolicy: true, "
      "/spec/tiers/0/tls: {defaultCertificateRef: {name: a}}, /spec/tiers/1/tls: {defaultCertificateRef: {name: a, namespace: "
      "b}}}");
  EXPECT_EQ(fleet.tiers[0].workload.replicas, 7);
  EXPECT_EQ(fleet.tiers[0].network_policy, true);
  EXPECT_EQ(fleet.tiers[0].tls.default_certificate_ref->ns, "edge");
  EXPECT_EQ(fleet.tiers[1].tls.default_certificate_ref->ns, "b");
}

}  // namespace
}  // namespace ingressfleet::api
