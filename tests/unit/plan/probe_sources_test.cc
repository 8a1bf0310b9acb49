// What the operator's own addresses change in a tier's objects while it has to ask the tier.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

ResolvedTier Tier() {
  ResolvedTier tier;
  tier.fleet = "platform";
  tier.name = "public";
  tier.ns = "edge";
  tier.allowed_source_ranges = {"10.0.0.0/8"};
  tier.enforcement.proxy = true;
  tier.enforcement.network_policy = true;
  return tier;
}

TEST(ProbeSourcesTest, WithoutThemNothingIsSaid) {
  const kube::Object live = RenderLiveConfig(Tier());
  EXPECT_EQ(live.Find("/data/probeSources"), nullptr);
  const kube::Object policy = RenderNetworkPolicy(Tier());
  EXPECT_EQ(policy.body()["spec"]["ingress"][0]["from"].size(), 1U);
}

TEST(ProbeSourcesTest, TheyAreLiveAndPartOfTheLiveHashButOfNoRevision) {
  ResolvedTier tier = Tier();
  tier.probe_sources = {"10.244.0.5", "2001:db8::5"};
  const kube::Object live = RenderLiveConfig(tier);
  EXPECT_EQ(live.Text("/data/probeSources"), "10.244.0.5\n2001:db8::5");
  EXPECT_EQ(live.Text("/data/hash"), LiveHash(tier));
  EXPECT_NE(LiveHash(tier), LiveHash(Tier()));
  EXPECT_EQ(Revision(tier), Revision(Tier()));
}

TEST(ProbeSourcesTest, ANetworkPolicyLetsThemThrough) {
  ResolvedTier tier = Tier();
  tier.allowed_source_ranges = {};
  const kube::Object closed = RenderNetworkPolicy(tier);
  EXPECT_TRUE(closed.List("/spec/ingress").empty()) << "nobody";
  tier.probe_sources = {"10.244.0.5", "2001:db8::5"};
  const kube::Object policy = RenderNetworkPolicy(tier);
  EXPECT_EQ(policy.body()["spec"]["ingress"][0]["from"],
            kube::Json::parse(R"([{"ipBlock":{"cidr":"10.244.0.5/32"}},{"ipBlock":{"cidr":"2001:db8::5/128"}}])"));
}

}  // namespace
}  // namespace ingressfleet::plan
