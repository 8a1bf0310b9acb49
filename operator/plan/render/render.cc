#include "plan/render/render.h"

#include <algorithm>

#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using Objects = std::vector<kube::Object>;

void AddIdentity(const ResolvedTier& tier, Objects& objects) {
  objects.push_back(RenderServiceAccount(tier));
  for (kube::Object& object : RenderRbac(tier)) objects.push_back(std::move(object));
}

void AddAccess(const ResolvedTier& tier, const TierDecision& decision, Objects& objects) {
  objects.push_back(RenderLiveConfig(tier));
  for (const Slot slot : decision.slots) {
    objects.push_back(RenderSettings(tier, slot));
    objects.push_back(RenderStatusConfig(tier, slot));
  }
  if (tier.network_policy || tier.enforcement.network_policy) objects.push_back(RenderNetworkPolicy(tier));
}

void AddWorkloads(const ResolvedTier& tier, const TierDecision& decision, Objects& objects) {
  for (const Slot slot : decision.slots) {
    objects.push_back(RenderWorkload(tier, slot));
    objects.push_back(RenderDisruptionBudget(tier, slot));
  }
}

/// Zero default classes for a moment rather than two: two would silently route by the class objects' age.
void OrderClasses(Objects& classes) {
  std::stable_partition(classes.begin(), classes.end(), [](const kube::Object& ingress_class) {
    return ingress_class.Annotation(kDefaultClassAnnotation) != "true";
  });
}

}  // namespace

std::vector<DesiredStage> Render(const ResolvedFleet& fleet, const std::map<std::string, TierDecision>& decisions) {
  DesiredStage ns{"namespace", {RenderNamespace(fleet)}};
  DesiredStage identity{"identity", {}};
  DesiredStage access{"access", {}};
  DesiredStage classes{"class", {}};
  DesiredStage entry{"entry", {}};
  DesiredStage workload{"workload", {}};
  for (const ResolvedTier& tier : fleet.tiers) {
    const auto found = decisions.find(tier.name);
    const TierDecision decision = found == decisions.end() ? TierDecision() : found->second;
    AddIdentity(tier, identity.objects);
    AddAccess(tier, decision, access.objects);
    classes.objects.push_back(RenderIngressClass(tier));
    entry.objects.push_back(RenderEntryService(tier, decision.traffic));
    AddWorkloads(tier, decision, workload.objects);
  }
  OrderClasses(classes.objects);
  return {std::move(ns), std::move(identity), std::move(access), std::move(classes), std::move(entry), std::move(workload)};
}

kube::Object TierObject(const kube::KindInfo& kind, const ResolvedTier& tier, const std::string& name) {
  kube::Object object(kind, tier.ns, name);
  object.body()["metadata"]["labels"] = TierLabels(tier.fleet, tier.name);
  return object;
}

kube::Object SlotObject(const kube::KindInfo& kind, const ResolvedTier& tier, Slot slot, const std::string& name) {
  kube::Object object = TierObject(kind, tier, name);
  object.body()["metadata"]["labels"][std::string(kSlotLabel)] = SlotName(slot);
  return object;
}

}  // namespace ingressfleet::plan
