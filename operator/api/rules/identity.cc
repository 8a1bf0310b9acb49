// Rules about what makes a tier itself: its name, its class, whom it serves.

#include <array>

#include "api/formats.h"
#include "api/rules/rules.h"
#include "kube/selector.h"

namespace ingressfleet::api {
namespace {

constexpr std::size_t kMaxTierName = 40;

void NameFits(const TierAt& at, FieldErrors& errors) {
  const std::string& name = at.tier.name;
  if (name.empty()) return Required(errors, at.Path("name"), "name the tier");
  if (name.size() > kMaxTierName) {
    return TooLong(errors, at.Path("name"), Quoted(name),
                   fmt::format("may not be more than {} bytes: the names of Services are made from it", kMaxTierName));
  }
  if (!IsServiceName(name)) {
    Invalid(errors, at.Path("name"), Quoted(name),
            "must consist of lower-case letters, digits and '-', start with a letter and end with a letter or digit, because "
            "Services are named after it");
  }
}

void ClassNameFits(const TierAt& at, FieldErrors& errors) {
  const std::string& name = at.tier.ingress_class.name;
  if (name.empty() || name == at.tier.name || IsDnsSubdomain(name)) return;
  Invalid(errors, at.Path("ingressClass.name"), Quoted(name),
          "must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253");
}

void ControllerValueFits(const TierAt& at, FieldErrors& errors) {
  const std::string& value = at.tier.ingress_class.controller_value;
  const bool fleet_or_tier_name_is_wrong = value == fmt::format("ingressfleet.io/{}-{}", at.fleet.name, at.tier.name);
  if (fleet_or_tier_name_is_wrong || IsDomainPath(value)) return;
  Invalid(errors, at.Path("ingressClass.controllerValue"), Quoted(value),
          "must be a domain and a path, at most 250 bytes, e.g. example.com/ingress-controller");
}

void NamespaceSelectorParses(const TierAt& at, FieldErrors& errors) {
  if (!at.tier.namespace_selector) return;
  const auto selector = kube::LabelSelector::Parse(*at.tier.namespace_selector);
  if (!selector) {
    Invalid(errors, at.Path("namespaceSelector"), at.tier.namespace_selector->dump(), selector.error().message);
  }
}

void NamespaceSelectorLabels(const TierAt& at, FieldErrors& errors) {
  if (!at.tier.namespace_selector) return;
  for (const auto& [key, value] : kube::MapOf(*at.tier.namespace_selector, "matchLabels")) {
    const std::string path = at.Path(fmt::format("namespaceSelector.matchLabels[{}]", key));
    if (!IsQualifiedName(key)) Invalid(errors, path, Quoted(key), "must be the key of a label, e.g. env or example.com/team");
    if (!IsLabelValue(value))
      Invalid(errors, path, Quoted(value), "must be the value of a label: at most 63 letters, digits, '-', '_', '.'");
  }
}

constexpr std::array<TierRule, 5> kRules{NameFits, ClassNameFits, ControllerValueFits, NamespaceSelectorParses,
                                         NamespaceSelectorLabels};

}  // namespace

std::span<const TierRule> IdentityRules() { return kRules; }

}  // namespace ingressfleet::api
