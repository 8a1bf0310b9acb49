#pragma once
// What is wrong with a field, in Kubernetes' wording. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace ingressfleet::api {

struct FieldError {
  enum class Type { kInvalid, kRequired, kForbidden, kDuplicate, kNotSupported, kUnknown, kTooLong, kImmutable };

  Type type = Type::kInvalid;
  std::string path;    ///< "spec.tiers[1].access.allowedSourceRanges[0]"
  std::string value;   ///< the offending value as JSON; empty when there is none
  std::string detail;  ///< the rule and the remedy, lower case, no full stop

  /// `spec.tiers[1].access.allowedSourceRanges[0]: Invalid value: "10.0.0.300/8": must be a CIDR …`
  std::string ToString() const;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

using FieldErrors = std::vector<FieldError>;

}  // namespace ingressfleet::api
