#include "cli/commands.h"
#include "cli/history.h"
#include "cli/yaml_text.h"
#include "support/golden.h"
#include "unit/cli/fleets.h"

namespace ingressfleet::cli {
namespace {

TEST(History, IsATable) {
  FleetView fleet = LoadFleet("retain");
  support::ExpectGolden("tests/golden/cli/history.txt", Paint(DrawHistory(Tier(fleet), Now(), {}), {}));
}

TEST(History, HasTheSameNumbersForScripts) {
  FleetView fleet = LoadFleet("retain");
  const kube::Json json = HistoryAsJson(Tier(fleet));
  EXPECT_EQ(json["history"][0]["number"], 2);
  EXPECT_EQ(json["history"][0]["serving"], true);
  EXPECT_EQ(json["history"][1]["revision"], kOld);
}

TEST(YamlText, IsReadBackAsTheSameValue) {
  const kube::Json values[] = {
      kube::Json::parse(
          R"({"a": "text", "b": [1, 2.5, true, null, "", []], "c": {}, "d": {"e": [{"f": "yes", "g": [[1], {}]}, "x: y"]}})"),
      kube::Json::parse(
          R"({"revision": "1234567890", "e": "12e4567890", "no": "no", "12": "0x1f", "~": "- a\n# b", "u": "ä\u0001"})"),
      api::EncodeStatus(LoadFleet("unwell").status),
  };
  for (const kube::Json& value : values) {
    const auto read = kube::ParseYaml(YamlText(value));
    ASSERT_TRUE(read) << read.error().ToString() << "\n" << YamlText(value);
    EXPECT_EQ(read->front(), value) << YamlText(value);
  }
}

TEST(Duration, AsPeopleWriteThem) {
  using std::chrono::seconds;
  EXPECT_EQ(ParseDuration("90"), seconds(90));
  EXPECT_EQ(ParseDuration("90s"), seconds(90));
  EXPECT_EQ(ParseDuration("1h30m"), seconds(5400));
  for (const char* wrong : {"", "s", "5x", "1h30", "-1s", "1.5h", "99999999999s"}) EXPECT_FALSE(ParseDuration(wrong)) << wrong;
}

}  // namespace
}  // namespace ingressfleet::cli
