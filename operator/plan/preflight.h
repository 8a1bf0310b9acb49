#pragma once
// What can be known about a candidate before anything of it exists: evidence for the gate of phase Preflight. Pure.

#include "plan/observe.h"
#include "plan/upgrade/types.h"

namespace ingressfleet::plan {

/// About the candidate of `state`; unknown without one.
upgrade::Finding Preflight(const ResolvedTier& tier, const ObservedTier& observed, const upgrade::TierState& state,
                           base::TimePoint now);

}  // namespace ingressfleet::plan
