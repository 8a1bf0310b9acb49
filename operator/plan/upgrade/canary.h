#pragma once
// Canary by ready endpoints: one Service spreads new connections evenly over its endpoints, so the number of pods is the
// weight. The serving slot keeps its size (it is the way back), so shares above one half cost extra candidate pods.

#include <cstdint>

#include "plan/upgrade/types.h"

namespace ingressfleet::plan::upgrade {

/// Candidate pods may be at most this many times the tier's replicas; a higher weight is realised only as far as that goes.
inline constexpr std::int64_t kCanaryMaxFactor = 2;

/// Pods that come nearest to `weight` percent beside `serving` pods; at least 1.
std::int64_t CanaryReplicas(std::int64_t serving, int weight);
/// What new connections really see: the candidate's part of the ready endpoints behind the entry, in percent, rounded.
std::int64_t SharePercent(std::int64_t serving_endpoints, std::int64_t candidate_endpoints);
/// Pods that the candidate needs in this state: a step's share, or as many as the serving slot has.
std::int64_t CandidateNeed(const TierInput& tier, const SlotsSeen& seen, const TierState& state);

}  // namespace ingressfleet::plan::upgrade
