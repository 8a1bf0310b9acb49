#include "cli/complete.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/order.h"
#include "cli/target.h"

namespace ingressfleet::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::array kConnectionOptions{"--context", "--kubeconfig"};
constexpr std::array kOrderOptions{"--dry-run", "--timeout", "--wait"};
constexpr std::array kStatusOptions{"--no-color", "--output", "--pods", "--watch"};

void AddIfFits(Words& fitting, const std::string& typed, const std::string& word, std::string_view description = {}) {
  if (!word.starts_with(typed)) return;
  fitting.push_back(description.empty() ? word : fmt::format("{}\t{}", word, description));
}

Words Verbs(const std::string& typed) {
  Words fitting;
  AddIfFits(fitting, typed, "history", "What a tier has served.");
  AddIfFits(fitting, typed, "status", "A fleet as a tree.");
  for (const VerbRow& verb : AllVerbs()) AddIfFits(fitting, typed, std::string(verb.name), verb.help);
  std::sort(fitting.begin(), fitting.end());
  return fitting;
}

Words Options(const std::string& verb, const std::string& typed) {
  Words fitting;
  for (const char* option : kConnectionOptions) AddIfFits(fitting, typed, option);
  if (verb == "status") {
    for (const char* option : kStatusOptions) AddIfFits(fitting, typed, option);
  } else if (verb == "history") {
    AddIfFits(fitting, typed, "--output");
  } else {
    for (const char* option : kOrderOptions) AddIfFits(fitting, typed, option);
  }
  return fitting;
}

bool TakesValue(const std::string& option) {
  return option == "--context" || option == "--kubeconfig" || option == "--output" || option == "-o" || option == "--timeout";
}

/// The words that are not options or their values.
Words Positional(const Words& words) {
  Words positional;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with('-'))
      i += TakesValue(words[i]) ? 1 : 0;
    else
      positional.push_back(words[i]);
  }
  return positional;
}

/// Tiers as they must be written: with one fleet by their name, else with the fleet's.
Words Tiers(const std::vector<FleetView>& fleets, const std::string& typed) {
  Words fitting;
  const bool qualified = fleets.size() != 1 || typed.find('/') != std::string::npos;
  for (const FleetView& fleet : fleets) {
    for (const std::string& tier : fleet.TierNames())
      AddIfFits(fitting, typed, qualified ? fmt::format("{}/{}", fleet.name, tier) : tier);
  }
  return fitting;
}

Words Revisions(const VerbRow& verb, const Target& target, const std::string& typed) {
  Words fitting;
  const api::TierStatus* const tier = target.fleet->FindTier(target.tier);
  if (tier == nullptr) return fitting;
  const auto failed = [&](const std::string& revision) {
    return std::find(tier->failed_revisions.begin(), tier->failed_revisions.end(), revision) != tier->failed_revisions.end();
  };
  for (const KnownRevision& known : KnownRevisions(*tier)) {
    const bool is_candidate = tier->candidate && tier->candidate->revision == known.revision;
    const bool is_serving = tier->serving && tier->serving->revision == known.revision;
    const bool in_history = std::any_of(tier->history.begin(), tier->history.end(),
                                        [&](const auto& entry) { return entry.revision == known.revision; });
    const bool fits = verb.kind == RequestKind::kPromote    ? is_candidate
                      : verb.kind == RequestKind::kRollback ? in_history && !is_serving
                                                            : failed(known.revision);
    if (fits) AddIfFits(fitting, typed, known.revision, known.what);
  }
  return fitting;
}

Words Shown(const std::vector<FleetView>& fleets, const Words& before, const std::string& typed) {
  Words fitting;
  if (before.empty()) {
    for (const FleetView& fleet : fleets) AddIfFits(fitting, typed, fleet.name);
    const Words tiers = Tiers(fleets, typed);
    fitting.insert(fitting.end(), tiers.begin(), tiers.end());
  } else if (before.size() == 1) {
    for (const FleetView& fleet : fleets) {
      if (fleet.name != before[0]) continue;
      for (const std::string& tier : fleet.TierNames()) AddIfFits(fitting, typed, tier);
    }
  }
  return fitting;
}

}  // namespace

std::vector<std::string> Complete(const std::vector<std::string>& words,
                                  const std::function<std::vector<FleetView>()>& fleets) {
  const std::string typed = words.empty() ? "" : words.back();
  const Words before = words.empty() ? Words() : Words(words.begin(), words.end() - 1);
  if (!before.empty() && TakesValue(before.back())) {
    Words fitting;
    if (before.back() != "-o" && before.back() != "--output") return fitting;
    for (const char* format : {"json", "wide", "yaml"}) AddIfFits(fitting, typed, format);
    return fitting;
  }
  Words given = Positional(before);
  if (given.empty()) return Verbs(typed);
  const std::string verb = given.front();
  given.erase(given.begin());
  if (typed.starts_with('-')) return Options(verb, typed);
  if (verb == "status") return Shown(fleets(), given, typed);
  if (given.empty()) return Tiers(fleets(), typed);
  const auto rows = AllVerbs();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const VerbRow& each) { return each.name == verb; });
  if (row == rows.end() || !row->names_revision || given.size() > 1) return {};
  const std::vector<FleetView> known = fleets();
  const auto target = FindTier(known, given.front());
  return target ? Revisions(*row, *target, typed) : Words();
}

}  // namespace ingressfleet::cli
