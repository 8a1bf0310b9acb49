#include "plan/report/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/enums.h"
#include "plan/names.h"
#include "plan/report/fleet_conditions.h"

namespace ingressfleet::plan {
namespace {

constexpr std::size_t kNamesKept = 10;

/// The weightiest thing that the machine has to say: a warning first.
std::string Explain(const TierAdvance& advance) {
  const auto& notes = advance.decision.notes;
  const auto warning = std::find_if(notes.begin(), notes.end(), [](const upgrade::Note& note) { return note.warning; });
  if (warning != notes.end()) return warning->message;
  return notes.empty() ? std::string() : notes.front().message;
}

const api::TierStatus& PreviousTier(const api::FleetStatus& previous, const std::string& name) {
  static const api::TierStatus none;
  const auto found = std::find_if(previous.tiers.begin(), previous.tiers.end(),
                                  [&](const api::TierStatus& tier) { return tier.name == name; });
  return found == previous.tiers.end() ? none : *found;
}

/// The list that the ready proxies hold, when they agree; else nothing is claimed.
std::optional<std::vector<std::string>> RangesInForce(const ResolvedTier& tier, const ObservedSlot& slot) {
  if (!tier.enforcement.proxy || !LiveConfigInForce(tier, slot)) return std::nullopt;
  return slot.reports.empty() ? slot.fixed_ranges : slot.reports.front().allowed_source_ranges;
}

void KeepRecord(const api::TierStatus& previous, api::TierStatus& status) {
  status.serving = previous.serving;
  status.candidate = previous.candidate;
  status.previous = previous.previous;
  status.upgrade = previous.upgrade;
  status.failed_revisions = previous.failed_revisions;
  status.history = previous.history;
}

/// "0.1.0" of "HAProxy 0.1.0".
std::string VersionOf(const upgrade::TierState& state, const std::string& engine, const std::string& fallback) {
  if (!state.serving || !state.serving->revision.version.starts_with(engine + " ")) return fallback;
  return state.serving->revision.version.substr(engine.size() + 1);
}

api::TierStatus ComputeTier(const ReportInput& input, const ResolvedTier& tier, const api::FleetStatus& previous) {
  static const TierAdvance kUndecided;
  const ObservedTier& observed = input.observed.at(tier.name);
  const auto advance = input.advances.find(tier.name);
  const TierView view{tier,
                      observed,
                      advance == input.advances.end() ? kUndecided : advance->second,
                      PreviousTier(previous, tier.name),
                      input.fleet->generation,
                      input};
  api::TierStatus status;
  status.name = tier.name;
  if (advance == input.advances.end()) {
    KeepRecord(view.previous, status);
  } else {
    EncodeState(view.advance.decision.state, status);
    status.upgrade->message = Explain(view.advance);
    status.upgrade->candidate_share_percent = view.advance.decision.share_percent;
  }
  status.conditions = ComputeTierConditions(view);
  status.addresses = observed.entry.addresses;
  status.ingresses = static_cast<std::int64_t>(observed.ingresses.size());
  const ObservedSlot& serving = observed.slot(ServingSlotOf(view));
  status.replicas = serving.wanted;
  status.ready_replicas = serving.ready;
  status.image = serving.image;
  status.allowed_source_ranges = RangesInForce(tier, serving);
  status.engine = serving.engine.empty() ? std::string(api::EnumName(tier.controller.engine)) : serving.engine;
  const bool specified = serving.exists && serving.revision == view.advance.input.desired.hash;
  status.version =
      specified ? tier.controller.version : VersionOf(view.advance.decision.state, status.engine, view.previous.version);
  return status;
}

std::vector<std::string> ForeignDefaults(const Snapshot& snapshot, const std::string& fleet) {
  std::vector<std::string> foreign;
  for (const auto& [key, object] : snapshot.objects) {
    if (key.kind != kube::kIngressClass.kind || object->Annotation(kDefaultClassAnnotation) != "true") continue;
    if (object->Label(kFleetLabel) != fleet || object->Label(kManagedByLabel) != kManagedByValue) foreign.push_back(key.name);
  }
  return foreign;
}

/// The class that admission gives to an Ingress without one: the newest of the default ones, then the smallest name
/// (kubernetes plugin/pkg/admission/network/defaultingressclass).
std::string EffectiveDefault(const Snapshot& snapshot) {
  const kube::Object* effective = nullptr;
  for (const auto& [key, object] : snapshot.objects) {
    if (key.kind != kube::kIngressClass.kind || object->Annotation(kDefaultClassAnnotation) != "true") continue;
    if (effective == nullptr || object->CreatedAt() > effective->CreatedAt()) effective = object.get();
  }
  return effective == nullptr ? "" : std::string(effective->Name());
}

api::UnclassifiedStatus Unclassified(const Snapshot& snapshot) {
  api::UnclassifiedStatus unclassified;
  for (const kube::ObjectPtr& ingress : snapshot.ingresses) {
    if (!ClassOf(*ingress).empty()) continue;
    ++unclassified.count;
    if (unclassified.first.size() < kNamesKept) {
      unclassified.first.push_back(fmt::format("{}/{}", ingress->Namespace(), ingress->Name()));
    }
  }
  return unclassified;
}

/// The moment at which a bad condition of a tier will have lasted for its grace time.
std::optional<base::TimePoint> NextGraceEnd(const api::FleetStatus& status, base::TimePoint now) {
  std::optional<base::TimePoint> next;
  for (const api::TierStatus& tier : status.tiers) {
    for (const kube::Condition& condition : tier.conditions) {
      const base::TimePoint end = condition.last_transition_time + GraceOf(condition);
      if (!IsBad(condition) || end <= now) continue;
      if (!next || end < *next) next = end;
    }
  }
  return next;
}

void SetFleetConditions(const FleetView& view, api::FleetStatus& status) {
  for (kube::Condition& condition : ComputeFleetConditions(view)) {
    condition.observed_generation = status.observed_generation;
    kube::SetCondition(status.conditions, std::move(condition), view.input.snapshot->now);
  }
}

}  // namespace

Report ComputeReport(const ReportInput& input) {
  const Snapshot& snapshot = *input.snapshot;
  const api::FleetStatus previous = api::DecodeStatus(*snapshot.fleet);
  Report report;
  api::FleetStatus& status = report.status;
  status.observed_generation = input.fleet->generation;
  status.conditions = previous.conditions;
  status.default_class = {EffectiveDefault(snapshot), ForeignDefaults(snapshot, input.fleet->name)};
  status.unclassified = Unclassified(snapshot);
  status.conflicts = input.difference->conflicts;
  if (input.outcome != nullptr) {
    for (const effect::Failure& failure : input.outcome->failures) {
      if (failure.error.code == base::Code::kForeign) {
        status.conflicts.push_back({failure.change.Key().ToString(), failure.error.message});
      }
    }
  }
  for (const ResolvedTier& tier : input.fleet->tiers) status.tiers.push_back(ComputeTier(input, tier, previous));
  status.summary = api::Summarize(status.tiers);
  SetFleetConditions({input, status}, status);
  report.next = NextGraceEnd(status, snapshot.now);
  return report;
}

api::FleetStatus StatusWithStates(const kube::Object& fleet, const TierStates& states) {
  api::FleetStatus status = api::DecodeStatus(fleet);
  for (const auto& [name, state] : states) {
    auto found =
        std::find_if(status.tiers.begin(), status.tiers.end(), [&](const api::TierStatus& tier) { return tier.name == name; });
    if (found == status.tiers.end()) {
      found = status.tiers.emplace(status.tiers.end());
      found->name = name;
    }
    EncodeState(state, *found);
  }
  return status;
}

Report ReportRefusal(const Snapshot& snapshot, const api::FieldErrors& errors) {
  Report report;
  report.status = api::DecodeStatus(*snapshot.fleet);
  report.status.observed_generation = snapshot.fleet->Generation();
  kube::Condition accepted = RefusedCondition(errors);
  accepted.observed_generation = snapshot.fleet->Generation();
  kube::SetCondition(report.status.conditions, std::move(accepted), snapshot.now);
  return report;
}

kube::Object StatusObject(const kube::Object& fleet, const api::FleetStatus& status) {
  kube::Object object(kube::kIngressFleet, "", fleet.Name());
  // The status is the operator's memory: only the one who has read the newest may write the next.
  object.body()["metadata"]["uid"] = fleet.Uid();
  object.body()["metadata"]["resourceVersion"] = fleet.ResourceVersion();
  object.body()["status"] = api::EncodeStatus(status);
  return object;
}

}  // namespace ingressfleet::plan
