#include "cli/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ingressfleet::cli {
namespace {

const FleetView* FindFleet(const std::vector<FleetView>& fleets, std::string_view name) {
  const auto found = std::find_if(fleets.begin(), fleets.end(), [&](const FleetView& fleet) { return fleet.name == name; });
  return found == fleets.end() ? nullptr : &*found;
}

std::string NamesOf(const std::vector<FleetView>& fleets) {
  std::vector<std::string_view> names;
  for (const FleetView& fleet : fleets) names.push_back(fleet.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

tl::unexpected<base::Error> NoFleets() { return base::Fail(base::Code::kNotFound, "there is no IngressFleet in this cluster"); }

base::Result<Target> TierOf(const FleetView& fleet, std::string_view tier) {
  const std::vector<std::string> names = fleet.TierNames();
  if (std::find(names.begin(), names.end(), tier) != names.end()) return Target{&fleet, std::string(tier)};
  return base::Fail(base::Code::kNotFound,
                    fmt::format("fleet {} has no tier \"{}\"; its tiers are: {}", fleet.name, tier, fmt::join(names, ", ")));
}

base::Result<Target> TierOf(const std::vector<FleetView>& fleets, std::string_view fleet, std::string_view tier) {
  const FleetView* const found = FindFleet(fleets, fleet);
  if (found != nullptr) return TierOf(*found, tier);
  return base::Fail(base::Code::kNotFound, fmt::format("there is no fleet \"{}\"; there are: {}", fleet, NamesOf(fleets)));
}

/// "TIER could be alpha/public, beta/public"
std::string Choices(const std::vector<FleetView>& fleets, std::string_view tier) {
  std::vector<std::string> choices;
  for (const FleetView& fleet : fleets) {
    if (TierOf(fleet, tier)) choices.push_back(fmt::format("{}/{}", fleet.name, tier));
  }
  if (choices.empty()) return fmt::format("none of them has a tier \"{}\"", tier);
  return fmt::format("write {}", fmt::join(choices, " or "));
}

}  // namespace

base::Result<Target> FindTier(const std::vector<FleetView>& fleets, const std::string& word) {
  if (fleets.empty()) return NoFleets();
  const auto slash = word.find('/');
  if (slash != std::string::npos) return TierOf(fleets, word.substr(0, slash), word.substr(slash + 1));
  if (fleets.size() == 1) return TierOf(fleets.front(), word);
  return base::Fail(base::Code::kInvalid, fmt::format("there are {} fleets ({}), so that a tier needs its fleet's name: {}",
                                                      fleets.size(), NamesOf(fleets), Choices(fleets, word)));
}

base::Result<std::vector<Target>> FindShown(const std::vector<FleetView>& fleets, const std::vector<std::string>& words) {
  const auto one = [](const base::Result<Target>& target) {
    return target.map([](const Target& found) { return std::vector<Target>{found}; });
  };
  if (fleets.empty()) return NoFleets();
  if (words.empty()) {
    std::vector<Target> all;
    for (const FleetView& fleet : fleets) all.push_back({&fleet, ""});
    return all;
  }
  if (words.size() > 1) return one(TierOf(fleets, words[0], words[1]));
  if (words[0].find('/') != std::string::npos) return one(FindTier(fleets, words[0]));
  if (const FleetView* const fleet = FindFleet(fleets, words[0])) return std::vector<Target>{{fleet, ""}};
  if (fleets.size() == 1 && TierOf(fleets.front(), words[0])) return one(FindTier(fleets, words[0]));
  return base::Fail(
      base::Code::kNotFound,
      fmt::format("there is no fleet \"{}\"; there are: {}{}", words[0], NamesOf(fleets),
                  fleets.size() == 1 ? fmt::format(", with tiers {}", fmt::join(fleets.front().TierNames(), ", ")) : ""));
}

}  // namespace ingressfleet::cli
