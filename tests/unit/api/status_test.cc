#include "api/status.h"

#include "unit/api/fixture.h"

namespace ingressfleet::api {
namespace {

TierStatus Running(const char* name, const char* engine, const char* version, std::vector<std::string> addresses) {
  TierStatus tier;
  tier.name = name;
  tier.engine = engine;
  tier.version = version;
  tier.addresses = std::move(addresses);
  return tier;
}

TEST(StatusTest, LeavesOutWhatIsEmptyButNeverANumber) {
  FleetStatus status;
  status.observed_generation = 3;
  status.tiers.push_back(Running("public", "", "", {}));
  EXPECT_EQ(EncodeStatus(status),
            Yaml("{observedGeneration: 3, tiers: [{name: public, replicas: 0, readyReplicas: 0, ingresses: 0}]}"));
}

TEST(StatusTest, TellsNobodyFromEveryone) {
  FleetStatus status;
  status.tiers.push_back(Running("public", "", "", {}));
  EXPECT_FALSE(EncodeStatus(status)["tiers"][0].contains("allowedSourceRanges"));
  status.tiers[0].allowed_source_ranges.emplace();
  EXPECT_EQ(EncodeStatus(status)["tiers"][0]["allowedSourceRanges"], kube::Json::array());
}

TEST(StatusTest, ReadsWhatAnotherVersionWrote) {
  const FleetStatus status = DecodeStatus(kube::Object(Yaml(
      "{status: {observedGeneration: 4, plan: {hash: x}, summary: 7, tiers: [{name: a, replicas: many, readyReplicas: 2}]}}")));
  EXPECT_EQ(status.observed_generation, 4);
  ASSERT_EQ(status.tiers.size(), 1U);
  EXPECT_EQ(status.tiers[0].name, "a");
  EXPECT_EQ(status.tiers[0].ready_replicas, 2);
  EXPECT_EQ(DecodeStatus(kube::Object(Yaml("{spec: {}}"))).observed_generation, 0);
}

TEST(StatusTest, SummarizesTiersThatRunTheSame) {
  const StatusSummary summary = Summarize({Running("private", "HAProxy", "0.1.0", {"10.0.0.7"}),
                                           Running("public", "HAProxy", "0.1.0", {"203.0.113.7", "2001:db8::7"})});
  EXPECT_EQ(summary.tiers, "private, public");
  EXPECT_EQ(summary.addresses, "private 10.0.0.7, public 203.0.113.7 2001:db8::7");
  EXPECT_EQ(summary.versions, "HAProxy 0.1.0");
}

TEST(StatusTest, SummarizesTiersThatDiffer) {
  const StatusSummary summary =
      Summarize({Running("private", "HAProxy", "0.1.0", {}), Running("public", "Custom", "", {}), Running("new", "", "", {})});
  EXPECT_EQ(summary.addresses, "");
  EXPECT_EQ(summary.versions, "private HAProxy 0.1.0, public Custom");
  EXPECT_EQ(Summarize({}).versions, "");
}

}  // namespace
}  // namespace ingressfleet::api
