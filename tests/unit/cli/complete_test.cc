#include "cli/complete.h"

#include "unit/cli/fleets.h"

namespace ingressfleet::cli {
namespace {

using Words = std::vector<std::string>;

Words Offer(const Words& words, std::vector<FleetView> fleets = {LoadFleet("retain")}) {
  return Complete(words, [&] { return fleets; });
}

TEST(Complete, VerbsNeedNoCluster) {
  bool asked = false;
  const Words verbs = Complete({"r"}, [&] {
    asked = true;
    return std::vector<FleetView>();
  });
  EXPECT_FALSE(asked);
  ASSERT_EQ(verbs.size(), 3U);
  EXPECT_TRUE(verbs[0].starts_with("resume\t"));
  EXPECT_EQ(Complete({}, nullptr).size(), 8U);
}

TEST(Complete, TiersAsTheyMustBeWritten) {
  EXPECT_EQ(Offer({"promote", ""}), Words{"public"});
  EXPECT_EQ(Offer({"promote", "platform/"}), Words{"platform/public"});
  FleetView other = LoadFleet("stable");
  other.name = "second";
  EXPECT_EQ(Offer({"abort", "s"}, {LoadFleet("retain"), other}), (Words{"second/public", "second/private"}));
}

TEST(Complete, RevisionsThatFitTheVerb) {
  EXPECT_EQ(Offer({"rollback", "public", ""}), Words{"5c1d0e99ab\tHAProxy 0.1.0, warm"});
  EXPECT_EQ(Offer({"promote", "public", "7"}, {LoadFleet("approve")}), Words{"77aa013f5e\tHAProxy 0.2.0, candidate"});
  EXPECT_EQ(Offer({"retry", "public", ""}, {LoadFleet("given-up")}), Words{"77aa013f5e\tfailed"});
  EXPECT_EQ(Offer({"abort", "public", ""}), Words());
}

TEST(Complete, StatusTakesFleetsAndTiers) {
  EXPECT_EQ(Offer({"status", "p"}), (Words{"platform", "public"}));
  EXPECT_EQ(Offer({"status", "platform", ""}), Words{"public"});
}

TEST(Complete, OptionsAndTheirValues) {
  EXPECT_EQ(Offer({"promote", "--w"}), Words{"--wait"});
  EXPECT_EQ(Offer({"status", "-o", ""}), (Words{"json", "wide", "yaml"}));
  EXPECT_EQ(Offer({"--context", "x", "status", "p"}), (Words{"platform", "public"}));
}

}  // namespace
}  // namespace ingressfleet::cli
