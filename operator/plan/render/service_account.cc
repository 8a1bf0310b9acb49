#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {

kube::Object RenderServiceAccount(const ResolvedTier& tier) {
  return TierObject(kube::kServiceAccount, tier, TierObjectName(tier));
}

}  // namespace ingressfleet::plan
