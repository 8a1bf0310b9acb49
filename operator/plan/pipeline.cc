#include "plan/pipeline.h"

#include <algorithm>
#include <set>

#include "api/decode.h"
#include "plan/ingress_status.h"
#include "plan/names.h"
#include "plan/preflight.h"
#include "plan/tier_input.h"
#include "plan/upgrade/machine.h"
#include "plan/upgrade/phase.h"
#include "plan/upgrade/train.h"

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

/// A budget without its workload guards nobody: it is what a deletion that was cut short has left.
bool IsOrphan(const kube::Object& object, const Snapshot& snapshot) {
  return object.Kind() == kube::kPodDisruptionBudget.kind &&
         snapshot.Find(kube::kDeployment, object.Namespace(), object.Name()) == nullptr;
}

ResolvedFleet WithProbeSources(const ResolvedFleet& specified, const Snapshot& snapshot, const TierStates& states) {
  ResolvedFleet fleet = specified;
  for (ResolvedTier& tier : fleet.tiers) {
    const auto state = states.find(tier.name);
    if (state != states.end()) tier = plan::WithProbeSources(std::move(tier), state->second, snapshot);
  }
  return fleet;
}

const upgrade::TierState& StateOf(const TierStates& states, const std::string& tier) {
  static const upgrade::TierState kNone;
  const auto found = states.find(tier);
  return found == states.end() ? kNone : found->second;
}

void DispatchTrain(const ResolvedFleet& fleet, const Snapshot& snapshot, const TierStates& states, Plan& plan) {
  const upgrade::TrainRules rules{.order = fleet.rollout.order,
                                  .max_concurrent = fleet.rollout.max_concurrent_tiers.value_or(1),
                                  .pause = std::chrono::seconds(fleet.rollout.pause_between_tiers_seconds.value_or(0))};
  std::vector<upgrade::TrainCar> cars;
  for (const auto& [name, part] : plan.advances) cars.push_back(upgrade::CarOf(part.input, StateOf(states, name)));
  for (const upgrade::Permission& permission : upgrade::Dispatch(rules, cars, snapshot.now)) {
    TierAdvance& advance = plan.advances.at(permission.name);
    advance.input.may_start = permission.may_start;
    advance.waiting = permission.reason;
  }
}

void DecideTier(const ResolvedTier& tier, const Snapshot& snapshot, const Knowledge& knowledge, Plan& plan) {
  const ObservedTier& observed = plan.observed.at(tier.name);
  TierAdvance& advance = plan.advances.at(tier.name);
  const auto found = knowledge.evidence.find(tier.name);
  upgrade::Evidence evidence = found == knowledge.evidence.end() ? upgrade::Evidence() : found->second;
  const upgrade::TierState& state = StateOf(knowledge.states, tier.name);
  evidence[upgrade::Probe::kPreflight] = Preflight(tier, observed, state, snapshot.now);
  advance.decision = upgrade::Advance(advance.input, SeenOf(tier, observed), state, evidence, snapshot.now);
  plan.states[tier.name] = advance.decision.state;
  plan.record = plan.record || advance.decision.record;
  const auto& wake = advance.decision.wake_at;
  if (wake && (!plan.next || *wake < *plan.next)) plan.next = wake;
}

/// Revisions that may be asked for again: what runs, and what can be gone back to.
std::set<std::string> Referenced(const upgrade::TierState& state) {
  std::set<std::string> hashes;
  for (const auto& ref : {state.serving, state.candidate, state.previous}) {
    if (ref) hashes.insert(ref->revision.hash);
  }
  for (const upgrade::HistoryEntry& entry : state.history) hashes.insert(entry.revision.hash);
  return hashes;
}

TierRendering RenderingOf(const ResolvedTier& tier, const RevisionBody& desired, const upgrade::Decision& decision,
                          const Snapshot& snapshot) {
  TierRendering rendering;
  rendering.want = decision.want;
  rendering.desired = desired;
  rendering.live_entry = snapshot.Find(kube::kService, tier.ns, EntryServiceName(tier.name));
  for (const std::string& hash : Referenced(decision.state)) {
    if (auto body = FindRevision(tier, desired, hash, snapshot)) rendering.bodies.emplace(hash, *std::move(body));
  }
  if (decision.want && decision.want->preview && decision.state.candidate) rendering.preview = decision.state.candidate->slot;
  return rendering;
}

}  // namespace

