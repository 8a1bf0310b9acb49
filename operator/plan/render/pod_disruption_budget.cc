#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {

kube::Object RenderDisruptionBudget(const ResolvedTier& tier, Slot slot) {
  kube::Object budget = SlotObject(kube::kPodDisruptionBudget, tier, slot, SlotObjectName(tier, slot));
  // Unhealthy pods never block the drain of a node: they serve nobody.
  budget.body()["spec"] = {{"maxUnavailable", 1},
                           {"unhealthyPodEvictionPolicy", "AlwaysAllow"},
                           {"selector", {{"matchLabels", SlotSelector(tier.fleet, tier.name, slot)}}}};
  return budget;
}

}  // namespace ingressfleet::plan
