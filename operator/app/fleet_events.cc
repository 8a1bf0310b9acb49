#include "app/fleet_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

/// Work in progress is no warning, and neither is a tier that is only just coming up.
bool IsWarning(const Condition& condition, const Condition* before) {
  return !IsGood(condition) && condition.type != "Progressing" && before != nullptr &&
         condition.status != ConditionStatus::kUnknown;
}

void RecordChanged(io::EventRecorder& events, const kube::Object& fleet, const std::string& subject,
                   const std::vector<Condition>& before, const std::vector<Condition>& after) {
  for (const Condition& condition : after) {
    const Condition* previous = kube::FindCondition(before, condition.type);
    if (previous != nullptr && previous->status == condition.status && previous->reason == condition.reason) continue;
    const bool refused = condition.type == "Accepted" && condition.status == ConditionStatus::kFalse;
    const bool warning = refused || IsWarning(condition, previous);
    events.Record(fleet, {warning ? EventNote::Type::kWarning : EventNote::Type::kNormal, condition.type + condition.reason,
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
    RecordChanged(events, fleet, fmt::format("tier {}: ", tier.name), previous == before.tiers.end() ? kNone : previous->conditions,
                  tier.conditions);
  }
}

void RecordWrites(io::EventRecorder& events, const kube::Object& fleet, const effect::Batch& batch,
                  const effect::Outcome& outcome) {
  for (const effect::Stage& stage : batch.stages) {
    for (const effect::Change& change : stage.changes) {
      if (change.reason.starts_with("drift: ")) events.Record(fleet, {EventNote::Type::kNormal, "DriftRepaired", change.ToString()});
    }
  }
  for (const effect::Failure& failure : outcome.failures) {
    if (failure.error.code == base::Code::kCanceled) continue;
    events.Record(fleet, {EventNote::Type::kWarning, fmt::format("Write{}", base::CodeName(failure.error.code)), failure.error.message});
  }
}

}  // namespace ingressfleet::app
