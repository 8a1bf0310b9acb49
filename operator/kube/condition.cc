#include "kube/condition.h"

#include <algorithm>

namespace ingressfleet::kube {
namespace {

auto Locate(auto& conditions, std::string_view type) {
  return std::find_if(conditions.begin(), conditions.end(), [&](const Condition& each) { return each.type == type; });
}

ConditionStatus ParseStatus(std::string_view text) {
  if (text == "True") return ConditionStatus::kTrue;
  return text == "False" ? ConditionStatus::kFalse : ConditionStatus::kUnknown;
}

}  // namespace

std::string_view ConditionStatusName(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::kTrue: return "True";
    case ConditionStatus::kFalse: return "False";
    case ConditionStatus::kUnknown: return "Unknown";
  }
  return "Unknown";
}

void SetCondition(std::vector<Condition>& conditions, Condition condition, base::TimePoint now) {
  const auto existing = Locate(conditions, condition.type);
  if (existing == conditions.end()) {
    condition.last_transition_time = now;
    conditions.push_back(std::move(condition));
    return;
  }
  condition.last_transition_time = existing->status == condition.status ? existing->last_transition_time : now;
  *existing = std::move(condition);
}

const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = Locate(conditions, type);
  return found == conditions.end() ? nullptr : &*found;
}

bool IsTrue(const std::vector<Condition>& conditions, std::string_view type) {
  const Condition* condition = FindCondition(conditions, type);
  return condition != nullptr && condition->status == ConditionStatus::kTrue;
}

Json EncodeConditions(const std::vector<Condition>& conditions) {
  Json list = Json::array();
  for (const Condition& condition : conditions) {
    list.push_back({{"type", condition.type},
                    {"status", ConditionStatusName(condition.status)},
                    {"reason", condition.reason},
                    {"message", condition.message},
                    {"observedGeneration", condition.observed_generation},
                    {"lastTransitionTime", base::FormatTime(condition.last_transition_time)}});
  }
  return list;
}

std::vector<Condition> DecodeConditions(const Json& list) {
  std::vector<Condition> conditions;
  if (!list.is_array()) return conditions;
  for (const Json& item : list) {
    Condition condition;
    condition.type = TextOf(item, "type");
    if (condition.type.empty()) continue;
    condition.status = ParseStatus(TextOf(item, "status"));
    condition.reason = TextOf(item, "reason");
    condition.message = TextOf(item, "message");
    condition.observed_generation = IntegerOf(item, "observedGeneration");
    condition.last_transition_time = base::ParseTime(TextOf(item, "lastTransitionTime")).value_or(base::TimePoint());
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace ingressfleet::kube
