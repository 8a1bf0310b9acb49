#include "cli/target.h"

#include "unit/cli/fleets.h"

namespace ingressfleet::cli {
namespace {

FleetView Named(const std::string& name, std::vector<std::string> tiers) {
  FleetView fleet;
  fleet.name = name;
  fleet.tiers_in_spec = std::move(tiers);
  return fleet;
}

const std::vector<FleetView> kOne{Named("platform", {"public", "private"})};
const std::vector<FleetView> kTwo{Named("alpha", {"public"}), Named("beta", {"public", "edge"})};

TEST(Target, TheOnlyFleetNeedsNoName) {
  const auto target = FindTier(kOne, "private");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->fleet->name, "platform");
  EXPECT_EQ(target->tier, "private");
  EXPECT_TRUE(FindTier(kOne, "platform/private"));
}

TEST(Target, WithSeveralFleetsTheErrorSaysWhatToWrite) {
  const auto target = FindTier(kTwo, "public");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, base::Code::kInvalid);
  EXPECT_NE(target.error().message.find("alpha/public or beta/public"), std::string::npos) << target.error().message;
  EXPECT_EQ(FindTier(kTwo, "beta/edge")->fleet->name, "beta");
}

TEST(Target, UnknownNamesListTheKnownOnes) {
  EXPECT_NE(FindTier(kOne, "pulbic").error().message.find("public, private"), std::string::npos);
  EXPECT_NE(FindTier(kTwo, "gamma/public").error().message.find("alpha, beta"), std::string::npos);
  EXPECT_EQ(FindTier({}, "public").error().code, base::Code::kNotFound);
}

TEST(Target, ShownAreAllOneOrATier) {
  EXPECT_EQ(FindShown(kTwo, {})->size(), 2U);
  EXPECT_EQ(FindShown(kTwo, {"beta"})->front().tier, "");
  EXPECT_EQ(FindShown(kTwo, {"beta", "edge"})->front().tier, "edge");
  EXPECT_EQ(FindShown(kTwo, {"beta/edge"})->front().tier, "edge");
  EXPECT_EQ(FindShown(kOne, {"public"})->front().tier, "public");
  EXPECT_EQ(FindShown(kOne, {"nothing"}).error().code, base::Code::kNotFound);
}

}  // namespace
}  // namespace ingressfleet::cli
