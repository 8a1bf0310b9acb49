#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "plan/diff/diff.h"
#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using effect::Change;
using effect::Verb;

/// Which kinds go in which stage. A kind that stands in no row is never deleted; the namespace is such a kind, because it may
/// hold what others put there (Secrets with certificates, for one).
struct DeletionStage {
  std::string_view name;
  std::vector<std::string_view> kinds;
};

const std::array<DeletionStage, 4>& DeletionOrder() {
  static const std::array<DeletionStage, 4> order{{
      {"remove workload", {kube::kDeployment.kind, kube::kDaemonSet.kind, kube::kPodDisruptionBudget.kind}},
      {"remove identity",
       {kube::kNetworkPolicy.kind, kube::kConfigMap.kind, kube::kControllerRevision.kind, kube::kRoleBinding.kind,
        kube::kRole.kind, kube::kClusterRoleBinding.kind, kube::kClusterRole.kind, kube::kServiceAccount.kind}},
      {"remove entry", {kube::kService.kind}},
      {"remove class", {kube::kIngressClass.kind}},
  }};
  return order;
}

std::size_t StageOf(std::string_view kind) {
  const auto& order = DeletionOrder();
  const auto* const found = std::find_if(order.begin(), order.end(), [&](const DeletionStage& stage) {
    return std::find(stage.kinds.begin(), stage.kinds.end(), kind) != stage.kinds.end();
  });
  return static_cast<std::size_t>(found - order.begin());
}

Change Deletion(const kube::Object& live) {
  const kube::KindInfo* kind = kube::FindKind(live.Kind());
  kube::Object target(*kind, live.Namespace(), live.Name());
  target.body()["metadata"]["uid"] = live.Uid();
  target.body()["metadata"]["resourceVersion"] = live.ResourceVersion();
  return {Verb::kDelete, std::move(target), "", "", "no longer wanted", {}};
}

/// Ingresses that keep a tier from being removed: those of the classes that would go with it.
std::map<std::string, Removal> Users(const std::vector<kube::ObjectPtr>& leftovers, const Snapshot& snapshot) {
  std::map<std::string, Removal> users;
  for (const kube::ObjectPtr& object : leftovers) {
    if (object->Kind() != kube::kIngressClass.kind) continue;
    std::vector<std::string> names = IngressesOf(snapshot, object->Name());
    if (names.empty()) continue;
    Removal& removal = users[std::string(object->Label(kTierLabel))];
    removal.tier = object->Label(kTierLabel);
    removal.users.insert(removal.users.end(), names.begin(), names.end());
  }
  return users;
}

std::vector<kube::ObjectPtr> Leftovers(const std::string& fleet, const std::vector<DesiredStage>& desired,
                                       const Snapshot& snapshot, const KeepFunction& keep) {
  std::set<kube::ObjectKey> wanted;
  for (const DesiredStage& stage : desired) {
    for (const kube::Object& object : stage.objects) wanted.insert(object.Key());
  }
  std::vector<kube::ObjectPtr> leftovers;
  for (const auto& [key, object] : snapshot.objects) {
    const bool ours = object->Label(kManagedByLabel) == kManagedByValue && object->Label(kFleetLabel) == fleet;
    const bool removable = ours && !wanted.contains(key) && StageOf(key.kind) < DeletionOrder().size();
    if (removable && (keep == nullptr || !keep(*object))) leftovers.push_back(object);
  }
  return leftovers;
}

using Stages = std::array<effect::Stage, 4>;

/// The first stage of one tier that is not over yet.
void AddFirstStage(const std::vector<kube::ObjectPtr>& leftovers, Stages& stages) {
  std::size_t first = DeletionOrder().size();
  for (const kube::ObjectPtr& object : leftovers) first = std::min(first, StageOf(object->Kind()));
  for (const kube::ObjectPtr& object : leftovers) {
    if (StageOf(object->Kind()) == first && !object->IsDeleting()) stages[first].changes.push_back(Deletion(*object));
  }
}

}  // namespace

Prune PruneObjects(const std::string& fleet, const std::vector<DesiredStage>& desired, const Snapshot& snapshot, bool force,
                   const KeepFunction& keep) {
  const std::vector<kube::ObjectPtr> leftovers = Leftovers(fleet, desired, snapshot, keep);
  const auto users = force ? std::map<std::string, Removal>() : Users(leftovers, snapshot);

  Prune prune;
  prune.pending = !leftovers.empty();
  for (const auto& [tier, removal] : users) prune.blocked.push_back(removal);
  std::map<std::string, std::vector<kube::ObjectPtr>> by_tier;
  for (const kube::ObjectPtr& object : leftovers) {
    std::string tier(object->Label(kTierLabel));
    if (!users.contains(tier)) by_tier[std::move(tier)].push_back(object);
  }
  Stages stages;
  for (const auto& [tier, objects] : by_tier) AddFirstStage(objects, stages);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].changes.empty()) continue;
    stages[i].name = DeletionOrder()[i].name;
    prune.batch.stages.push_back(std::move(stages[i]));
  }
  return prune;
}

}  // namespace ingressfleet::plan
