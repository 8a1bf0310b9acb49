#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

// At least a minute of watching, also when the record was rebuilt from an annotation that another clock has written.
Answer RetainOver(const Context& context) {
  const TierState& state = context.state;
  const Duration least = std::min<Duration>(context.tier.retain, std::chrono::seconds(60));
  const Duration left = state.retain_until ? *state.retain_until - state.phase_started_at : Duration(0);
  if (Due(context.now, context.evidence.transition, state.phase_started_at, std::max(least, left))) return Answer::Pass();
  return Answer::Wait(
      "Retaining",
      fmt::format("{} stays warm until {} for a rollback", state.previous ? context.Name(state.previous->slot) : "",
                  state.retain_until ? base::FormatTime(*state.retain_until) : "a minute from now"));
}

// Asked now, not remembered: the operator may have been away for a week.
Answer ServingHealthy(const Context& context) {
  const std::int64_t need = std::max<std::int64_t>(1, context.tier.replicas);
  if (context.Serving().ready >= need) return Answer::Pass();
  return Answer::Wait("ServingNotReady", fmt::format("{} has {} of {} ready pods; the former slot stays", context.ServingName(),
                                                     context.Serving().ready, need));
}

Answer PreviousDrained(const Context& context) {
  if (context.Previous().pods == 0 && context.Previous().wanted == 0) return Answer::Pass();
  return Answer::Wait("Draining", fmt::format("{} has {} pods that finish their connections",
                                              context.state.previous ? context.Name(context.state.previous->slot) : "",
                                              context.Previous().pods));
}

Answer EntrySelectsServing(const Context& context) {
  if (context.seen.entry.exists && context.state.serving && context.seen.entry.traffic == Only(context.state.serving->slot)) {
    return Answer::Pass();
  }
  return Answer::Wait("SelectorDrift",
                      fmt::format("Service {} does not select {} only", context.EntryName(), context.ServingName()));
}

constexpr Gate kRetain[] = {
    {"retain-over", "retainSeconds have passed", RetainOver},
    {"serving-healthy", "the serving slot has all its pods ready now", ServingHealthy},
    {"entry-selects-serving", "the entry selects the serving slot only", EntrySelectsServing},
    {"slices-only-selected", "the former slot is in no slice", OnlySelectedInSlices},
};
constexpr Gate kDrain[] = {{"previous-drained", "the former slot has no pod left", PreviousDrained}};
constexpr Gate kFinalize[] = {{"slot-gone", "the former slot and the preview Service are gone", OtherSlotGone}};
constexpr GateGroup kGroups[] = {{Chain::kRetain, kRetain}, {Chain::kDrain, kDrain}, {Chain::kFinalize, kFinalize}};

}  // namespace

std::span<const GateGroup> RetireGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
