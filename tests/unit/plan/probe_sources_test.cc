// What the operator's own addresses change in a tier's objects while it has to ask the tier.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/names.h"
#include "plan/pipeline.h"
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

TEST(ProbeSourcesTest, WhereAnEngineTakesNoClaimTheyAreLetInThemselves) {
  ResolvedTier tier = Tier();
  tier.probe_sources = {"10.244.0.5", "2001:db8::5"};
  tier.probes_claim = false;
  const kube::Object live = RenderLiveConfig(tier);
  EXPECT_EQ(live.Find("/data/probeSources"), nullptr) << "HAProxy would expect a PROXY header of them";
  EXPECT_EQ(live.Text("/data/allowedSourceRanges"), "10.0.0.0/8\n10.244.0.5/32\n2001:db8::5/128");
  tier.allowed_source_ranges = {};
  EXPECT_EQ(RenderLiveConfig(tier).Text("/data/allowedSourceRanges"), "10.244.0.5/32\n2001:db8::5/128") << "nobody else";
}

TEST(ProbeSourcesTest, ClaimsNeedEveryEngineThatIsThere) {
  ResolvedTier tier = Tier();
  upgrade::TierState state;
  state.phase = upgrade::Phase::kVerify;
  Snapshot snapshot;
  snapshot.facts.operator_addresses = {"10.244.0.5"};
  EXPECT_TRUE(WithProbeSources(tier, state, snapshot).probes_claim);
  kube::Object slot(kube::kDeployment, "edge", "public-a");
  slot.body()["metadata"]["labels"][std::string(kEngineLabel)] = "Traefik";
  snapshot.objects[slot.Key()] = std::make_shared<kube::Object>(slot);
  EXPECT_FALSE(WithProbeSources(tier, state, snapshot).probes_claim);
  state.phase = upgrade::Phase::kStable;
  EXPECT_TRUE(WithProbeSources(tier, state, snapshot).probe_sources.empty());
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
