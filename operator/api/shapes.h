#pragma once
// The shape of members that Kubernetes defines. A Fleet keeps them as the JSON the user wrote; these structs only say which
// fields there are, so that decode finds a typing error in them as well and the CRD's schema can be compared.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/enums.h"
#include "kube/object.h"

namespace ingressfleet::api {

enum class SelectorOperator { kIn, kNotIn, kExists, kDoesNotExist };
enum class TolerationOperator { kEqual, kExists };
enum class TaintEffect { kNoSchedule, kPreferNoSchedule, kNoExecute };

constexpr auto EnumTable(SelectorOperator) {
  return std::to_array<EnumRow<SelectorOperator>>({{SelectorOperator::kIn, "In"},
                                                   {SelectorOperator::kNotIn, "NotIn"},
                                                   {SelectorOperator::kExists, "Exists"},
                                                   {SelectorOperator::kDoesNotExist, "DoesNotExist"}});
}

constexpr auto EnumTable(TolerationOperator) {
  return std::to_array<EnumRow<TolerationOperator>>(
      {{TolerationOperator::kEqual, "Equal"}, {TolerationOperator::kExists, "Exists"}});
}

constexpr auto EnumTable(TaintEffect) {
  return std::to_array<EnumRow<TaintEffect>>({{TaintEffect::kNoSchedule, "NoSchedule"},
                                              {TaintEffect::kPreferNoSchedule, "PreferNoSchedule"},
                                              {TaintEffect::kNoExecute, "NoExecute"}});
}

/// resource.Quantity: "500m", "1Gi" or a plain number.
struct Quantity {
  kube::Json value;
};

struct SelectorRequirementShape {
  std::string key;
  std::optional<SelectorOperator> op;
  std::vector<std::string> values;
};

struct LabelSelectorShape {
  kube::StringMap match_labels;
  std::vector<SelectorRequirementShape> match_expressions;
};

struct ResourcesShape {
  std::map<std::string, Quantity> limits;
  std::map<std::string, Quantity> requests;
};

struct TolerationShape {
  std::string key;
  std::optional<TolerationOperator> op;
  std::string value;
  std::optional<TaintEffect> effect;
  std::optional<std::int64_t> toleration_seconds;
};

}  // namespace ingressfleet::api
