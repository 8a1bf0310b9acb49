#include "app/fleet_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/report/report.h"

namespace ingressfleet::app {
namespace {

using io::EventNote;
using kube::Condition;
using kube::ConditionStatus;

/// Conditions that are good news when they are False.
constexpr std::array<std::string_view, 3> kGoodWhenFalse{"Degraded", "Progressing", "DriftDetected"};

bool IsGood(const Condition& condition) {
  const bool inverted = std::find(kGoodWhenFalse.begin(), kGoodWhenFalse.end(), condition.type) != kGoodWhenFalse.end();
  return condition.status == (inverted ? ConditionStatus::kFalse : ConditionStatus::kTrue);
}

/// Work in progress is no warning, and what is not known yet is none either.
bool IsWarning(const Condition& condition) {
  return !IsGood(condition) && !plan::IsProgress(condition) && condition.status != ConditionStatus::kUnknown;
}

/// A state that is seen for the first time is where everything starts; only a verdict on the specification is news then.
bool IsNews(const Condition& condition, const Condition* before) {
  if (condition.type == "Accepted") return before == nullptr || before->message != condition.message;
  return before != nullptr && before->status != condition.status;
}

void RecordChanged(io::EventRecorder& events, const kube::Object& fleet, const std::string& subject,
                   const std::vector<Condition>& before, const std::vector<Condition>& after) {
  for (const Condition& condition : after) {
    if (!IsNews(condition, kube::FindCondition(before, condition.type))) continue;
    events.Record(fleet, {IsWarning(condition) ? EventNote::Type::kWarning : EventNote::Type::kNormal, condition.reason,
                          subject + condition.message});
  }
}

}  // namespace

void RecordTransitions(io::EventRecorder& events, const kube::Object& fleet, const api::FleetStatus& before,
                       const api::FleetStatus& after) {
  RecordChanged(events, fleet, "", before.conditions, after.conditions);
  for (const api::TierStatus& tier : after.tiers) {
    const auto previous = std::find_if(before.tiers.begin(), before.tiers.end(),
                                       [&](const api::TierStatus& each) { return each.name == tier.name; });
    static const std::vector<Condition> kNone;
    RecordChanged(events, fleet, fmt::format("tier {}: ", tier.name),
                  previous == before.tiers.end() ? kNone : previous->conditions, tier.conditions);
  }
}

void RecordWrites(io::EventRecorder& events, const kube::Object& fleet, const effect::Batch& batch,
                  const effect::Outcome& outcome) {
  for (const effect::Stage& stage : batch.stages) {
    for (const effect::Change& change : stage.changes) {
      if (change.reason.starts_with("drift: "))
        events.Record(fleet, {EventNote::Type::kNormal, "DriftRepaired", change.ToString()});
    }
  }
  for (const effect::Failure& failure : outcome.failures) {
    if (failure.error.code == base::Code::kCanceled || failure.error.code == base::Code::kConflict) continue;
    events.Record(
        fleet, {EventNote::Type::kWarning, fmt::format("Write{}", base::CodeName(failure.error.code)), failure.error.message});
  }
}

}  // namespace ingressfleet::app
