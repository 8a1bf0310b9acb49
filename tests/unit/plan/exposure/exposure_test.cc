#include "plan/exposure/exposure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/enums.h"

namespace ingressfleet::plan {
namespace {

using api::EnforcementLayer;
using api::PublishingType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

api::Tier TierWith(PublishingType type) {
  api::Tier tier;
  tier.name = "edge";
  tier.publishing.type = type;
  tier.publishing.external_traffic_policy = api::ExternalTrafficPolicy::kLocal;
  tier.access.enforcement = std::vector{EnforcementLayer::kProxy};
  if (type == PublishingType::kLoadBalancer) {
    tier.publishing.load_balancer = api::LoadBalancer{.scope = api::Scope::kInternal};
    tier.access.enforcement = std::vector{EnforcementLayer::kLoadBalancer, EnforcementLayer::kProxy};
  }
  return tier;
}

ExposureRequest RequestFor(const api::Tier& tier, api::Provider provider = api::Provider::kAWS) {
  const bool balanced = tier.publishing.type == PublishingType::kLoadBalancer;
  return {.tier = &tier, .balancer = balanced ? &BalancerOf(provider) : nullptr, .source_ranges = {"10.0.0.0/8"}};
}

ExposureResult Resolve(const api::Tier& tier, api::Provider provider = api::Provider::kAWS) {
  return ExposureOf(*tier.publishing.type).resolve(RequestFor(tier, provider));
}

api::FieldErrors Validate(const api::Tier& tier, api::Provider provider = api::Provider::kAWS) {
  return ExposureOf(*tier.publishing.type).validate(RequestFor(tier, provider), "spec.tiers[0]");
}

TEST(ExposureRegistryTest, EveryTypeHasOneRow) {
  std::multiset<PublishingType> rows;
  for (const Exposure* const exposure : AllExposures()) {
    rows.insert(exposure->type);
    EXPECT_EQ(exposure->name, api::EnumName(exposure->type));
  }
  for (const auto& [type, name] : api::EnumTable(PublishingType{})) {
    EXPECT_EQ(rows.count(type), 1U) << name;
    EXPECT_EQ(ExposureOf(type).type, type);
  }
}

TEST(ExposureRegistryTest, EveryTypeAnswersARequestThatSaysNothing) {
  const api::Tier silent;
  for (const Exposure* const exposure : AllExposures()) {
    for (const ExposureRequest& request : {ExposureRequest{}, ExposureRequest{.tier = &silent}}) {
      EXPECT_FALSE(exposure->resolve(request).external) << exposure->name;
      exposure->validate(request, "spec.tiers[0]");
      exposure->notices(request);
    }
  }
}

// spec.loadBalancerSourceRanges, class and policy are errors on a ClusterIP Service; a policy is fine on a NodePort
// one.
TEST(ExposureTest, OnlyALoadBalancerHasWhatOnlyALoadBalancerMay) {
  for (const PublishingType type : {PublishingType::kNodePort, PublishingType::kHostNetwork, PublishingType::kPrivate}) {
    const ExposureResult result = Resolve(TierWith(type));
    EXPECT_THAT(result.entry.source_ranges, IsEmpty());
    EXPECT_THAT(result.entry.annotations, IsEmpty());
    EXPECT_TRUE(result.entry.load_balancer_class.empty());
    EXPECT_TRUE(result.entry.allocate_node_ports);
    EXPECT_FALSE(result.external);
    EXPECT_FALSE(result.enforcement.load_balancer);
    EXPECT_TRUE(result.enforcement.proxy);
    EXPECT_EQ(result.entry.external_traffic_policy, type == PublishingType::kNodePort ? "Local" : "");
    EXPECT_EQ(result.entry.type, type == PublishingType::kNodePort ? "NodePort" : "ClusterIP");
  }
}

TEST(LoadBalancerTest, AsksTheProvider) {
  api::Tier tier = TierWith(PublishingType::kLoadBalancer);
  tier.publishing.load_balancer->annotations = {{"example.com/team", "edge"}};
  tier.publishing.load_balancer->load_balancer_class = "service.k8s.aws/nlb";
  const ExposureResult internal = Resolve(tier);
  EXPECT_EQ(internal.entry.type, "LoadBalancer");
  EXPECT_THAT(internal.entry.annotations,
              testing::Contains(testing::Pair("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal")));
  EXPECT_THAT(internal.entry.annotations, testing::Contains(testing::Pair("example.com/team", "edge")));
  EXPECT_THAT(internal.entry.source_ranges, ElementsAre("10.0.0.0/8"));
  EXPECT_EQ(internal.entry.load_balancer_class, "service.k8s.aws/nlb");
  EXPECT_EQ(internal.listeners, Listeners{});
  EXPECT_TRUE(internal.enforcement.load_balancer);
  EXPECT_THAT(internal.enforcement.load_balancer_gap, IsEmpty());
  EXPECT_FALSE(internal.external);
  tier.publishing.load_balancer->scope = api::Scope::kExternal;
  EXPECT_TRUE(Resolve(tier).external);
  EXPECT_THAT(Validate(tier), IsEmpty());
}

TEST(LoadBalancerTest, AGapIsSaidAndTheProxyHolds) {
  api::Tier tier = TierWith(PublishingType::kLoadBalancer);
  tier.publishing.load_balancer->scope = api::Scope::kExternal;
  const ExposureResult result = Resolve(tier, api::Provider::kGeneric);
  EXPECT_FALSE(result.enforcement.load_balancer);
  EXPECT_THAT(result.enforcement.load_balancer_gap, HasSubstr("not known"));
  EXPECT_TRUE(result.enforcement.proxy);
  EXPECT_THAT(result.entry.source_ranges, ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(Validate(tier, api::Provider::kGeneric), IsEmpty());
}

TEST(LoadBalancerTest, ALayerThatWasNotAskedForIsLeftAlone) {
  api::Tier tier = TierWith(PublishingType::kLoadBalancer);
  tier.access.enforcement = std::vector{EnforcementLayer::kProxy};
  const ExposureResult result = Resolve(tier, api::Provider::kGeneric);
  EXPECT_THAT(result.entry.source_ranges, IsEmpty());
  EXPECT_FALSE(result.enforcement.load_balancer);
  EXPECT_THAT(result.enforcement.load_balancer_gap, IsEmpty());
}

TEST(LoadBalancerTest, ProxyProtocolReachesListenersAndProvider) {
  api::Tier tier = TierWith(PublishingType::kLoadBalancer);
  tier.publishing.protocol = api::ListenerProtocol::kPROXY;
  const ExposureResult result = Resolve(tier);
  EXPECT_TRUE(result.listeners.proxy_protocol);
  EXPECT_THAT(result.entry.annotations,
              testing::Contains(testing::Pair("service.beta.kubernetes.io/aws-load-balancer-proxy-protocol", "*")));
}

// Once, by whoever asks the balancer: the exposure does not repeat them.
TEST(LoadBalancerTest, TheBalancersErrorsComeFromTheBalancer) {
  api::Tier tier = TierWith(PublishingType::kLoadBalancer);
  tier.publishing.load_balancer->annotations = {{"service.beta.kubernetes.io/aws-load-balancer-scheme", "internet-facing"}};
  EXPECT_THAT(Validate(tier), IsEmpty());
  const ExposureRequest request = RequestFor(tier);
  const auto errors = request.balancer->validate(BalancerRequestOf(request), "spec.tiers[0].publishing.loadBalancer");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].path,
            "spec.tiers[0].publishing.loadBalancer.annotations[service.beta.kubernetes.io/aws-load-balancer-scheme]");
}

struct Held {
  const char* name;
  PublishingType type;
  std::vector<EnforcementLayer> layers;
  std::vector<std::string> ranges;
  bool held;
};

class HeldTest : public testing::TestWithParam<Held> {};

// An access list that no layer holds lets everybody in: it fails closed instead.
TEST_P(HeldTest, AListNeedsAHolder) {
  api::Tier tier = TierWith(GetParam().type);
  tier.access.enforcement = GetParam().layers;
  if (tier.publishing.load_balancer) tier.publishing.load_balancer->scope = api::Scope::kExternal;
  ExposureRequest request = RequestFor(tier, api::Provider::kGeneric);
  request.source_ranges = GetParam().ranges;
  const api::FieldErrors errors = ExposureOf(GetParam().type).validate(request, "spec.tiers[0]");
  ASSERT_EQ(errors.empty(), GetParam().held);
  if (GetParam().held) return;
  EXPECT_EQ(errors[0].path, "spec.tiers[0].access.enforcement");
  EXPECT_THAT(errors[0].detail, HasSubstr("add Proxy"));
}

const std::vector<EnforcementLayer> kOnlyBalancer{EnforcementLayer::kLoadBalancer};
const std::vector<EnforcementLayer> kOnlyPolicy{EnforcementLayer::kNetworkPolicy};
const std::vector<EnforcementLayer> kOnlyProxy{EnforcementLayer::kProxy};

INSTANTIATE_TEST_SUITE_P(
    Table, HeldTest,
    testing::Values(Held{"ByProxy", PublishingType::kNodePort, kOnlyProxy, {"10.0.0.0/8"}, true},
                    Held{"BalancerWithGap", PublishingType::kLoadBalancer, kOnlyBalancer, {"10.0.0.0/8"}, false},
                    Held{"NobodyWithGap", PublishingType::kLoadBalancer, kOnlyBalancer, {}, false},
                    Held{"EverybodyWithGap", PublishingType::kLoadBalancer, kOnlyBalancer, {"0.0.0.0/0"}, true},
                    Held{"EverybodyInBoth", PublishingType::kLoadBalancer, {}, {"0.0.0.0/0", "::/0"}, true},
                    Held{"EverybodyInOne", PublishingType::kLoadBalancer, {}, {"0.0.0.0/0", "2001:db8::/32"}, false},
                    Held{"NoBalancer", PublishingType::kNodePort, kOnlyBalancer, {"10.0.0.0/8"}, false},
                    Held{"NoLayer", PublishingType::kPrivate, {}, {"10.0.0.0/8"}, false},
                    Held{"ByPolicy", PublishingType::kPrivate, kOnlyPolicy, {"10.0.0.0/8"}, true},
                    Held{"PolicyOnTheHost", PublishingType::kHostNetwork, kOnlyPolicy, {"10.0.0.0/8"}, false}),
    [](const auto& row) { return row.param.name; });

TEST(NodePortTest, FixedPorts) {
  api::Tier tier = TierWith(PublishingType::kNodePort);
  tier.publishing.node_port = api::NodePort{.http = 30080, .https = 30443};
  const ExposureResult result = Resolve(tier);
  EXPECT_EQ(result.entry.http_node_port, 30080);
  EXPECT_EQ(result.entry.https_node_port, 30443);
  EXPECT_FALSE(result.listeners.host_network);
  tier.publishing.node_port->https = 30080;
  ASSERT_EQ(Validate(tier).size(), 1U);
  EXPECT_EQ(Validate(tier)[0].path, "spec.tiers[0].publishing.nodePort.https");
  tier.publishing.node_port = api::NodePort{};
  EXPECT_EQ(Resolve(tier).entry.http_node_port, 0);
  EXPECT_THAT(Validate(tier), IsEmpty());
}

TEST(NodePortTest, NoticesAHiddenClient) {
  api::Tier tier = TierWith(PublishingType::kNodePort);
  const auto notices = [&] { return ExposureOf(PublishingType::kNodePort).notices(RequestFor(tier)); };
  EXPECT_THAT(notices(), IsEmpty());
  tier.publishing.external_traffic_policy = api::ExternalTrafficPolicy::kCluster;
  EXPECT_THAT(notices(), ElementsAre(HasSubstr("PROXY")));
}

TEST(NodePortTest, SaysThatThereIsNoBalancerToAsk) {
  api::Tier tier = TierWith(PublishingType::kNodePort);
  EXPECT_THAT(Resolve(tier).enforcement.load_balancer_gap, IsEmpty());
  tier.access.enforcement = std::vector{EnforcementLayer::kLoadBalancer, EnforcementLayer::kProxy};
  EXPECT_THAT(Resolve(tier).enforcement.load_balancer_gap, HasSubstr("NodePort"));
}

TEST(HostNetworkTest, ListensOnTheNode) {
  api::Tier tier = TierWith(PublishingType::kHostNetwork);
  Listeners expected{.host_network = true, .http_port = 80, .https_port = 443};
  EXPECT_EQ(Resolve(tier).listeners, expected);
  EXPECT_EQ(Resolve(tier).entry.type, "ClusterIP");
  tier.publishing.host_network = api::HostNetwork{.http_port = 8080, .https_port = 8443};
  tier.publishing.protocol = api::ListenerProtocol::kPROXY;
  expected = {.host_network = true, .http_port = 8080, .https_port = 8443, .proxy_protocol = true};
  EXPECT_EQ(Resolve(tier).listeners, expected);
  tier.publishing.host_network->https_port = 8080;
  ASSERT_EQ(Validate(tier).size(), 1U);
  EXPECT_EQ(Validate(tier)[0].path, "spec.tiers[0].publishing.hostNetwork.httpsPort");
}

TEST(HostNetworkTest, ANetworkPolicyDoesNotHoldThere) {
  api::Tier tier = TierWith(PublishingType::kHostNetwork);
  tier.access.enforcement = std::vector{EnforcementLayer::kProxy, EnforcementLayer::kNetworkPolicy};
  EXPECT_FALSE(Resolve(tier).enforcement.network_policy);
  EXPECT_THAT(ExposureOf(PublishingType::kHostNetwork).notices(RequestFor(tier)), ElementsAre(HasSubstr("NetworkPolicy")));
}

}  // namespace
}  // namespace ingressfleet::plan
