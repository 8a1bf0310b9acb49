#include "cli/tree.h"

#include "support/golden.h"
#include "unit/cli/fleets.h"

namespace ingressfleet::cli {
namespace {

std::string Draw(const FleetView& fleet, const Look& look, TreeOptions options = {}) {
  options.now = Now();
  return Paint(DrawFleets({{&fleet, ""}}, options, look), look);
}

class Tree : public ::testing::TestWithParam<const char*> {};

TEST_P(Tree, OnATerminal) {
  const std::string situation = GetParam();
  support::ExpectGolden("tests/golden/cli/" + situation + ".terminal.txt",
                        Draw(LoadFleet(situation), {.color = false, .icons = true, .width = 100}));
}

TEST_P(Tree, InAPipe) {
  const std::string situation = GetParam();
  const std::string text = Draw(LoadFleet(situation), {});
  support::ExpectGolden("tests/golden/cli/" + situation + ".txt", text);
  EXPECT_EQ(
      std::count_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80 || c == '\x1b'; }), 0)
      << "not plain ASCII";
}

TEST_P(Tree, NoLineIsWiderThanTheTerminal) {
  for (const int width : {60, 80, 120}) {
    const FleetView fleet = LoadFleet(GetParam());
    const Look look{.color = false, .icons = true, .width = width};
    for (const Line& line : DrawFleets({{&fleet, ""}}, {.wide = true, .pods = true, .now = Now()}, look)) {
      Lines one{line};
      EXPECT_LE(WidthOf(Paint(one, look)) - 1, width) << Paint(one, look);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Situations, Tree,
                         ::testing::Values("new", "stable", "unwell", "warm", "verify", "approve", "expand", "observe",
                                           "retain", "hold", "aborted", "given-up", "refused", "paused", "waiting"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(TreeOfPods, UnderTheirSlots) {
  FleetView fleet = LoadFleet("warm");
  fleet.pods = {Pod("a", 1, true), Pod("a", 2, true), Pod("b", 1, true), Pod("b", 2, false)};
  support::ExpectGolden("tests/golden/cli/pods.terminal.txt",
                        Draw(fleet, {.color = false, .icons = true, .width = 100}, {.wide = true, .pods = true}));
}

TEST(TreeInColor, EachSpanIsClosed) {
  support::ExpectGolden("tests/golden/cli/hold.color.txt",
                        Draw(LoadFleet("hold"), {.color = true, .icons = true, .width = 100}));
}

TEST(TreeOfATier, LeavesTheOthersOut) {
  const FleetView fleet = LoadFleet("stable");
  const Look look;
  const std::string text = Paint(DrawFleets({{&fleet, "private"}}, {.now = Now()}, look), look);
  EXPECT_NE(text.find("10.0.0.7"), std::string::npos);
  EXPECT_EQ(text.find("203.0.113.7"), std::string::npos);
}

TEST(TreeAge, TwoUnitsAtMost) {
  using namespace std::chrono_literals;
  const auto age = [](base::Duration duration) { return Age(Now() - duration, Now()); };
  EXPECT_EQ(age(0s), "0s");
  EXPECT_EQ(age(59s), "59s");
  EXPECT_EQ(age(61s), "1m1s");
  EXPECT_EQ(age(11min + 5s), "11m");
  EXPECT_EQ(age(2h + 5min), "2h5m");
  EXPECT_EQ(age(49h), "2d");
  EXPECT_EQ(age(-5s), "0s") << "a clock that is behind";
}

}  // namespace
}  // namespace ingressfleet::cli
