#pragma once
// metav1.Condition. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"

namespace ingressfleet::kube {

enum class ConditionStatus { kTrue, kFalse, kUnknown };
std::string_view ConditionStatusName(ConditionStatus status);

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::string reason;   ///< stable CamelCase, never empty
  std::string message;  ///< a sentence; with the remedy when the state is bad
  std::int64_t observed_generation = 0;
  base::TimePoint last_transition_time{};

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// Puts `condition` into the list: lastTransitionTime becomes `now` only when the status differs from what was there.
void SetCondition(std::vector<Condition>& conditions, Condition condition, base::TimePoint now);
/// nullptr when there is none of that type.
const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type);
bool IsTrue(const std::vector<Condition>& conditions, std::string_view type);

Json EncodeConditions(const std::vector<Condition>& conditions);
/// Reads status.conditions of any object; entries without a type are left out.
std::vector<Condition> DecodeConditions(const Json& list);

}  // namespace ingressfleet::kube
