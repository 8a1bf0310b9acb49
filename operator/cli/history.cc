#include "cli/history.h"

#include <fmt/format.h>

#include "cli/tree.h"

namespace ingressfleet::cli {
namespace {

bool Serves(const api::TierStatus& tier, std::size_t index) {
  return tier.serving && index == 0 && tier.serving->revision == tier.history[index].revision;
}

}  // namespace

Lines DrawHistory(const api::TierStatus& tier, base::TimePoint now, const Look& look) {
  if (tier.history.empty()) return {{{fmt::format("tier {} has served nothing yet", tier.name)}}};
  std::vector<Line> rows{{{"NUMBER", Tone::kQuiet},
                          {"REVISION", Tone::kQuiet},
                          {"VERSION", Tone::kQuiet},
                          {"REASON", Tone::kQuiet},
                          {"WHEN", Tone::kQuiet}}};
  for (std::size_t i = 0; i < tier.history.size(); ++i) {
    const api::HistoryStatus& entry = tier.history[i];
    const auto at = base::ParseTime(entry.at);
    const std::string when = at ? fmt::format("{} ({} ago)", base::FormatTime(*at), Age(*at, now)) : entry.at;
    rows.push_back({{std::to_string(tier.history.size() - i)},
                    {entry.revision, Tone::kName},
                    {entry.version},
                    {Serves(tier, i) ? entry.reason + ", serving" : entry.reason, Serves(tier, i) ? Tone::kGood : Tone::kPlain},
                    {when}});
  }
  return Table(rows, look);
}

kube::Json HistoryAsJson(const api::TierStatus& tier) {
  kube::Json entries = kube::Json::array();
  for (std::size_t i = 0; i < tier.history.size(); ++i) {
    const api::HistoryStatus& entry = tier.history[i];
    entries.push_back({{"number", tier.history.size() - i},
                       {"revision", entry.revision},
                       {"version", entry.version},
                       {"reason", entry.reason},
                       {"at", entry.at},
                       {"serving", Serves(tier, i)}});
  }
  return {{"tier", tier.name}, {"history", std::move(entries)}};
}

}  // namespace ingressfleet::cli
