#include <set>

#include "api/enums.h"
#include "unit/plan/balancer/cases.h"

namespace ingressfleet::plan {
namespace {

using api::Provider;

TEST(BalancerRegistryTest, EveryProviderButAutoHasOneRow) {
  std::multiset<Provider> rows;
  for (const Balancer* const balancer : AllBalancers()) {
    rows.insert(balancer->provider);
    EXPECT_EQ(balancer->name, api::EnumName(balancer->provider));
  }
  for (const auto& [provider, name] : api::EnumTable(Provider{})) {
    EXPECT_EQ(rows.count(provider), provider == Provider::kAuto ? 0U : 1U) << name;
    if (provider != Provider::kAuto) {
      EXPECT_EQ(BalancerOf(provider).provider, provider);
    }
  }
  EXPECT_EQ(BalancerOf(Provider::kAuto).provider, Provider::kGeneric);
}

TEST(BalancerRegistryTest, EveryFactHasItsSource) {
  for (const Balancer* const balancer : AllBalancers()) {
    std::set<std::string_view> keys;
    for (const AnnotationFact& fact : balancer->annotations) {
      EXPECT_FALSE(fact.key.empty()) << balancer->name;
      EXPECT_FALSE(fact.source.empty()) << fact.key;
      EXPECT_TRUE(keys.insert(fact.key).second) << fact.key << " twice";
    }
    for (const ScopeMarker& marker : balancer->markers) {
      EXPECT_FALSE(marker.source.empty()) << marker.key;
      EXPECT_NE(marker.internal_value, marker.external_value) << marker.key;
      if (balancer->provider != Provider::kGeneric) {
        EXPECT_TRUE(keys.contains(marker.key)) << marker.key << " is no fact";
      }
    }
    EXPECT_FALSE(balancer->source_range_cases.empty()) << balancer->name;
    for (const SourceRangeSupport& row : balancer->source_range_cases) {
      EXPECT_FALSE(row.source.empty()) << row.when;
      EXPECT_FALSE(row.when.empty()) << balancer->name;
      EXPECT_EQ(row.enforced, row.gap.empty()) << row.when;
    }
    EXPECT_GT(balancer->detection_seconds, 0);
    EXPECT_GT(balancer->registration_seconds, 0);
  }
}

TEST(BalancerRegistryTest, NodePortsAreOnlyAllocatedWhereTheyAreNeeded) {
  for (const Balancer* const balancer : AllBalancers()) {
    EXPECT_EQ(balancer->entry(External()).allocate_node_ports, balancer->needs_node_ports) << balancer->name;
  }
}

struct Detected {
  const char* name;
  std::vector<std::string> ids;
  Provider provider;  // kAuto: they contradict each other
};

class DetectTest : public testing::TestWithParam<Detected> {};

TEST_P(DetectTest, ByProviderId) {
  auto [name, ids, provider] = GetParam();
  for (int turn = 0; turn < 2; ++turn) {
    const auto found = DetectProvider(ids);
    if (provider == Provider::kAuto) {
      ASSERT_FALSE(found) << api::EnumName(*found);
      EXPECT_EQ(found.error().code, base::Code::kInvalid);
      EXPECT_THAT(found.error().message, testing::HasSubstr("loadBalancer.provider"));
    } else {
      ASSERT_TRUE(found) << found.error().ToString();
      EXPECT_EQ(*found, provider);
    }
    std::reverse(ids.begin(), ids.end());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, DetectTest,
    testing::Values(Detected{"NoNodes", {}, Provider::kGeneric}, Detected{"NoIdsYet", {"", ""}, Provider::kGeneric},
                    Detected{"Aws", {"aws:///eu-central-1a/i-1", "", "aws:////i-2"}, Provider::kAWS},
                    Detected{"Fargate", {"aws:///eu-central-1a/fargate-ip-10-0-0-1"}, Provider::kAWS},
                    Detected{"EksHybrid", {"aws:///a/i-1", "eks-hybrid:///eu-central-1/c/mi-1"}, Provider::kAWS},
                    Detected{"Gcp", {"gce://project/zone/node"}, Provider::kGCP},
                    Detected{"Azure", {"azure:///subscriptions/1/x"}, Provider::kAzure},
                    Detected{"OtherCloud", {"hcloud://1", "hrobot://2"}, Provider::kGeneric},
                    Detected{"BareId", {"ocid1.instance.oc1"}, Provider::kGeneric},
                    Detected{"TwoClouds", {"aws:///a/i-1", "gce://p/z/n"}, Provider::kAuto},
                    Detected{"CloudAndUnknown", {"aws:///a/i-1", "kind://docker/k/n"}, Provider::kAuto}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ingressfleet::plan
