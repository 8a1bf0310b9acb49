#include "plan/decide.h"

namespace ingressfleet::plan {

TierDecision Decide(const ResolvedTier& tier, const ObservedTier& observed) {
  const bool exposed = observed.entry.traffic.value_or(Traffic::kNone) != Traffic::kNone;
  // An illegal selector is drift on an entry that was exposed before, so it is put back rather than emptied.
  const bool drifted = observed.entry.exists && !observed.entry.traffic;
  if (exposed || drifted || LiveConfigInForce(tier, observed.a)) return {.traffic = Traffic::kA};
  return {.traffic = Traffic::kNone};
}

}  // namespace ingressfleet::plan
