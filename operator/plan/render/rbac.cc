#include "plan/engine/engine.h"
#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

Json Subjects(const ResolvedTier& tier) {
  return {{{"kind", "ServiceAccount"}, {"name", TierObjectName(tier)}, {"namespace", tier.ns}}};
}

Json RoleReference(std::string_view kind, const std::string& name) {
  return {{"apiGroup", kube::kRole.Group()}, {"kind", kind}, {"name", name}};
}

}  // namespace

std::vector<kube::Object> RenderRbac(const ResolvedTier& tier) {
  const Engine& engine = *FindEngine(tier.controller.engine);

  kube::Object cluster_role = TierObject(kube::kClusterRole, tier, ClusterRoleName(tier));
  cluster_role.body()["rules"] = engine.cluster_rules(tier);
  kube::Object cluster_binding = TierObject(kube::kClusterRoleBinding, tier, ClusterRoleName(tier));
  cluster_binding.body()["roleRef"] = RoleReference(kube::kClusterRole.kind, ClusterRoleName(tier));
  cluster_binding.body()["subjects"] = Subjects(tier);

  kube::Object role = TierObject(kube::kRole, tier, TierObjectName(tier));
  role.body()["rules"] = engine.namespace_rules(tier);
  kube::Object binding = TierObject(kube::kRoleBinding, tier, TierObjectName(tier));
  binding.body()["roleRef"] = RoleReference(kube::kRole.kind, TierObjectName(tier));
  binding.body()["subjects"] = Subjects(tier);

  return {std::move(cluster_role), std::move(cluster_binding), std::move(role), std::move(binding)};
}

}  // namespace ingressfleet::plan
