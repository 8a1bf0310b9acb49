// Rules about the fleet as a whole.

#include <algorithm>
#include <array>
#include <map>

#include "api/formats.h"
#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

constexpr std::size_t kMaxTiers = 64;
constexpr std::size_t kMaxFleetName = 63;

void NameFits(const Fleet& fleet, FieldErrors& errors) {
  if (fleet.name.empty()) return Required(errors, "metadata.name", "name the fleet");
  if (fleet.name.size() > kMaxFleetName) {
    return TooLong(
        errors, "metadata.name", Quoted(fleet.name),
        fmt::format("may not be more than {} bytes: it becomes the value of a label; choose a shorter name", kMaxFleetName));
  }
  if (!IsDnsLabel(fleet.name)) {
    Invalid(errors, "metadata.name", Quoted(fleet.name),
            "must consist of lower-case letters, digits and '-', and start and end with a letter or digit");
  }
}

void NamespaceIsALabel(const Fleet& fleet, FieldErrors& errors) {
  if (IsDnsLabel(fleet.ns)) return;
  Invalid(errors, "spec.namespace", Quoted(fleet.ns),
          "must be the name of a namespace: at most 63 lower-case letters, digits and '-'");
}

void TierCount(const Fleet& fleet, FieldErrors& errors) {
  if (fleet.tiers.empty()) return Required(errors, "spec.tiers", "declare at least one tier");
  if (fleet.tiers.size() > kMaxTiers) {
    Invalid(errors, "spec.tiers", fmt::format("{}", fleet.tiers.size()),
            fmt::format("must have at most {} tiers; spread them over several fleets", kMaxTiers));
  }
}

void TierNamesUnique(const Fleet& fleet, FieldErrors& errors) {
  std::map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    const std::string& name = fleet.tiers[i].name;
    if (name.empty()) continue;  // reported as required
    const auto [found, fresh] = first.emplace(name, i);
    if (fresh) continue;
    Duplicate(errors, fmt::format("spec.tiers[{}].name", i), Quoted(name),
              fmt::format("spec.tiers[{}] has this name already; tier names are unique in a fleet", found->second));
  }
}

void ClassNamesUnique(const Fleet& fleet, FieldErrors& errors) {
  std::map<std::string_view, const Tier*> first;
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    const Tier& tier = fleet.tiers[i];
    const auto [found, fresh] = first.emplace(tier.ingress_class.name, &tier);
    if (fresh || found->second->name == tier.name) continue;  // equal tier names are an error of their own
    Duplicate(errors, fmt::format("spec.tiers[{}].ingressClass.name", i), Quoted(tier.ingress_class.name),
              fmt::format("tier \"{}\" has this class already (the default is the tier's name); each tier needs its own",
                          found->second->name));
  }
}

void DefaultTierExists(const Fleet& fleet, FieldErrors& errors) {
  if (!fleet.default_class) return;
  const std::string& wanted = fleet.default_class->tier_name;
  if (wanted.empty()) return Required(errors, "spec.defaultClass.tierName", "name the tier whose class is the default");
  const bool exists =
      std::any_of(fleet.tiers.begin(), fleet.tiers.end(), [&](const Tier& tier) { return tier.name == wanted; });
  if (exists) return;
  std::string names;
  for (const Tier& tier : fleet.tiers) names += (names.empty() ? "" : ", ") + tier.name;
  Invalid(errors, "spec.defaultClass.tierName", Quoted(wanted), fmt::format("must be one of this fleet's tiers: {}", names));
}

void DefaultTierIsNotExternal(const Fleet& fleet, FieldErrors& errors) {
  if (!fleet.default_class || fleet.default_class->allow_external) return;
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    const Tier& tier = fleet.tiers[i];
    if (tier.name != fleet.default_class->tier_name || !TierAt{fleet, tier, i}.IsExternal()) continue;
    Forbidden(errors, "spec.defaultClass.tierName",
              fmt::format("tier \"{}\" is External: every Ingress without a class would be published to the outside; name an "
                          "Internal tier, or set spec.defaultClass.allowExternal: true if that is wanted",
                          tier.name));
  }
}

constexpr std::array<FleetRule, 7> kRules{
    NameFits, NamespaceIsALabel, TierCount, TierNamesUnique, ClassNamesUnique, DefaultTierExists, DefaultTierIsNotExternal};

}  // namespace

std::span<const FleetRule> FleetRules() { return kRules; }

}  // namespace ingressfleet::api
