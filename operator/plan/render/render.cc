#include "plan/render/render.h"

#include <algorithm>

#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using Objects = std::vector<kube::Object>;

/// Of the revisions that run, or may run again, and of the one that is wanted; in the order of the registry.
std::vector<const Engine*> EnginesOf(const TierRendering& rendering) {
  std::vector<const Engine*> engines;
  for (const Engine* engine : AllEngines()) {
    const bool runs = std::any_of(rendering.bodies.begin(), rendering.bodies.end(),
                                  [&](const auto& body) { return body.second.engine == engine->name; });
    if (runs || rendering.desired.engine == engine->name) engines.push_back(engine);
  }
  return engines;
}

void AddIdentity(const ResolvedTier& tier, const TierRendering& rendering, Objects& objects) {
  objects.push_back(RenderServiceAccount(tier));
  for (kube::Object& object : RenderRbac(tier, EnginesOf(rendering))) objects.push_back(std::move(object));
}

/// The body of a slot that should exist, if it is known.
const RevisionBody* BodyOf(const TierRendering& rendering, Slot slot) {
  if (!rendering.want || (*rendering.want)[slot].action != upgrade::SlotAction::kEnsure) return nullptr;
  const auto found = rendering.bodies.find((*rendering.want)[slot].revision);
  return found == rendering.bodies.end() ? nullptr : &found->second;
}

void AddAccess(const ResolvedTier& tier, const TierRendering& rendering, Objects& objects) {
  objects.push_back(RenderLiveConfig(tier));
  for (const Slot slot : {Slot::kA, Slot::kB}) {
    const RevisionBody* body = BodyOf(rendering, slot);
    if (body == nullptr) continue;
    objects.push_back(RenderSettings(tier, slot, *body));
    objects.push_back(RenderStatusConfig(tier, slot));
  }
  if (tier.network_policy || tier.enforcement.network_policy) objects.push_back(RenderNetworkPolicy(tier));
}

void AddEntry(const ResolvedTier& tier, const TierRendering& rendering, Objects& objects) {
  if (!rendering.want) return;
  const upgrade::Want& want = *rendering.want;
  if (want.entry.action == upgrade::SlotAction::kEnsure) {
    kube::Object entry = RenderEntryService(tier, want.entry);
    const bool freeze = want.freeze_entry && rendering.live_entry != nullptr;
    objects.push_back(freeze ? FreezeEntryService(std::move(entry), *rendering.live_entry) : std::move(entry));
  }
  if (rendering.preview) objects.push_back(RenderPreviewService(tier, *rendering.preview));
}

void AddWorkloads(const ResolvedTier& tier, const TierRendering& rendering, Objects& objects) {
  for (const Slot slot : {Slot::kA, Slot::kB}) {
    const RevisionBody* body = BodyOf(rendering, slot);
    if (body == nullptr) continue;
    objects.push_back(RenderWorkload(tier, slot, *body, (*rendering.want)[slot]));
    // A budget cannot count a DaemonSet, which has no scale; a drain leaves its pods alone anyway.
    // https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors
    if (body->slot(slot).kind != kube::kDaemonSet.kind) objects.push_back(RenderDisruptionBudget(tier, slot));
  }
}

/// Zero default classes for a moment rather than two: two would silently route by the class objects' age.
void OrderClasses(Objects& classes) {
  std::stable_partition(classes.begin(), classes.end(), [](const kube::Object& ingress_class) {
    return ingress_class.Annotation(kDefaultClassAnnotation) != "true";
  });
}

}  // namespace

bool IsKept(const TierRendering& rendering, const kube::Object& object) {
  if (!rendering.want) return true;
  if (object.Kind() == kube::kControllerRevision.kind)
    return rendering.bodies.contains(std::string(object.Label(kRevisionLabel)));
  const std::string_view label = object.Label(kSlotLabel);
  for (const Slot slot : {Slot::kA, Slot::kB}) {
    if (label != SlotName(slot)) continue;
    const upgrade::SlotAction action = (*rendering.want)[slot].action;
    return action == upgrade::SlotAction::kKeep ||
           (action == upgrade::SlotAction::kEnsure && BodyOf(rendering, slot) == nullptr);
  }
  const bool is_entry =
      object.Kind() == kube::kService.kind && rendering.live_entry != nullptr && object.Key() == rendering.live_entry->Key();
  return is_entry && rendering.want->entry.action == upgrade::SlotAction::kKeep;
}

std::vector<DesiredStage> Render(const ResolvedFleet& fleet, const std::map<std::string, TierRendering>& renderings) {
  DesiredStage ns{"namespace", {RenderNamespace(fleet)}};
  DesiredStage identity{"identity", {}};
  DesiredStage access{"access", {}};
  DesiredStage classes{"class", {}};
  DesiredStage entry{"entry", {}};
  DesiredStage workload{"workload", {}};
  for (const ResolvedTier& tier : fleet.tiers) {
    const TierRendering& rendering = renderings.at(tier.name);
    AddIdentity(tier, rendering, identity.objects);
    identity.objects.push_back(RenderRevision(tier, rendering.desired));
    AddAccess(tier, rendering, access.objects);
    classes.objects.push_back(RenderIngressClass(tier));
    AddEntry(tier, rendering, entry.objects);
    AddWorkloads(tier, rendering, workload.objects);
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