Resolution Accept(const kube::Object& fleet, const ClusterFacts& facts) {
  api::Decoded decoded = api::AcceptFleet(fleet);
  if (!decoded.fleet) return {{}, std::move(decoded.errors)};
  return Resolve(*decoded.fleet, facts);
}

ResolvedTier WithProbeSources(ResolvedTier tier, const upgrade::TierState& state, const Snapshot& snapshot) {
  if (!upgrade::RowOf(state.phase).forward) return tier;
  tier.probe_sources = snapshot.facts.operator_addresses;
  // While both slots are selected nobody knows which one a question reaches.
  std::vector<const Engine*> engines = EnginesOfSlots(tier, snapshot);
  engines.push_back(FindEngine(tier.controller.engine));
  tier.probes_claim =
      std::all_of(engines.begin(), engines.end(), [](const Engine* engine) { return engine->probes_claim_addresses; });
  return tier;
}

Knowledge KnowledgeOf(const kube::Object& fleet) { return {DecodeStates(api::DecodeStatus(fleet)), {}}; }

Plan MakePlan(const ResolvedFleet& specified, const Snapshot& snapshot, const Knowledge& knowledge) {
  Plan plan;
  plan.fleet = WithProbeSources(specified, snapshot, knowledge.states);
  const ResolvedFleet& fleet = plan.fleet;
  std::map<std::string, RevisionBody> desired;
  for (const ResolvedTier& tier : fleet.tiers) {
    const ObservedTier& observed = plan.observed.emplace(tier.name, Observe(tier, snapshot)).first->second;
    const RevisionBody& body = desired.emplace(tier.name, MakeRevision(tier)).first->second;
    plan.advances[tier.name].input = InputOf(fleet, tier, body, observed, snapshot);
  }
  DispatchTrain(fleet, snapshot, knowledge.states, plan);
  for (const ResolvedTier& tier : fleet.tiers) DecideTier(tier, snapshot, knowledge, plan);
  if (plan.record) return plan;

  std::map<std::string, TierRendering> renderings;
  for (const ResolvedTier& tier : fleet.tiers) {
    renderings.emplace(tier.name, RenderingOf(tier, desired.at(tier.name), plan.advances.at(tier.name).decision, snapshot));
  }
  plan.desired = Render(fleet, renderings);
  plan.difference = Diff(fleet.name, plan.desired, snapshot);
  plan.prune = PruneObjects(fleet.name, plan.desired, snapshot, fleet.force_removal, [&](const kube::Object& object) {
    const auto rendering = renderings.find(std::string(object.Label(kTierLabel)));
    return rendering != renderings.end() && IsKept(rendering->second, object) && !IsOrphan(object, snapshot);
  });
  plan.ingress_status = IngressStatusChanges(fleet, plan.observed, snapshot);
  return plan;
}

Plan MakeSettledPlan(const ResolvedFleet& fleet, const Snapshot& snapshot) {
  Knowledge knowledge = KnowledgeOf(*snapshot.fleet);
  Plan plan = MakePlan(fleet, snapshot, knowledge);
  while (plan.record) {
    knowledge.states = plan.states;
    plan = MakePlan(fleet, snapshot, knowledge);
  }
  return plan;
}

Prune MakeDeletionPlan(const Snapshot& snapshot) {
  const std::string fleet(snapshot.fleet->Name());
  // Read from the raw object: it counts even when the rest of the specification is invalid.
  const bool force = snapshot.fleet->Text("/spec/deletionPolicy") == "Force";
  effect::Stage marks = ClearDefaultMarks(fleet, snapshot);
  Prune prune = PruneObjects(fleet, {}, snapshot, force, nullptr);
  if (!marks.changes.empty()) prune.batch.stages = {std::move(marks)};
  return prune;
}

effect::Change FinalizerChange(const kube::Object& fleet, bool present) {
  kube::Object body(kube::kIngressFleet, "", fleet.Name());
  body.body()["metadata"]["uid"] = fleet.Uid();
  if (present) body.body()["metadata"]["finalizers"] = {kFinalizer};
  return {Verb::kApply,
          std::move(body),
          std::string(kObjectManager),
          "",
          present ? "guard its deletion" : "everything of it is gone",
          {}};
}

bool HasFinalizer(const kube::Object& fleet) {
  const kube::Json& finalizers = fleet.List("/metadata/finalizers");
  return std::find(finalizers.begin(), finalizers.end(), kFinalizer) != finalizers.end();
}

}  // namespace ingressfleet::plan
