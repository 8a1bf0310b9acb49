#include "cli/text.h"

namespace ingressfleet::cli {
namespace {

TEST(Text, AClippedLineSaysSo) {
  const Line line{{"ä is one column, "}, {"and so on"}};
  EXPECT_EQ(Paint({Clip(line, {.icons = true, .width = 10})}, {}), "ä is one …\n");
  EXPECT_EQ(Paint({Clip(line, {.width = 10})}, {}), "ä is on...\n");
  EXPECT_EQ(Paint({Clip(line, {})}, {}), "ä is one column, and so on\n");
}

TEST(Text, WrapsBetweenWordsAcrossSpans) {
  const Lines lines = Wrap({{"held: ", Tone::kBad}, {"one two three"}}, 10);
  EXPECT_EQ(Paint(lines, {}), "held: one\ntwo three\n");
  EXPECT_EQ(Paint(Wrap({{"averyverylongword x"}}, 5), {}), "averyverylongword\nx\n");
}

TEST(Text, NothingOfOthersReachesTheTerminalAsACommand) { EXPECT_EQ(Paint({{{"a\x1b[2Jb\nc"}}}, {}), "a [2Jb c\n"); }

TEST(Text, TablesAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(Paint(Table({{{"A"}, {"B"}}, {{"long"}, {"x"}}}, {}), {}), "A     B\nlong  x\n");
}

}  // namespace
}  // namespace ingressfleet::cli
