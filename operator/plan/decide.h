#pragma once
// Step 4 of the pipeline: what each tier's traffic should be.

#include <map>
#include <string>

#include "plan/observe.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {

/// First exposure: the entry Service selects nothing until the slot has a ready pod and all ready pods say that the access
/// list is in force; from then on the committed traffic stays. A tier is never taken out of traffic because its pods are
/// unwell: the selector is not a health check.
TierDecision Decide(const ResolvedTier& tier, const ObservedTier& observed);

}  // namespace ingressfleet::plan
