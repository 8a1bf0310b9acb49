// Each test is a way in which a load balancer has surprised somebody.

#include "unit/plan/balancer/cases.h"

namespace ingressfleet::plan {
namespace {

using api::Provider;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

struct Refused {
  const char* name;
  Provider provider;
  BalancerRequest request;
  const char* says;  // part of the errors
};

class RefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, WithPathAndRemedy) {
  const Refused& refused = GetParam();
  const api::FieldErrors errors = Check(refused.provider, refused.request);
  ASSERT_EQ(errors.size(), 1U) << AllErrors(errors);
  EXPECT_THAT(errors[0].ToString(), HasSubstr(refused.says));
  EXPECT_THAT(errors[0].path, testing::StartsWith(kPath));
  EXPECT_FALSE(errors[0].detail.empty());
}

BalancerRequest Class(BalancerRequest request, const char* name) {
  request.load_balancer_class = name;
  return request;
}

BalancerRequest Addresses(BalancerRequest request, std::vector<std::string> addresses) {
  request.addresses = std::move(addresses);
  return request;
}

BalancerRequest Proxy(BalancerRequest request) {
  request.proxy_protocol = true;
  return request;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedTest,
    testing::Values(
        // The scope's marker, every provider.
        Refused{"AwsScheme", Provider::kAWS, Internal({{Aws("scheme"), "internet-facing"}}), "-scheme]: Invalid value"},
        Refused{"AwsInternalOff", Provider::kAWS, Internal({{Aws("internal"), "false"}}), "contradicts scope Internal"},
        // The CCM reads any other text as true, LBC only a boolean.
        Refused{"AwsInternalOldText", Provider::kAWS, Internal({{Aws("internal"), "0.0.0.0/0"}}), "write \"true\""},
        Refused{"AwsExternalInternal", Provider::kAWS, External({{Aws("internal"), "true"}}), "contradicts scope External"},
        Refused{"GcpType", Provider::kGCP, Internal({{Gke("load-balancer-type"), "External"}}), "contradicts scope Internal"},
        Refused{"GcpOldType", Provider::kGCP, External({{"cloud.google.com/load-balancer-type", "internal"}}),
                "contradicts scope External"},
        Refused{"AzureInternal", Provider::kAzure, Internal({{Azure("load-balancer-internal"), "false"}}),
                "contradicts scope Internal"},
        Refused{"GenericKnowsHetzner", Provider::kGeneric,
                Internal({{"load-balancer.hetzner.cloud/disable-public-network", "false"}}), "contradicts scope Internal"},
        Refused{"GenericKnowsAws", Provider::kGeneric, Internal({{Aws("scheme"), "internet-facing"}}),
                "contradicts scope Internal"},
        // Public addresses on an internal balancer.
        Refused{"AwsElasticIps", Provider::kAWS, Internal({{Aws("eip-allocations"), "eipalloc-1"}}), "Elastic IPs are public"},
        Refused{"AzureExtraPublicIps", Provider::kAzure, Internal({{Azure("additional-public-ips"), "203.0.113.1"}}),
                "contradict scope Internal"},
        // A class decides who reads the annotations.
        Refused{"AwsForeignClass", Provider::kAWS, Class(Internal(), "tailscale"), "is not a class of AWS"},
        Refused{"AwsClassOfGoogle", Provider::kAWS, Class(Internal(), "networking.gke.io/l4-regional-internal"),
                "is not a class of AWS"},
        Refused{"GcpClassWins", Provider::kGCP, Class(Internal(), "networking.gke.io/l4-regional-external"),
                "makes a balancer of scope External"},
        Refused{"GcpClassWinsToo", Provider::kGCP, Class(External(), "networking.gke.io/l4-regional-internal-legacy"),
                "makes a balancer of scope Internal"},
        Refused{"AzureAnyClass", Provider::kAzure, Class(Internal(), "example.com/f5"), "is not a class of Azure"},
        Refused{"GenericClassOfOtherScope", Provider::kGeneric, Class(Internal(), "networking.gke.io/l4-regional-external"),
                "makes a balancer of scope External"},
        // Nothing that could make it internal.
        Refused{"GenericInternal", Provider::kGeneric, Internal(), ".scope: Invalid value: \"Internal\""},
        Refused{"GenericInternalWithAddress", Provider::kGeneric, Addresses(Internal(), {"10.0.0.5"}), "name the provider"},
        Refused{"GenericInternalWithDnsName", Provider::kGeneric,
                Internal({{"external-dns.alpha.kubernetes.io/hostname", "a.example"}}), "name the provider"},
        // Two lists.
        Refused{"RangesAnnotation", Provider::kAWS,
                Internal({{"service.beta.kubernetes.io/load-balancer-source-ranges", "0.0.0.0/0"}}),
                "access.allowedSourceRanges"},
        Refused{"AzureAllowedRanges", Provider::kAzure, Internal({{Azure("allowed-ip-ranges"), "0.0.0.0/0"}}),
                "access.allowedSourceRanges"},
        Refused{"CiliumDeny", Provider::kMetalLB, Internal({{"service.cilium.io/src-ranges-policy", "deny"}}),
                "list of refused ranges"},
        // Deny-all with rules that name the nodes would cut the nodes off.
        Refused{"AzureNodes", Provider::kAzure,
                Internal({{Azure("disable-load-balancer-floating-ip"), "true"},
                          {Azure("deny-all-except-load-balancer-source-ranges"), "true"}}),
                "cut the nodes off"},
        // Addresses.
        Refused{"AwsPublicAddress", Provider::kAWS, Addresses(External(), {"203.0.113.1"}), "allocation ID"},
        Refused{"AwsPrivateIPv6", Provider::kAWS, Addresses(Internal(), {"fd00::1"}), "private IPv4 address"},
        Refused{"AwsClassicAddress", Provider::kAWS, Addresses(Internal({{Aws("type"), "clb"}}), {"10.0.0.1"}),
                "no fixed addresses"},
        Refused{"MetalLbTwoSources", Provider::kMetalLB,
                Addresses(Internal({{"metallb.io/loadBalancerIPs", "10.0.0.1"}}), {"10.0.0.2"}), "keep one of the two"},
        Refused{"MetalLbOldKey", Provider::kMetalLB,
                Addresses(Internal({{"metallb.universe.tf/loadBalancerIPs", "10.0.0.1"}}), {"10.0.0.2"}),
                "keep one of the two"},
        Refused{"MetalLbSameFamily", Provider::kMetalLB, Addresses(Internal(), {"10.0.0.1", "10.0.0.2"}),
                "addresses[1]: Invalid value: \"10.0.0.2\""},
        Refused{"NoAddress", Provider::kMetalLB, Addresses(Internal(), {"pool"}), "must be an IP address"},
        Refused{"AzureTwoSources", Provider::kAzure,
                Addresses(Internal({{Azure("load-balancer-ipv4"), "10.0.0.1"}}), {"10.0.0.2"}), "keep one of the two"},
        // A shared address and policy Local: the sharing key holds the selector, which an upgrade changes.
        Refused{"MetalLbShared", Provider::kMetalLB, Internal({{"metallb.io/allow-shared-ip", "edge"}}), "is lost when"},
        // PROXY on one side only.
        Refused{"AwsProxyUnasked", Provider::kAWS, Internal({{Aws("proxy-protocol"), "*"}}), "publishing.protocol to PROXY"},
        Refused{"AwsProxyAttributeUnasked", Provider::kAWS,
                Internal({{Aws("target-group-attributes"), "proxy_protocol_v2.enabled=true"}}), "publishing.protocol to PROXY"},
        Refused{"AwsProxyOff", Provider::kAWS,
                Proxy(Internal({{Aws("target-group-attributes"), "a=b, proxy_protocol_v2.enabled=false"}})),
                "switches the PROXY header off"},
        Refused{"AwsClassicAttributes", Provider::kAWS,
                Internal({{Aws("type"), "clb"}, {Aws("target-group-attributes"), "preserve_client_ip.enabled=true"}}),
                "refused on a Classic"},
        Refused{"AzurePrivateLinkProxy", Provider::kAzure, Internal({{Azure("pls-proxy-protocol"), "true"}}),
                "publishing.protocol to PROXY"}),
    [](const auto& row) { return row.param.name; });

TEST(TrapTest, WhatUsersMayStateAgain) {
  EXPECT_THAT(Check(Provider::kAWS, Internal({{Aws("scheme"), "internal"}, {Aws("internal"), "true"}})), IsEmpty());
  EXPECT_THAT(Check(Provider::kAWS, External({{Aws("internal"), "false"}})), IsEmpty());
  EXPECT_THAT(Check(Provider::kGCP, Internal({{"cloud.google.com/load-balancer-type", "internal"}})), IsEmpty());
  EXPECT_THAT(Check(Provider::kAzure, Internal({{Azure("load-balancer-internal"), "True"}})), IsEmpty());
  EXPECT_THAT(Check(Provider::kGeneric, Internal({{"service.beta.kubernetes.io/scw-loadbalancer-private", "true"}})),
              IsEmpty());
  EXPECT_THAT(Check(Provider::kGeneric, Internal({{"example.com/internal", "yes"}})), IsEmpty());
  EXPECT_THAT(Check(Provider::kGeneric, Class(Internal(), "tailscale")), IsEmpty());
  EXPECT_THAT(Check(Provider::kMetalLB, Class(Internal(), "any.example/class")), IsEmpty());
  EXPECT_THAT(Check(Provider::kAWS, Class(External(), "tailscale")), IsEmpty());
}

// kubernetes-sigs/aws-load-balancer-controller#2737, #3293, #4539: one marker alone is public for the other controller.
TEST(TrapTest, AwsWritesBothInternalMarkersWhoeverMayAnswer) {
  for (const char* const name : {"", "service.k8s.aws/nlb", "eks.amazonaws.com/nlb"}) {
    const EntryService entry = EntryFor(Provider::kAWS, Class(Internal(), name));
    EXPECT_THAT(entry.annotations, Contains(Pair(Aws("internal"), "true"))) << name;
    EXPECT_THAT(entry.annotations, Contains(Pair(Aws("scheme"), "internal"))) << name;
    EXPECT_EQ(entry.load_balancer_class, name);
  }
}

TEST(TrapTest, AwsExternalIsSaidBecauseLbcDefaultsToInternal) {
  const EntryService entry = EntryFor(Provider::kAWS, External({{Aws("internal"), "false"}}));
  EXPECT_THAT(entry.annotations, Contains(Pair(Aws("scheme"), "internet-facing")));
  EXPECT_THAT(entry.annotations, Not(Contains(Key(Aws("internal")))));
}

TEST(TrapTest, AwsTypeIsOnlySaidWithoutClassAndTheUsersWins) {
  EXPECT_THAT(EntryFor(Provider::kAWS, Internal()).annotations, Contains(Pair(Aws("type"), "nlb")));
  EXPECT_THAT(EntryFor(Provider::kAWS, Class(Internal(), "service.k8s.aws/nlb")).annotations, Not(Contains(Key(Aws("type")))));
  EXPECT_THAT(EntryFor(Provider::kAWS, Internal({{Aws("type"), "external"}})).annotations,
              Contains(Pair(Aws("type"), "external")));
  EXPECT_THAT(EntryFor(Provider::kAWS, Internal({{Aws("type"), "clb"}})).annotations,
              Not(Contains(Key(Aws("nlb-target-type")))));
}

TEST(TrapTest, AwsIpTargetsKeepTheClientAndNeedNoNodePorts) {
  const EntryService entry = EntryFor(Provider::kAWS, Class(Internal({{Aws("nlb-target-type"), "ip"}}), "service.k8s.aws/nlb"));
  EXPECT_THAT(entry.annotations, Contains(Pair(Aws("target-group-attributes"), "preserve_client_ip.enabled=true")));
  EXPECT_FALSE(entry.allocate_node_ports);
  EXPECT_TRUE(EntryFor(Provider::kAWS, Internal()).allocate_node_ports);
}

// The CCM knows no IP targets: without node ports it would have nothing to send to. Type external leaves the Service to
// LBC.
TEST(TrapTest, AwsIpTargetsWithoutAClassAreAskedOfLbc) {
  const EntryService entry = EntryFor(Provider::kAWS, Internal({{Aws("nlb-target-type"), "ip"}}));
  EXPECT_THAT(entry.annotations, Contains(Pair(Aws("type"), "external")));
  EXPECT_FALSE(entry.allocate_node_ports);
  const EntryService told = EntryFor(Provider::kAWS, Internal({{Aws("nlb-target-type"), "ip"}, {Aws("type"), "nlb"}}));
  EXPECT_TRUE(told.allocate_node_ports);
}

// The health check node port answers a PROXY header with 400 (cilium/cilium#26274).
TEST(TrapTest, AwsProxyChecksTheTrafficPortAndSpeaksToBothControllers) {
  const kube::StringMap annotations = EntryFor(Provider::kAWS, Proxy(Internal())).annotations;
  EXPECT_THAT(annotations, Contains(Pair(Aws("proxy-protocol"), "*")));
  EXPECT_THAT(annotations, Contains(Pair(Aws("target-group-attributes"),
                                         "preserve_client_ip.enabled=false,proxy_protocol_v2.enabled=true")));
  EXPECT_THAT(annotations, Contains(Pair(Aws("healthcheck-port"), "traffic-port")));
  EXPECT_THAT(annotations, Contains(Pair(Aws("healthcheck-protocol"), "TCP")));
}

TEST(TrapTest, AwsAttributesOfTheUserStayAndOursAreAdded) {
  const auto request = Proxy(Internal({{Aws("target-group-attributes"), "deregistration_delay.timeout_seconds=30"}}));
  EXPECT_THAT(EntryFor(Provider::kAWS, request).annotations,
              Contains(Pair(Aws("target-group-attributes"),
                            "deregistration_delay.timeout_seconds=30,preserve_client_ip.enabled=false,"
                            "proxy_protocol_v2.enabled=true")));
}

TEST(TrapTest, AwsClassicProxyHasNoTargetGroups) {
  const kube::StringMap annotations = EntryFor(Provider::kAWS, Proxy(Internal({{Aws("type"), "clb"}}))).annotations;
  EXPECT_THAT(annotations, Contains(Pair(Aws("proxy-protocol"), "*")));
  EXPECT_THAT(annotations, Not(Contains(Key(Aws("target-group-attributes")))));
}

// spec.loadBalancerIP is an error at AWS.
TEST(TrapTest, AwsNamesAddressesByAnnotation) {
  const EntryService internal = EntryFor(Provider::kAWS, Addresses(Internal(), {"10.0.0.1", "10.0.1.1"}));
  EXPECT_THAT(internal.annotations, Contains(Pair(Aws("private-ipv4-addresses"), "10.0.0.1,10.0.1.1")));
  EXPECT_THAT(internal.addresses, IsEmpty());
  const auto request = Addresses(External(), {"eipalloc-1", "eipalloc-2"});
  EXPECT_THAT(EntryFor(Provider::kAWS, request).annotations, Contains(Pair(Aws("eip-allocations"), "eipalloc-1,eipalloc-2")));
  EXPECT_THAT(Check(Provider::kAWS, request), IsEmpty());
}

// An IPv6 range on an IPv4 balancer is an error at LBC, and in the API of a security group's IPv4 rules.
TEST(TrapTest, AwsLeavesIPv6RangesOutUnlessDualstack) {
  auto request = Internal();
  request.source_ranges = {"10.0.0.0/8", "2001:db8::/32"};
  EXPECT_THAT(EntryFor(Provider::kAWS, request).source_ranges, ElementsAre("10.0.0.0/8"));
  request.annotations[Aws("ip-address-type")] = "dualstack";
  EXPECT_THAT(EntryFor(Provider::kAWS, request).source_ranges, ElementsAre("10.0.0.0/8", "2001:db8::/32"));
  request.annotations.clear();
  request.source_ranges = {"2001:db8::/32"};
  EXPECT_THAT(EntryFor(Provider::kAWS, request).source_ranges, ElementsAre(kNobodyIPv4));
}

// An empty list lets everybody in.
TEST(TrapTest, NobodyIsARange) {
  for (const Balancer* const balancer : AllBalancers()) {
    auto request = External();
    request.source_ranges.clear();
    EXPECT_THAT(balancer->entry(request).source_ranges, Contains(kNobodyIPv4)) << balancer->name;
    request.enforce_source_ranges = false;
    EXPECT_THAT(balancer->entry(request).source_ranges, IsEmpty()) << balancer->name;
  }
}

// kubernetes/ingress-gce pkg/l4/utils/sourceranges.go, kubernetes/kubernetes pkg/proxy/serviceport.go
TEST(TrapTest, AListOfOneFamilyDoesNotOpenTheOther) {
  auto request = External();
  request.source_ranges = {"2001:db8::/32"};
  for (const Balancer* const balancer : AllBalancers()) {
    EXPECT_THAT(balancer->entry(request).source_ranges, Contains(kNobodyIPv4)) << balancer->name;
  }
  request.source_ranges = {"203.0.113.0/24"};
  EXPECT_THAT(EntryFor(Provider::kMetalLB, request).source_ranges, ElementsAre("203.0.113.0/24", kNobodyIPv6));
  EXPECT_THAT(EntryFor(Provider::kGCP, Class(request, "networking.gke.io/l4-regional-external")).source_ranges,
              ElementsAre("203.0.113.0/24", kNobodyIPv6));
  request.annotations["cloud.google.com/l4-rbs"] = "enabled";
  EXPECT_THAT(EntryFor(Provider::kGCP, request).source_ranges, ElementsAre("203.0.113.0/24", kNobodyIPv6));
  // One firewall rule for both families cannot hold a mixture.
  request.annotations.clear();
  EXPECT_THAT(EntryFor(Provider::kGCP, request).source_ranges, ElementsAre("203.0.113.0/24"));
}

// kubernetes-sigs/cloud-provider-azure#698: everybody on an internal balancer adds an allow rule for the Internet.
TEST(TrapTest, AzureInternalForEverybodyHasNoList) {
  auto request = Internal();
  request.source_ranges = {"0.0.0.0/0"};
  EXPECT_THAT(EntryFor(Provider::kAzure, request).source_ranges, IsEmpty());
  EXPECT_THAT(EntryFor(Provider::kAzure, request).annotations,
              Not(Contains(Key(Azure("deny-all-except-load-balancer-source-ranges")))));
  EXPECT_TRUE(BalancerOf(Provider::kAzure).source_ranges(request).enforced);
  request.source_ranges = {"0.0.0.0/0", "::/0"};
  EXPECT_THAT(EntryFor(Provider::kAzure, request).source_ranges, IsEmpty());
  request.scope = api::Scope::kExternal;
  EXPECT_THAT(EntryFor(Provider::kAzure, request).source_ranges, ElementsAre("0.0.0.0/0", "::/0"));
  EXPECT_THAT(EntryFor(Provider::kAzure, request).annotations,
              Not(Contains(Key(Azure("deny-all-except-load-balancer-source-ranges")))));
}

// kubernetes-sigs/cloud-provider-azure pkg/provider/loadbalancer/accesscontrol.go: one open family opens both.
TEST(TrapTest, AzureOneOpenFamilyIsWrittenInHalves) {
  for (const auto scope : {api::Scope::kInternal, api::Scope::kExternal}) {
    auto request = Internal();
    request.scope = scope;
    request.source_ranges = {"10.0.0.0/8", "::/0"};
    EXPECT_THAT(EntryFor(Provider::kAzure, request).source_ranges, ElementsAre("10.0.0.0/8", "8000::/1", "::/1"));
    request.source_ranges = {"0.0.0.0/0", "2001:db8::/32"};
    EXPECT_THAT(EntryFor(Provider::kAzure, request).source_ranges, ElementsAre("0.0.0.0/1", "128.0.0.0/1", "2001:db8::/32"));
    request.source_ranges = {"::/0"};
    EXPECT_THAT(EntryFor(Provider::kAzure, request).source_ranges, ElementsAre(kNobodyIPv4, "8000::/1", "::/1"));
  }
}

// kubernetes-sigs/cloud-provider-azure#374: the virtual network is always let in.
TEST(TrapTest, AzureShutsTheVirtualNetworkOutUnlessThatHitsTheNodes) {
  const std::string deny = Azure("deny-all-except-load-balancer-source-ranges");
  EXPECT_THAT(EntryFor(Provider::kAzure, Internal()).annotations, Contains(Pair(deny, "true")));
  const auto nodes = Internal({{Azure("disable-load-balancer-floating-ip"), "true"}});
  EXPECT_THAT(EntryFor(Provider::kAzure, nodes).annotations, Not(Contains(Key(deny))));
  EXPECT_FALSE(BalancerOf(Provider::kAzure).source_ranges(nodes).enforced);
  EXPECT_THAT(EntryFor(Provider::kAzure, Internal({{deny, "false"}})).annotations, Contains(Pair(deny, "false")));
  EXPECT_FALSE(BalancerOf(Provider::kAzure).source_ranges(Internal({{deny, "false"}})).enforced);
}

// MetalLB refuses a Service that has both.
TEST(TrapTest, MetalLbNamesAddressesOnlyByAnnotation) {
  const EntryService entry = EntryFor(Provider::kMetalLB, Addresses(Internal(), {"10.0.0.1", "fd00::1"}));
  EXPECT_THAT(entry.annotations, Contains(Pair("metallb.io/loadBalancerIPs", "10.0.0.1,fd00::1")));
  EXPECT_THAT(entry.addresses, IsEmpty());
  EXPECT_FALSE(entry.allocate_node_ports);
}

TEST(TrapTest, MetalLbSharedAddressIsFineWithCluster) {
  auto request = Internal({{"metallb.io/allow-shared-ip", "edge"}});
  request.external_traffic_policy = api::ExternalTrafficPolicy::kCluster;
  EXPECT_THAT(Check(Provider::kMetalLB, request), IsEmpty());
}

struct Gap {
  const char* name;
  Provider provider;
  BalancerRequest request;
  bool enforced;
  const char* says;
};

class GapTest : public testing::TestWithParam<Gap> {};

TEST_P(GapTest, SaysWhetherTheCloudEnforcesTheList) {
  const SourceRangeSupport support = BalancerOf(GetParam().provider).source_ranges(GetParam().request);
  EXPECT_EQ(support.enforced, GetParam().enforced);
  EXPECT_THAT(std::string(GetParam().enforced ? support.when : support.gap), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, GapTest,
    testing::Values(
        Gap{"AwsDefault", Provider::kAWS, Internal(), true, "nodes' security group"},
        Gap{"AwsLbc", Provider::kAWS, Class(Internal(), "service.k8s.aws/nlb"), true, "own security group"},
        Gap{"AwsAutoMode", Provider::kAWS, Class(Internal(), "eks.amazonaws.com/nlb"), true, "own security group"},
        Gap{"AwsExternalType", Provider::kAWS, Internal({{Aws("type"), "external"}}), true, "own security group"},
        Gap{"AwsClassic", Provider::kAWS, Internal({{Aws("type"), "clb"}}), true, "Classic"},
        Gap{"AwsClassicExtra", Provider::kAWS, Internal({{Aws("type"), "clb"}, {Aws("extra-security-groups"), "sg-1"}}), false,
            "let in more"},
        Gap{"AwsOwnGroups", Provider::kAWS, Class(Internal({{Aws("security-groups"), "sg-1"}}), "service.k8s.aws/nlb"), false,
            "write them into those groups"},
        Gap{"AwsNoGroup", Provider::kAWS, Internal({{Aws("disable-nlb-sg"), "true"}}), false, "cannot get one later"},
        Gap{"AwsNoGroupOff", Provider::kAWS, Internal({{Aws("disable-nlb-sg"), "false"}}), true, "nodes"},
        Gap{"AwsPrefixLists", Provider::kAWS, Internal({{Aws("security-group-prefix-lists"), "pl-1"}}), false, "prefix lists"},
        Gap{"AwsPrivateLink", Provider::kAWS, Internal({{Aws("inbound-sg-rules-on-private-link-traffic"), "off"}}), false,
            "PrivateLink"},
        Gap{"AwsProxyOnNodeGroup", Provider::kAWS, Proxy(Internal()), false, "service.k8s.aws/nlb"},
        Gap{"AwsProxyOnLbc", Provider::kAWS, Proxy(Class(Internal(), "service.k8s.aws/nlb")), true, "own security group"},
        Gap{"AwsClientHidden", Provider::kAWS, Internal({{Aws("target-group-attributes"), "preserve_client_ip.enabled=false"}}),
            false, "not preserved"},
        Gap{"AwsForeignClass", Provider::kAWS, Class(External(), "tailscale"), false, "no AWS controller"},
        Gap{"Gcp", Provider::kGCP, Internal(), true, "firewall"},
        Gap{"GcpForeignClass", Provider::kGCP, Class(External(), "tailscale"), false, "no Google controller"},
        Gap{"Azure", Provider::kAzure, Internal(), true, "deny-all"},
        Gap{"AzureTags", Provider::kAzure, External({{Azure("allowed-service-tags"), "AzureCloud"}}), false, "service tags"},
        Gap{"AzureClass", Provider::kAzure, Class(External(), "f5"), false, "loadBalancerClass"},
        Gap{"MetalLb", Provider::kMetalLB, Internal(), true, "kube-proxy"},
        Gap{"Generic", Provider::kGeneric, External(), false, "not known"}),
    [](const auto& row) { return row.param.name; });

TEST(NoticeTest, MetalLbInternalWithoutAPool) {
  const auto notices = [](const BalancerRequest& request) { return BalancerOf(Provider::kMetalLB).notices(request); };
  EXPECT_THAT(notices(Internal()), ElementsAre(HasSubstr("metallb.io/address-pool")));
  EXPECT_THAT(notices(Internal({{"metallb.io/address-pool", "private"}})), IsEmpty());
  EXPECT_THAT(notices(Addresses(Internal(), {"10.0.0.1"})), IsEmpty());
  EXPECT_THAT(notices(External()), IsEmpty());
}

TEST(NoticeTest, WhatHidesTheClient) {
  auto cluster = External();
  cluster.external_traffic_policy = api::ExternalTrafficPolicy::kCluster;
  EXPECT_THAT(BalancerOf(Provider::kGCP).notices(cluster), ElementsAre(HasSubstr("nodes replace")));
  EXPECT_THAT(BalancerOf(Provider::kAWS).notices(Internal({{Aws("type"), "clb"}})), ElementsAre(HasSubstr("hides the client")));
  const auto hidden =
      Internal({{Aws("nlb-target-type"), "ip"}, {Aws("target-group-attributes"), "preserve_client_ip.enabled=false"}});
  EXPECT_THAT(BalancerOf(Provider::kAWS).notices(hidden), ElementsAre(HasSubstr("IP targets")));
}

TEST(NoticeTest, WhoSendsTheProxyHeader) {
  for (const Provider provider : {Provider::kGCP, Provider::kAzure, Provider::kMetalLB}) {
    auto request = Proxy(External());
    EXPECT_THAT(BalancerOf(provider).notices(request), Contains(HasSubstr("adds no PROXY header")));
    EXPECT_THAT(Check(provider, request), IsEmpty());
  }
  EXPECT_THAT(BalancerOf(Provider::kAzure).notices(Proxy(Internal({{Azure("pls-proxy-protocol"), "true"}}))), IsEmpty());
}

TEST(NoticeTest, TlsThatEndsAtTheBalancer) {
  EXPECT_THAT(BalancerOf(Provider::kAWS).notices(Internal({{Aws("ssl-cert"), "arn"}})), ElementsAre(HasSubstr("ssl-ports")));
  EXPECT_THAT(BalancerOf(Provider::kAWS).notices(Internal({{Aws("ssl-cert"), "arn"}, {Aws("backend-protocol"), "ssl"}})),
              IsEmpty());
}

}  // namespace
}  // namespace ingressfleet::plan
