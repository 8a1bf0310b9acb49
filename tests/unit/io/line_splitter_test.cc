#include "io/line_splitter.h"

#include <random>

namespace ingressfleet::io {
namespace {

std::vector<std::string> Split(const std::vector<std::string>& chunks, bool* inside = nullptr) {
  std::vector<std::string> lines;
  const std::function<void(std::string_view)> collect = [&lines](std::string_view line) { lines.emplace_back(line); };
  LineSplitter splitter(collect);
  for (const auto& chunk : chunks) splitter.Feed(chunk);
  if (inside != nullptr) *inside = splitter.InsideLine();
  return lines;
}

TEST(LineSplitter, WhereChunksAreCutDoesNotMatter) {
  const std::string text = "one\ntwo\n\nthree and more\n" + std::string(100'000, 'x') + "\n";
  const auto whole = Split({text});
  ASSERT_EQ(whole.size(), 4U);
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = round % 2 == 0 ? 1 + random() % 7 : 1 + random() % 60'000;
      chunks.push_back(text.substr(at, size));
      at += size;
      if (round % 2 == 0 && at > 100) {  // tiny pieces only at the start
        chunks.push_back(text.substr(at));
        break;
      }
    }
    EXPECT_EQ(Split(chunks), whole);
  }
}

TEST(LineSplitter, AHalfLineIsNotALine) {
  bool inside = false;
  EXPECT_EQ(Split({"one\ntw"}, &inside), std::vector<std::string>{"one"});
  EXPECT_TRUE(inside);
  EXPECT_EQ(Split({"one\ntw", "o\n"}, &inside), (std::vector<std::string>{"one", "two"}));
  EXPECT_FALSE(inside);
}

}  // namespace
}  // namespace ingressfleet::io
