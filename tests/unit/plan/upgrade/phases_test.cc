// The table of phases is sound, and docs/reference/upgrade-phases.md says what it says. UPDATE_GOLDEN=1 writes the document.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "plan/upgrade/gate.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {
namespace {

constexpr std::string_view kBegin = "<!-- generated from the code: phases -->\n";
constexpr std::string_view kEnd = "<!-- end of generated part -->\n";

std::string GateNames(Chain chain) {
  std::string names;
  for (const Gate* gate : DefaultGates()[chain]) names += (names.empty() ? "" : ", ") + std::string(gate->name);
  return names;
}

std::string OnFailText(const PhaseRow& row) {
  if (row.on_fail == WayOut::kAbort) return fmt::format("{}", PhaseName(row.abort));
  return row.on_fail == WayOut::kWait ? "–" : std::string(WayOutName(row.on_fail));
}

std::string OnTimeoutText(const PhaseRow& row) {
  if (row.timeout == nullptr) return "–";
  const std::string way =
      row.on_timeout == WayOut::kAbort ? std::string(PhaseName(row.abort)) : std::string(WayOutName(row.on_timeout));
  return row.hold_if_inconclusive ? way + "; Hold without evidence" : way;
}

std::string Generated() {
  std::string text =
      "| phase | entry selects | does | gates | pass for | deadline | gate fails | deadline passes "
      "|\n|---|---|---|---|---|---|---|---|\n";
  const auto dash = [](std::string_view value) { return value.empty() ? std::string_view("–") : value; };
  for (const PhaseRow& row : AllPhases()) {
    const auto chain = ChainOf(row.phase);
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", row.name, TrafficRuleName(row.traffic), row.does,
                        chain ? GateNames(*chain) : "–", dash(row.window_text), dash(row.timeout_text), OnFailText(row),
                        OnTimeoutText(row));
  }
  text += "\n| asked | gate | passes when |\n|---|---|---|\n";
  for (int i = 0; i < kChainCount; ++i) {
    const Chain chain = static_cast<Chain>(i);
    for (const Gate* gate : DefaultGates()[chain]) {
      const std::string_view when = chain == Chain::kSelect   ? "before the selector is written"
                                    : chain == Chain::kRemove ? "before a slot is made smaller or deleted"
                                    : chain == Chain::kStart  ? "to begin"
                                                              : ChainName(chain);
      text += fmt::format("| {} | {} | {} |\n", when, gate->name, gate->asks);
    }
  }
  return text;
}

TEST(Phases, TheDocumentSaysWhatTheTableSays) {
  const std::string path = std::string(INGRESSFLEET_SOURCE_DIR) + "/docs/reference/upgrade-phases.md";
  std::ifstream file(path);
  std::stringstream buffer;
  buffer << file.rdbuf();
  std::string text = buffer.str();
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos) << path;
  ASSERT_NE(end, std::string::npos) << path;
  const auto from = begin + kBegin.size();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    text.replace(from, end - from, Generated());
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(from, end - from), Generated()) << "UPDATE_GOLDEN=1 rewrites " << path;
}

TEST(Phases, RowsAreInTheOrderOfTheEnumerationAndNamesGoBothWays) {
  int index = 0;
  for (const PhaseRow& row : AllPhases()) {
    EXPECT_EQ(static_cast<int>(row.phase), index++);
    EXPECT_EQ(ParsePhase(row.name), row.phase);
  }
  EXPECT_EQ(ParsePhase("Nonsense"), std::nullopt);
}

// Every phase that waits for something outside has a deadline. Exceptions: rest, a person (Approve has one when the user sets
// it), retention (an absolute end of its own), and what only a person can resolve.
TEST(Phases, EveryPhaseThatWaitsForTheOutsideHasADeadline) {
  const std::set<Phase> exempt{Phase::kNew, Phase::kUnresolved, Phase::kStable, Phase::kRetain};
  for (const PhaseRow& row : AllPhases()) {
    EXPECT_EQ(row.timeout == nullptr, exempt.contains(row.phase)) << row.name;
    EXPECT_EQ(row.timeout == nullptr, row.timeout_text.empty()) << row.name;
    EXPECT_EQ(row.window == nullptr, row.window_text.empty()) << row.name;
    if (row.forward) {
      EXPECT_NE(row.abort, row.phase) << row.name;
    }
  }
}

TEST(Phases, EveryChainHasGatesAndNoneTwice) {
  for (int i = 0; i < kChainCount; ++i) {
    const Chain chain = static_cast<Chain>(i);
    std::set<std::string_view> names;
    for (const Gate* gate : DefaultGates()[chain]) EXPECT_TRUE(names.insert(gate->name).second) << gate->name;
    EXPECT_FALSE(names.empty()) << ChainName(chain);
    EXPECT_FALSE(ChainName(chain).empty());
  }
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade
