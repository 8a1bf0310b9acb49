#pragma once
// The tables of validation rules. A rule looks at one fleet or one tier and appends what is wrong; rules are independent of
// each other and of their order. A new rule = a function in the file of its subject + a line in that file's table.

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "api/field_error.h"
#include "api/fleet.h"

namespace ingressfleet::api {

/// A tier and where it stands.
struct TierAt {
  const Fleet& fleet;
  const Tier& tier;
  std::size_t index;

  /// "spec.tiers[1].access"
  std::string Path(std::string_view below) const { return fmt::format("spec.tiers[{}].{}", index, below); }
  bool Is(PublishingType type) const { return tier.publishing.type == type; }
  bool IsExternal() const {
    return Is(PublishingType::kLoadBalancer) && tier.publishing.load_balancer &&
           tier.publishing.load_balancer->scope == Scope::kExternal;
  }
};

using FleetRule = void (*)(const Fleet&, FieldErrors&);
using TierRule = void (*)(const TierAt&, FieldErrors&);

std::span<const FleetRule> FleetRules();
std::span<const FleetRule> PortRules();
std::span<const FleetRule> RolloutRules();
std::span<const TierRule> ControllerRules();
std::span<const TierRule> IdentityRules();
std::span<const TierRule> WorkloadRules();
std::span<const TierRule> PublishingRules();
std::span<const TierRule> AccessRules();
std::span<const TierRule> UpgradeRules();

/// `text` as it stands in a FieldError's value: a JSON string.
std::string Quoted(std::string_view text);

inline void Invalid(FieldErrors& errors, std::string path, std::string value, std::string detail) {
  errors.push_back({FieldError::Type::kInvalid, std::move(path), std::move(value), std::move(detail)});
}
inline void Required(FieldErrors& errors, std::string path, std::string detail) {
  errors.push_back({FieldError::Type::kRequired, std::move(path), "", std::move(detail)});
}
inline void Forbidden(FieldErrors& errors, std::string path, std::string detail) {
  errors.push_back({FieldError::Type::kForbidden, std::move(path), "", std::move(detail)});
}
inline void Duplicate(FieldErrors& errors, std::string path, std::string value, std::string detail) {
  errors.push_back({FieldError::Type::kDuplicate, std::move(path), std::move(value), std::move(detail)});
}
inline void TooLong(FieldErrors& errors, std::string path, std::string value, std::string detail) {
  errors.push_back({FieldError::Type::kTooLong, std::move(path), std::move(value), std::move(detail)});
}

}  // namespace ingressfleet::api
