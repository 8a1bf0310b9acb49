#include "api/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "api/reader.h"
#include "api/writer.h"

namespace ingressfleet::api {
namespace {

std::string RunningText(const TierStatus& tier) {
  return tier.version.empty() ? tier.engine : fmt::format("{} {}", tier.engine, tier.version);
}

/// "name text" of every tier that has a text.
std::string PerTier(const std::vector<TierStatus>& tiers, const std::function<std::string(const TierStatus&)>& text) {
  std::vector<std::string> parts;
  for (const TierStatus& tier : tiers) {
    if (const std::string part = text(tier); !part.empty()) parts.push_back(fmt::format("{} {}", tier.name, part));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string VersionsText(const std::vector<TierStatus>& tiers) {
  const bool same = !tiers.empty() && std::all_of(tiers.begin(), tiers.end(), [&](const TierStatus& tier) {
    return RunningText(tier) == RunningText(tiers.front());
  });
  return same ? RunningText(tiers.front()) : PerTier(tiers, RunningText);
}

}  // namespace

kube::Json EncodeStatus(const FleetStatus& status) {
  FleetStatus copy = status;
  return Writer::ToJson(copy);
}

FleetStatus DecodeStatus(const kube::Object& fleet) {
  FleetStatus status;
  FieldErrors passed_over;
  if (const kube::Json* value = fleet.Find("/status")) Reader::ReadAll(*value, "status", status, passed_over);
  return status;
}

StatusSummary Summarize(const std::vector<TierStatus>& tiers) {
  std::vector<std::string_view> names;
  for (const TierStatus& tier : tiers) names.push_back(tier.name);
  return {.tiers = fmt::format("{}", fmt::join(names, ", ")),
          .addresses = PerTier(tiers, [](const TierStatus& tier) { return fmt::format("{}", fmt::join(tier.addresses, " ")); }),
          .versions = VersionsText(tiers)};
}

}  // namespace ingressfleet::api
