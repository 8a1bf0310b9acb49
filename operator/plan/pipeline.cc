#include "plan/pipeline.h"

#include <algorithm>

#include "api/decode.h"
#include "plan/decide.h"
#include "plan/ingress_status.h"
#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using effect::Change;
using effect::Verb;

/// Classes of the fleet without their default mark: from here on no new Ingress lands on them by omission.
effect::Stage ClearDefaultMarks(const std::string& fleet, const Snapshot& snapshot) {
  effect::Stage stage{"clear default mark", {}};
  for (const auto& [key, object] : snapshot.objects) {
    const bool ours = object->Label(kFleetLabel) == fleet && object->Label(kManagedByLabel) == kManagedByValue;
    if (key.kind != kube::kIngressClass.kind || !ours || object->Annotation(kDefaultClassAnnotation) != "true") continue;
    kube::Object body(kube::kIngressClass, "", key.name);
    body.body()["metadata"]["uid"] = object->Uid();
    body.body()["metadata"]["labels"] = TierLabels(fleet, object->Label(kTierLabel));
    body.body()["spec"] = {{"controller", object->Text("/spec/controller")}};
    stage.changes.push_back({Verb::kApply, std::move(body), std::string(kObjectManager), "", "the fleet is being deleted", {}});
  }
  return stage;
}

}  // namespace

Resolution Accept(const kube::Object& fleet, const ClusterFacts& facts) {
  api::Decoded decoded = api::AcceptFleet(fleet);
  if (!decoded.fleet) return {{}, std::move(decoded.errors)};
  return Resolve(*decoded.fleet, facts);
}

Plan MakePlan(const ResolvedFleet& fleet, const Snapshot& snapshot) {
  Plan plan;
  for (const ResolvedTier& tier : fleet.tiers) {
    const ObservedTier& observed = plan.observed.emplace(tier.name, Observe(tier, snapshot)).first->second;
    plan.decisions.emplace(tier.name, Decide(tier, observed));
  }
  plan.desired = Render(fleet, plan.decisions);
  plan.difference = Diff(fleet.name, plan.desired, snapshot);
  plan.prune = PruneObjects(fleet.name, plan.desired, snapshot, fleet.force_removal);
  plan.ingress_status = IngressStatusChanges(fleet, plan.observed, snapshot);
  return plan;
}

Prune MakeDeletionPlan(const Snapshot& snapshot) {
  const std::string fleet(snapshot.fleet->Name());
  // Read from the raw object: it counts even when the rest of the specification is invalid.
  const bool force = snapshot.fleet->Text("/spec/deletionPolicy") == "Force";
  effect::Stage marks = ClearDefaultMarks(fleet, snapshot);
  Prune prune = PruneObjects(fleet, {}, snapshot, force);
  if (!marks.changes.empty()) prune.batch.stages = {std::move(marks)};
  return prune;
}

effect::Change FinalizerChange(const kube::Object& fleet, bool present) {
  kube::Object body(kube::kIngressFleet, "", fleet.Name());
  body.body()["metadata"]["uid"] = fleet.Uid();
  if (present) body.body()["metadata"]["finalizers"] = {kFinalizer};
  return {Verb::kApply, std::move(body), std::string(kObjectManager), "",
          present ? "guard its deletion" : "everything of it is gone", {}};
}

bool HasFinalizer(const kube::Object& fleet) {
  const kube::Json& finalizers = fleet.List("/metadata/finalizers");
  return std::find(finalizers.begin(), finalizers.end(), kFinalizer) != finalizers.end();
}

}  // namespace ingressfleet::plan
