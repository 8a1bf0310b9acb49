#include "api/validate.h"

#include <set>

#include "api/defaults.h"
#include "unit/api/fixture.h"

namespace ingressfleet::api {
namespace {

struct Case {
  const char* name;
  const char* patch;   // on BaseFleet(), see Patched()
  const char* errors;  // all of them, one per line; empty: accepted
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

class ValidateTest : public testing::TestWithParam<Case> {};

TEST_P(ValidateTest, Says) {
  const Decoded decoded = AcceptFleet(kube::Object(Patched(BaseFleet(), GetParam().patch)));
  EXPECT_EQ(Text(decoded.errors), GetParam().errors);
  EXPECT_EQ(decoded.fleet.has_value(), decoded.errors.empty());
}

const Case kFleetCases[] = {
    {"Base", "{}", ""},
    {"FleetNameMissing", "/metadata/name: null", "metadata.name: Required value: name the fleet"},
    {"FleetNameLongest", "/metadata/name: a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g23", ""},
    {"FleetNameTooLong", "/metadata/name: a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g234",
     R"(metadata.name: Too long: "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g234": may not be more than 63 bytes: it becomes the value of a label; choose a shorter name)"},
    {"FleetNameWithDot", "/metadata/name: plat.form",
     R"(metadata.name: Invalid value: "plat.form": must consist of lower-case letters, digits and '-', and start and end with a letter or digit)"},
    {"NamespaceNotALabel", "/spec/namespace: Ingress",
     R"(spec.namespace: Invalid value: "Ingress": must be the name of a namespace: at most 63 lower-case letters, digits and '-')"},
    {"NoTiers", "{/spec/tiers: [], /spec/defaultClass: null}", "spec.tiers: Required value: declare at least one tier"},
    {"TiersMissing", "{/spec/tiers: null, /spec/defaultClass: null}", "spec.tiers: Required value: declare at least one tier"},
    {"SpecMissing", "/spec: null", "spec: Required value: declare the tiers of the fleet in spec.tiers"},
    {"TierNameTwice", "{/spec/tiers/3/name: private}",
     R"(spec.tiers[3].name: Duplicate value: "private": spec.tiers[1] has this name already; tier names are unique in a fleet)"},
    {"ClassTwice", "/spec/tiers/0/ingressClass: {name: edge}",
     R"(spec.tiers[2].ingressClass.name: Duplicate value: "edge": tier "public" has this class already (the default is the tier's name); each tier needs its own)"},
    {"ClassOfARemovedDefaultName", "/spec/tiers/0/ingressClass: {name: other}", ""},
    {"DefaultTierUnknown", "/spec/defaultClass/tierName: privat",
     R"(spec.defaultClass.tierName: Invalid value: "privat": must be one of this fleet's tiers: public, private, edge, hardware)"},
    {"DefaultTierUnsaid", "/spec/defaultClass: {}",
     "spec.defaultClass.tierName: Required value: name the tier whose class is the default"},
    {"DefaultTierExternal", "/spec/defaultClass: {tierName: public}",
     R"(spec.defaultClass.tierName: Forbidden: tier "public" is External: every Ingress without a class would be published to the outside; name an Internal tier, or set spec.defaultClass.allowExternal: true if that is wanted)"},
    {"DefaultTierExternalAllowed", "/spec/defaultClass: {tierName: public, allowExternal: true}", ""},
    {"DefaultTierHostNetwork", "/spec/defaultClass: {tierName: edge}", ""},
    {"NoDefaultClass", "/spec/defaultClass: null", ""},
};

const Case kIdentityCases[] = {
    {"TierNameUnsaid", "/spec/tiers/0/name: null", "spec.tiers[0].name: Required value: name the tier"},
    {"TierNameLongest", "/spec/tiers/0/name: a23456789-b23456789-c23456789-d234567890", ""},
    {"TierNameTooLong", "/spec/tiers/0/name: a23456789-b23456789-c23456789-d234567890x",
     R"(spec.tiers[0].name: Too long: "a23456789-b23456789-c23456789-d234567890x": may not be more than 40 bytes: the names of Services are made from it)"},
    {"TierNameUpperCase", "/spec/tiers/0/name: Public",
     R"(spec.tiers[0].name: Invalid value: "Public": must consist of lower-case letters, digits and '-', start with a letter and end with a letter or digit, because Services are named after it)"},
    {"TierNameStartsWithDigit", "/spec/tiers/0/name: 2nd",
     R"(spec.tiers[0].name: Invalid value: "2nd": must consist of lower-case letters, digits and '-', start with a letter and end with a letter or digit, because Services are named after it)"},
    {"ClassNameSubdomain", "/spec/tiers/0/ingressClass: {name: public.example.com}", ""},
    {"ClassNameWithUnderscore", "/spec/tiers/0/ingressClass: {name: my_class}",
     R"(spec.tiers[0].ingressClass.name: Invalid value: "my_class": must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253)"},
    {"ControllerValueGiven", "/spec/tiers/0/ingressClass: {controllerValue: nginx.org/ingress-controller}", ""},
    {"ControllerValueWithoutPath", "/spec/tiers/0/ingressClass: {controllerValue: nginx}",
     R"(spec.tiers[0].ingressClass.controllerValue: Invalid value: "nginx": must be a domain and a path, at most 250 bytes, e.g. example.com/ingress-controller)"},
    {"NamespaceSelectorOperator", "/spec/tiers/0/namespaceSelector: {matchExpressions: [{key: env, operator: In}]}",
     R"(spec.tiers[0].namespaceSelector: Invalid value: {"matchExpressions":[{"key":"env","operator":"In"}]}: matchExpressions[0].values: required for In and NotIn, forbidden otherwise)"},
    {"NamespaceSelectorKey", "/spec/tiers/0/namespaceSelector: {matchLabels: {'e nv': x}}",
     R"(spec.tiers[0].namespaceSelector.matchLabels[e nv]: Invalid value: "e nv": must be the key of a label, e.g. env or example.com/team)"},
    {"NamespaceSelectorValue", "/spec/tiers/0/namespaceSelector: {matchLabels: {env: 'a b'}}",
     R"(spec.tiers[0].namespaceSelector.matchLabels[env]: Invalid value: "a b": must be the value of a label: at most 63 letters, digits, '-', '_', '.')"},
    {"NamespaceSelectorEverything", "/spec/tiers/0/namespaceSelector: {}", ""},
};

const Case kControllerCases[] = {
    {"EngineUnsaid", "/spec/tiers/0/controller: {version: 0.1.0}",
     "spec.tiers[0].controller.engine: Required value: say which controller runs, here or in spec.tierDefaults: HAProxy, "
     "Traefik, F5NGINX, HAProxyTech, HAProxyIngress, IngressNGINX, Custom"},
    {"VersionAndImageUnsaid", "/spec/tiers/0/controller: {engine: HAProxy}",
     "spec.tiers[0].controller.version: Required value: say which version of HAProxy to run, or name its image in "
     "controller.image"},
    {"ImageInsteadOfVersion",
     "/spec/tiers/0/controller: {engine: HAProxy, image: "
     "'registry.example:5000/a/b:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}",
     ""},
    {"CustomWithoutImage", "/spec/tiers/0/controller: {engine: Custom, version: '1'}",
     "spec.tiers[0].controller.image: Required value: engine Custom has no images of its own; say which image to run"},
    {"CustomWithImage", "/spec/tiers/0/controller: {engine: Custom, image: mine}", ""},
    {"VersionWithSpace", "/spec/tiers/0/controller/version: '0.1 beta'",
     R"(spec.tiers[0].controller.version: Invalid value: "0.1 beta": must be a version such as 3.2.1: at most 128 letters, digits, '.', '-', '_')"},
    {"ImageWithSpace", "/spec/tiers/0/controller/image: 'a b'",
     R"(spec.tiers[0].controller.image: Invalid value: "a b": must be an image reference: [registry[:port]/]path[:tag][@sha256:digest], path in lower case, no spaces)"},
    {"PullPolicyUnknown", "/spec/tiers/0/controller/imagePullPolicy: Sometimes",
     R"(spec.tiers[0].controller.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never")"},
    {"PullSecretTwice", "/spec/tiers/0/controller/imagePullSecrets: [a, a]",
     R"(spec.tiers[0].controller.imagePullSecrets[1]: Duplicate value: "a": name each Secret once)"},
    {"PullSecretName", "/spec/tiers/0/controller/imagePullSecrets: [A]",
     R"(spec.tiers[0].controller.imagePullSecrets[0]: Invalid value: "A": must be the name of a Secret in spec.namespace)"},
    {"ConfigKey", "/spec/tiers/0/controller/config: {'max conn': '1'}",
     R"(spec.tiers[0].controller.config[max conn]: Invalid value: "max conn": must be a key of a ConfigMap: letters, digits, '-', '_', '.', at most 253)"},
};

const Case kWorkloadCases[] = {
    {"ReplicasZero", "/spec/tiers/0/workload: {replicas: 0}",
     "spec.tiers[0].workload.replicas: Invalid value: 0: must be between 1 and 1000; a tier that is not wanted is removed from "
     "spec.tiers"},
    {"ReplicasMany", "/spec/tiers/0/workload: {replicas: 1001}",
     "spec.tiers[0].workload.replicas: Invalid value: 1001: must be between 1 and 1000; a tier that is not wanted is removed "
     "from spec.tiers"},
    {"DaemonSet", "/spec/tiers/0/workload: {kind: DaemonSet}", ""},
    {"DaemonSetReplicas", "/spec/tiers/0/workload: {kind: DaemonSet, replicas: 2}",
     "spec.tiers[0].workload.replicas: Forbidden: a DaemonSet (the default with publishing type HostNetwork) runs one pod per "
     "node; remove replicas and choose the nodes with workload.nodeSelector, or set workload.kind: Deployment"},
    {"HostNetworkReplicas", "/spec/tiers/2/workload: {replicas: 2}",
     "spec.tiers[2].workload.replicas: Forbidden: a DaemonSet (the default with publishing type HostNetwork) runs one pod per "
     "node; remove replicas and choose the nodes with workload.nodeSelector, or set workload.kind: Deployment"},
    {"HostNetworkDeployment", "/spec/tiers/2/workload: {kind: Deployment, replicas: 2}", ""},
    {"PreStopNegative", "/spec/tiers/0/workload: {shutdown: {preStopDelaySeconds: -1}}",
     "spec.tiers[0].workload.shutdown.preStopDelaySeconds: Invalid value: -1: must be between 0 and 3600 seconds"},
    {"DrainTooLong", "/spec/tiers/0/workload: {shutdown: {drainSeconds: 3601}}",
     "spec.tiers[0].workload.shutdown.drainSeconds: Invalid value: 3601: must be between 0 and 3600 seconds"},
    {"ShutdownAtOnce", "/spec/tiers/0/workload: {shutdown: {preStopDelaySeconds: 0, drainSeconds: 3600}}", ""},
    {"NodeSelectorKey", "/spec/tiers/0/workload: {nodeSelector: {'/x': ''}}",
     R"(spec.tiers[0].workload.nodeSelector[/x]: Invalid value: "/x": must be the key of a label)"},
    {"NodeSelectorValue", "/spec/tiers/0/workload: {nodeSelector: {x: '-'}}",
     R"(spec.tiers[0].workload.nodeSelector[x]: Invalid value: "-": must be the value of a label)"},
    {"ResourcesFit", "/spec/tiers/0/workload: {resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 2}}}", ""},
    {"ResourcesNotAQuantity", "/spec/tiers/0/workload: {resources: {limits: {memory: 1 GB}}}",
     R"(spec.tiers[0].workload.resources.limits[memory]: Invalid value: "1 GB": must be a quantity such as 500m, 2 or 1Gi)"},
    {"ResourcesNegative", "/spec/tiers/0/workload: {resources: {requests: {cpu: -1}}}",
     "spec.tiers[0].workload.resources.requests[cpu]: Invalid value: -1: must be a quantity such as 500m, 2 or 1Gi"},
    {"TolerationEverything", "/spec/tiers/0/workload: {tolerations: [{operator: Exists}]}", ""},
    {"TolerationWithoutKey", "/spec/tiers/0/workload: {tolerations: [{value: x}]}",
     "spec.tiers[0].workload.tolerations[0].operator: Invalid value: must be Exists when key is empty"},
    {"TolerationKey", "/spec/tiers/0/workload: {tolerations: [{key: 'a b', value: x}]}",
     R"(spec.tiers[0].workload.tolerations[0].key: Invalid value: "a b": must be the key of a taint)"},
    {"TolerationExistsWithValue", "/spec/tiers/0/workload: {tolerations: [{key: a, operator: Exists, value: x}]}",
     "spec.tiers[0].workload.tolerations[0].value: Forbidden: operator Exists tolerates every value; remove value, or use "
     "operator Equal"},
    {"CertificateUnnamed", "/spec/tiers/0/tls: {defaultCertificateRef: {namespace: x}}",
     "spec.tiers[0].tls.defaultCertificateRef.name: Required value: name the Secret of type kubernetes.io/tls"},
    {"CertificateName", "/spec/tiers/0/tls: {defaultCertificateRef: {name: A}}",
     R"(spec.tiers[0].tls.defaultCertificateRef.name: Invalid value: "A": must be the name of a Secret)"},
    {"CertificateNamespace", "/spec/tiers/0/tls: {defaultCertificateRef: {name: a, namespace: B}}",
     R"(spec.tiers[0].tls.defaultCertificateRef.namespace: Invalid value: "B": must be the name of a namespace)"},
};

const Case kPublishingCases[] = {
    {"TypeUnsaid", "/spec/tiers/1/publishing: {}",
     "spec.tiers[1].publishing.type: Required value: say how the tier is reached, here or in spec.tierDefaults: LoadBalancer, "
     "NodePort, HostNetwork, Private"},
    {"ScopeUnsaid", "/spec/tiers/1/publishing: {type: LoadBalancer, loadBalancer: {}}",
     "spec.tiers[1].publishing.loadBalancer.scope: Required value: say Internal (a private address) or External (a public "
     "address); it is never guessed"},
    {"LoadBalancerUnsaid", "/spec/tiers/1/publishing: {type: LoadBalancer}",
     "spec.tiers[1].publishing.loadBalancer.scope: Required value: say Internal (a private address) or External (a public "
     "address); it is never guessed"},
    {"LoadBalancerWithPrivate", "/spec/tiers/1/publishing: {type: Private, loadBalancer: {scope: Internal}}",
     "spec.tiers[1].publishing.loadBalancer: Forbidden: only used with publishing.type LoadBalancer, but the type is Private; "
     "remove it or change the type"},
    {"NodePortWithLoadBalancer", "/spec/tiers/1/publishing/nodePort: {}",
     "spec.tiers[1].publishing.nodePort: Forbidden: only used with publishing.type NodePort, but the type is LoadBalancer; "
     "remove it or change the type"},
    {"HostNetworkWithLoadBalancer", "/spec/tiers/1/publishing/hostNetwork: {httpPort: 80}",
     "spec.tiers[1].publishing.hostNetwork: Forbidden: only used with publishing.type HostNetwork, but the type is "
     "LoadBalancer; remove it or change the type"},
    {"TrafficPolicyWithPrivate", "/spec/tiers/1/publishing: {type: Private, externalTrafficPolicy: Local}",
     "spec.tiers[1].publishing.externalTrafficPolicy: Forbidden: only used with publishing.type LoadBalancer or NodePort, but "
     "the type is Private; remove it or change the type"},
    {"Private", "/spec/tiers/1/publishing: {type: Private}", ""},
    {"AnnotationKey", "/spec/tiers/1/publishing/loadBalancer/annotations: {'a/b/c': x}",
     R"(spec.tiers[1].publishing.loadBalancer.annotations[a/b/c]: Invalid value: "a/b/c": must be the key of an annotation, e.g. example.com/name)"},
    {"Addresses", "/spec/tiers/1/publishing/loadBalancer/addresses: [192.0.2.10, '2001:db8::1']", ""},
    {"AddressWithPrefix", "/spec/tiers/1/publishing/loadBalancer/addresses: [192.0.2.10/32]",
     R"(spec.tiers[1].publishing.loadBalancer.addresses[0]: Invalid value: "192.0.2.10/32": must be an IP address without prefix length, e.g. 192.0.2.10)"},
    {"AddressTwice", "/spec/tiers/1/publishing/loadBalancer/addresses: [192.0.2.10, 192.0.2.10]",
     R"(spec.tiers[1].publishing.loadBalancer.addresses[1]: Duplicate value: "192.0.2.10": name each address once)"},
    {"RegistrationAtOnce", "/spec/tiers/1/publishing/loadBalancer/registrationSeconds: 0", ""},
    {"RegistrationNever", "/spec/tiers/1/publishing/loadBalancer/registrationSeconds: 3601",
     "spec.tiers[1].publishing.loadBalancer.registrationSeconds: Invalid value: 3601: must be between 0 and 3600 seconds"},
    {"LoadBalancerClass", "/spec/tiers/1/publishing/loadBalancer/loadBalancerClass: service.k8s.aws/nlb", ""},
    {"LoadBalancerClassFormat", "/spec/tiers/1/publishing/loadBalancer/loadBalancerClass: a b",
     R"(spec.tiers[1].publishing.loadBalancer.loadBalancerClass: Invalid value: "a b": must be a name such as service.k8s.aws/nlb)"},
};

const Case kPortCases[] = {
    {"NodePortZero", "/spec/tiers/3/publishing/nodePort/http: 0",
     "spec.tiers[3].publishing.nodePort.http: Invalid value: 0: must be between 1 and 65535"},
    {"NodePortTooHigh", "/spec/tiers/3/publishing/nodePort/https: 65536",
     "spec.tiers[3].publishing.nodePort.https: Invalid value: 65536: must be between 1 and 65535"},
    {"NodePortHttpIsHttps", "/spec/tiers/3/publishing/nodePort/https: 30080",
     R"(spec.tiers[3].publishing.nodePort.https: Duplicate value: 30080: tier "hardware" uses this port for HTTP and for HTTPS; choose two ports)"},
    {"NodePortOfAnotherTier", "/spec/tiers/1/publishing: {type: NodePort, nodePort: {https: 30080}}",
     R"(spec.tiers[3].publishing.nodePort.http: Duplicate value: 30080: tiers "private" and "hardware" want the same port; a node port exists once in a cluster, choose another)"},
    {"NodePortsUnsaid", "{/spec/tiers/1/publishing: {type: NodePort}, /spec/tiers/3/publishing: {type: NodePort}}", ""},
    {"HostPortTooHigh", "/spec/tiers/2/publishing/hostNetwork: {httpPort: 70000}",
     "spec.tiers[2].publishing.hostNetwork.httpPort: Invalid value: 70000: must be between 1 and 65535"},
    {"HostPortIsTheDefaultOfTheOther", "/spec/tiers/2/publishing/hostNetwork: {httpPort: 443}",
     R"(spec.tiers[2].publishing.hostNetwork.httpsPort: Duplicate value: 443: tier "edge" uses this port for HTTP and for HTTPS; choose two ports)"},
    {"HostPortsClash", "/spec/tiers/3/publishing: {type: HostNetwork}",
     "spec.tiers[3].publishing.hostNetwork.httpPort: Duplicate value: 80: tiers \"edge\" and \"hardware\" want the same port; "
     "choose other ports, or give their workload.nodeSelector different values of one label\n"
     "spec.tiers[3].publishing.hostNetwork.httpsPort: Duplicate value: 443: tiers \"edge\" and \"hardware\" want the same "
     "port; choose other ports, or give their workload.nodeSelector different values of one label"},
    {"HostPortsOnDifferentNodes",
     "{/spec/tiers/3/publishing: {type: HostNetwork}, /spec/tiers/3/workload: {nodeSelector: {pool: a}}, "
     "/spec/tiers/2/workload: {nodeSelector: {pool: b}}}",
     ""},
    {"HostPortsOnNodesThatMayBeTheSame",
     "{/spec/tiers/3/publishing: {type: HostNetwork, hostNetwork: {httpsPort: 8443}}, /spec/tiers/3/workload: {nodeSelector: "
     "{pool: a}}, /spec/tiers/2/workload: {nodeSelector: {rack: b}}}",
     R"(spec.tiers[3].publishing.hostNetwork.httpPort: Duplicate value: 80: tiers "edge" and "hardware" want the same port; choose other ports, or give their workload.nodeSelector different values of one label)"},
    {"HostPortsDiffer", "/spec/tiers/3/publishing: {type: HostNetwork, hostNetwork: {httpPort: 8080, httpsPort: 8443}}", ""},
};

const Case kAccessCases[] = {
    {"ExternalSaysNothing", "/spec/tiers/0/access: {}",
     "spec.tiers[0].access.allowedSourceRanges: Required value: an External tier says who may reach it: list the ranges, or "
     "write 0.0.0.0/0 (and ::/0) to open it to everyone"},
    {"ExternalForNobody", "/spec/tiers/0/access: {allowedSourceRanges: []}", ""},
    {"ExternalForEveryone", "/spec/tiers/0/access: {allowedSourceRanges: [0.0.0.0/0, '::/0']}", ""},
    {"RangeNotAnAddress", "/spec/tiers/0/access: {allowedSourceRanges: [10.0.0.300/8]}",
     R"(spec.tiers[0].access.allowedSourceRanges[0]: Invalid value: "10.0.0.300/8": must be a CIDR: "10.0.0.300" is not an IP address)"},
    {"RangeWithoutPrefix", "/spec/tiers/0/access: {allowedSourceRanges: [10.0.0.0]}",
     R"(spec.tiers[0].access.allowedSourceRanges[0]: Invalid value: "10.0.0.0": must be a CIDR with a prefix length, e.g. 10.0.0.0/8)"},
    {"RangeWithHostBits", "/spec/tiers/0/access: {allowedSourceRanges: [10.0.0.0/8, 192.0.2.1/24]}",
     R"(spec.tiers[0].access.allowedSourceRanges[1]: Invalid value: "192.0.2.1/24": must not have host bits set; did you mean 192.0.2.0/24?)"},
    {"RangeTwice", "/spec/tiers/0/access: {allowedSourceRanges: ['2001:db8::/32', '2001:DB8::/32']}",
     R"(spec.tiers[0].access.allowedSourceRanges[1]: Duplicate value: "2001:DB8::/32": name each range once)"},
    {"TrustedProxyNotACidr", "/spec/tiers/1/access: {trustedProxies: [lb.example.com]}",
     R"(spec.tiers[1].access.trustedProxies[0]: Invalid value: "lb.example.com": must be a CIDR with a prefix length, e.g. 10.0.0.0/8)"},
    {"EnforcementEmpty", "/spec/tiers/1/access: {enforcement: []}",
     "spec.tiers[1].access.enforcement: Invalid value: []: must name at least one layer; to let everyone in, leave it out and "
     "allow 0.0.0.0/0"},
    {"EnforcementTwice", "/spec/tiers/1/access: {enforcement: [Proxy, Proxy]}",
     R"(spec.tiers[1].access.enforcement[1]: Duplicate value: "Proxy": name each layer once)"},
    {"EnforcementWithoutBalancer", "/spec/tiers/2/access: {enforcement: [Proxy, LoadBalancer]}",
     R"(spec.tiers[2].access.enforcement[1]: Invalid value: "LoadBalancer": publishing.type HostNetwork has no load balancer that could enforce ranges; use [Proxy])"},
    {"EnforcementByNetworkPolicy", "/spec/tiers/2/access: {enforcement: [NetworkPolicy]}", ""},
    {"ClusterHidesTheClient", "/spec/tiers/0/publishing/externalTrafficPolicy: Cluster",
     R"(spec.tiers[0].publishing.externalTrafficPolicy: Invalid value: "Cluster": the proxy would see the node's address instead of the client's and could not enforce access.allowedSourceRanges; use externalTrafficPolicy Local, protocol PROXY, or access.enforcement [LoadBalancer])"},
    {"ClusterHidesTheClientOfANodePort",
     "{/spec/tiers/3/publishing/externalTrafficPolicy: Cluster, /spec/tiers/3/access: {allowedSourceRanges: [10.0.0.0/8]}}",
     R"(spec.tiers[3].publishing.externalTrafficPolicy: Invalid value: "Cluster": the proxy would see the node's address instead of the client's and could not enforce access.allowedSourceRanges; use externalTrafficPolicy Local or protocol PROXY)"},
    {"ClusterWithProxyProtocol",
     "{/spec/tiers/0/publishing/externalTrafficPolicy: Cluster, /spec/tiers/0/publishing/protocol: PROXY, "
     "/spec/tiers/0/access/trustedProxies: [10.0.0.0/8]}",
     ""},
    {"ClusterForEveryone",
     "{/spec/tiers/0/publishing/externalTrafficPolicy: Cluster, /spec/tiers/0/access/allowedSourceRanges: [0.0.0.0/0]}", ""},
    {"ClusterForOneFamilyOnly",
     "{/spec/tiers/0/publishing/externalTrafficPolicy: Cluster, /spec/tiers/0/access/allowedSourceRanges: [0.0.0.0/0, "
     "'2001:db8::/32']}",
     R"(spec.tiers[0].publishing.externalTrafficPolicy: Invalid value: "Cluster": the proxy would see the node's address instead of the client's and could not enforce access.allowedSourceRanges; use externalTrafficPolicy Local, protocol PROXY, or access.enforcement [LoadBalancer])"},
    {"ClusterForNobody",
     "{/spec/tiers/0/publishing/externalTrafficPolicy: Cluster, /spec/tiers/0/access/allowedSourceRanges: []}", ""},
    {"ClusterEnforcedByTheBalancer",
     "{/spec/tiers/0/publishing/externalTrafficPolicy: Cluster, /spec/tiers/0/access/enforcement: [LoadBalancer]}", ""},
    {"ProxyProtocolFromAnybody", "/spec/tiers/1/publishing/protocol: PROXY",
     "spec.tiers[1].access.trustedProxies: Required value: publishing.protocol PROXY believes the client address in a header; "
     "list the ranges of the load balancers that may send it, anyone else could claim any address"},
};

INSTANTIATE_TEST_SUITE_P(Fleet, ValidateTest, testing::ValuesIn(kFleetCases), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Identity, ValidateTest, testing::ValuesIn(kIdentityCases), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Controller, ValidateTest, testing::ValuesIn(kControllerCases), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Workload, ValidateTest, testing::ValuesIn(kWorkloadCases), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Publishing, ValidateTest, testing::ValuesIn(kPublishingCases), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Ports, ValidateTest, testing::ValuesIn(kPortCases), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Access, ValidateTest, testing::ValuesIn(kAccessCases), testing::PrintToStringParamName());

std::string TierList(int count) {
  std::string tiers = "{/spec/defaultClass: null, /spec/tiers: [";
  for (int i = 0; i < count; ++i) {
    tiers += "{name: t" + std::to_string(i) + ", controller: {engine: HAProxy, version: 1.0.0}, publishing: {type: Private}},";
  }
  return tiers + "]}";
}

TEST(ValidateTest, AllowsSixtyFourTiers) {
  EXPECT_EQ(Accepted(TierList(64)).tiers.size(), 64U);
  const Decoded decoded = AcceptFleet(kube::Object(Patched(BaseFleet(), TierList(65))));
  EXPECT_EQ(Text(decoded.errors), "spec.tiers: Invalid value: 65: must have at most 64 tiers; spread them over several fleets");
}

TEST(ValidateTest, FindsEverythingAtOnce) {
  const Decoded decoded = AcceptFleet(kube::Object(Patched(
      BaseFleet(), "{/spec/tiers/0/access: {}, /spec/tiers/1/workload: {replicas: 0}, /spec/defaultClass/tierName: x}")));
  std::set<std::string> paths;
  for (const FieldError& error : decoded.errors) paths.insert(error.path);
  EXPECT_EQ(paths, (std::set<std::string>{"spec.defaultClass.tierName", "spec.tiers[0].access.allowedSourceRanges",
                                          "spec.tiers[1].workload.replicas"}));
}

class ValidateUpdateTest : public testing::TestWithParam<Case> {};

TEST_P(ValidateUpdateTest, Says) {
  EXPECT_EQ(Text(ValidateUpdate(Accepted("{}"), Accepted(GetParam().patch))), GetParam().errors);
}

const Case kUpdateCases[] = {
    {"Nothing", "{}", ""},
    {"Version", "/spec/tiers/0/controller/version: 0.2.0", ""},
    {"TierRemoved", "/spec/tiers/3: null", ""},
    {"TierRenamed", "/spec/tiers/3/name: other", ""},
    {"DefaultsWrittenDown", "/spec/tiers/0/ingressClass: {name: public, controllerValue: ingressfleet.io/platform-public}", ""},
    {"Namespace", "/spec/namespace: other",
     R"(spec.namespace: Invalid value: "other": field is immutable (it is "ingress-fleet"): everything runs there; delete the fleet and create it in the other namespace)"},
    {"ClassName", "/spec/tiers/0/ingressClass: {name: other}",
     R"(spec.tiers[0].ingressClass.name: Invalid value: "other": field is immutable (it is "public"): Ingresses name the class; add a tier with the new class, move the Ingresses, then remove this tier)"},
    {"ControllerValue", "/spec/tiers/0/ingressClass: {controllerValue: example.com/x}",
     R"(spec.tiers[0].ingressClass.controllerValue: Invalid value: "example.com/x": field is immutable (it is "ingressfleet.io/platform-public"): an IngressClass cannot change its controller; add a tier with another class instead)"},
    {"LoadBalancerClass", "/spec/tiers/0/publishing/loadBalancer/loadBalancerClass: example.com/x",
     R"(spec.tiers[0].publishing.loadBalancer.loadBalancerClass: Invalid value: "example.com/x": field is immutable (it is not set): a Service cannot change it; add a tier with the new class, or delete and recreate this one)"},
    {"NoLongerALoadBalancer", "/spec/tiers/0/publishing: {type: Private}", ""},
};

INSTANTIATE_TEST_SUITE_P(Table, ValidateUpdateTest, testing::ValuesIn(kUpdateCases), testing::PrintToStringParamName());

}  // namespace
}  // namespace ingressfleet::api
