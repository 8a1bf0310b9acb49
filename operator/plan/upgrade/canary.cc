#include "plan/upgrade/canary.h"

#include <algorithm>

#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {
namespace {

bool AtFullSize(const TierInput& tier, const TierState& state) {
  if (state.strategy != Strategy::kCanary || state.rollback_run || tier.steps.empty()) return true;
  if (state.phase == Phase::kShift) return static_cast<std::size_t>(state.step) >= tier.steps.size();
  return state.phase > Phase::kShift;
}

}  // namespace

std::int64_t CanaryReplicas(std::int64_t serving, int weight) {
  const std::int64_t bounded = std::clamp(weight, 1, 99);
  const std::int64_t pods = (serving * bounded + (100 - bounded) / 2) / (100 - bounded);
  return std::clamp<std::int64_t>(pods, 1, std::max<std::int64_t>(1, serving * kCanaryMaxFactor));
}

std::int64_t SharePercent(std::int64_t serving_endpoints, std::int64_t candidate_endpoints) {
  const std::int64_t all = serving_endpoints + candidate_endpoints;
  return all == 0 ? 0 : (candidate_endpoints * 100 + all / 2) / all;
}

std::int64_t CandidateNeed(const TierInput& tier, const SlotsSeen& seen, const TierState& state) {
  // The slices too: `ready` is 0 while the workload's controller has not caught up with a change of its size.
  const SlotSeen none;
  const SlotSeen& slot = state.serving ? seen[state.serving->slot] : none;
  const std::int64_t serving = std::max(slot.ready, slot.in_slices);
  const std::int64_t full = std::max({std::int64_t{1}, tier.replicas, serving});
  if (AtFullSize(tier, state)) return full;
  const std::size_t step = state.phase == Phase::kShift ? static_cast<std::size_t>(state.step) : 0;
  return CanaryReplicas(full, tier.steps[step].weight);
}

}  // namespace ingressfleet::plan::upgrade
