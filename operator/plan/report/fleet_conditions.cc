#include "plan/report/fleet_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using kube::Condition;
using kube::ConditionStatus;

constexpr std::size_t kErrorsShown = 5;

Condition Make(std::string_view type, ConditionStatus status, std::string_view reason, std::string message) {
  return {std::string(type), status, std::string(reason), std::move(message), 0, {}};
}

Condition Accepted(const FleetView&) { return Make("Accepted", ConditionStatus::kTrue, "Valid", "the specification is valid"); }

/// "private, public" of the tiers for which `pick` holds.
template <class Pick>
std::vector<std::string> TiersWhere(const api::FleetStatus& status, Pick pick) {
  std::vector<std::string> names;
  for (const api::TierStatus& tier : status.tiers) {
    if (pick(tier)) names.push_back(tier.name);
  }
  return names;
}

bool IsServing(const api::TierStatus& tier) {
  return kube::IsTrue(tier.conditions, "WorkloadAvailable") && kube::IsTrue(tier.conditions, "EntryReady") &&
         kube::IsTrue(tier.conditions, "ClassReady");
}

/// The first condition, in the order of the tier's list, that explains why the tier does not serve.
std::string WhyNotServing(const api::TierStatus& tier) {
  for (const std::string_view type : {"WorkloadAvailable", "EntryReady", "ClassReady"}) {
    const Condition* condition = kube::FindCondition(tier.conditions, type);
    if (condition != nullptr && condition->status != ConditionStatus::kTrue) return condition->message;
  }
  return {};
}

Condition Available(const FleetView& view) {
  const auto waiting = TiersWhere(view.status, [](const auto& tier) { return !IsServing(tier); });
  if (waiting.empty()) {
    return Make("Available", ConditionStatus::kTrue, "AllTiersServing",
                fmt::format("{} tiers serve: {}", view.status.tiers.size(), view.status.summary.tiers));
  }
  const auto first = std::find_if(view.status.tiers.begin(), view.status.tiers.end(),
                                  [&](const auto& tier) { return tier.name == waiting.front(); });
  return Make("Available", ConditionStatus::kFalse, "TiersNotServing",
              fmt::format("not serving: {}; {}: {}", fmt::join(waiting, ", "), first->name, WhyNotServing(*first)));
}

std::string BlockedText(const std::vector<Removal>& blocked) {
  std::vector<std::string> parts;
  for (const Removal& removal : blocked) {
    parts.push_back(fmt::format("tier {} is still used by {} Ingresses ({}{})", removal.tier, removal.users.size(),
                                removal.users.front(), removal.users.size() > 1 ? ", …" : ""));
  }
  return fmt::format("{}; move or delete them, or set spec.deletionPolicy to Force", fmt::join(parts, "; "));
}

Condition Progressing(const FleetView& view) {
  if (view.input.fleet->paused)
    return Make("Progressing", ConditionStatus::kFalse, "Paused", "spec.paused is true: nothing is written");
  if (view.input.fleet->deleting) {
    const auto& blocked = view.input.prune->blocked;
    return Make("Progressing", ConditionStatus::kTrue, blocked.empty() ? "Deleting" : "DeletionWaiting",
                blocked.empty() ? "the fleet is being deleted" : BlockedText(blocked));
  }
  const auto rolling =
      TiersWhere(view.status, [](const auto& tier) { return !kube::IsTrue(tier.conditions, "RolledOut") || !IsServing(tier); });
  if (!rolling.empty()) {
    return Make("Progressing", ConditionStatus::kTrue, "RollingOut", fmt::format("working on: {}", fmt::join(rolling, ", ")));
  }
  return Make("Progressing", ConditionStatus::kFalse, "Complete", "everything is as declared");
}

Condition Degraded(const FleetView& view) {
  if (!view.status.conflicts.empty()) {
    const api::Conflict& conflict = view.status.conflicts.front();
    return Make("Degraded", ConditionStatus::kTrue, "Conflict", fmt::format("{} {}", conflict.object, conflict.message));
  }
  if (!view.input.prune->blocked.empty() && !view.input.fleet->deleting) {
    return Make("Degraded", ConditionStatus::kTrue, "RemovalWaiting", BlockedText(view.input.prune->blocked));
  }
  for (const api::TierStatus& tier : view.status.tiers) {
    for (const Condition& condition : tier.conditions) {
      const bool lasting = condition.last_transition_time + GraceOf(condition) <= view.input.snapshot->now;
      if (IsBad(condition) && lasting) {
        return Make("Degraded", ConditionStatus::kTrue, condition.reason,
                    fmt::format("tier {}: {}", tier.name, condition.message));
      }
    }
  }
  return Make("Degraded", ConditionStatus::kFalse, "AsExpected", "nothing is wrong");
}

Condition DefaultClassSafe(const FleetView& view) {
  constexpr std::string_view kType = "DefaultClassSafe";
  const api::DefaultClassStatus& default_class = view.status.default_class;
  if (!default_class.foreign.empty()) {
    return Make(
        kType, ConditionStatus::kFalse, "ForeignDefault",
        fmt::format("IngressClass {} is marked as default by somebody else; Ingresses without a class now get \"{}\". Remove "
                    "the annotation {} from it",
                    fmt::join(default_class.foreign, ", "), default_class.effective, kDefaultClassAnnotation));
  }
  if (default_class.effective.empty()) {
    const bool wanted = !view.input.fleet->default_tier.empty();
    return Make(kType, wanted ? ConditionStatus::kUnknown : ConditionStatus::kTrue, wanted ? "NotYetMarked" : "NoDefault",
                "no class is the default: Ingresses without a class are served by nobody");
  }
  return Make(kType, ConditionStatus::kTrue, "OnlyOurs",
              fmt::format("Ingresses without a class get \"{}\"", default_class.effective));
}

constexpr std::array kFleetConditions{Accepted, Available, Progressing, Degraded, DefaultClassSafe};

}  // namespace

std::vector<Condition> ComputeFleetConditions(const FleetView& view) {
  std::vector<Condition> conditions;
  for (const auto& compute : kFleetConditions) conditions.push_back(compute(view));
  return conditions;
}

Condition RefusedCondition(const api::FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const api::FieldError& error : errors) {
    if (texts.size() < kErrorsShown) texts.push_back(error.ToString());
  }
  if (errors.size() > kErrorsShown) texts.push_back(fmt::format("and {} more", errors.size() - kErrorsShown));
  return Make("Accepted", ConditionStatus::kFalse, "Invalid",
              fmt::format("{}. What runs is left as it is", fmt::join(texts, "; ")));
}

}  // namespace ingressfleet::plan
