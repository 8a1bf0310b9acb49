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

std::vector<kube::Object> RenderRbac(const ResolvedTier& tier, const std::vector<const Engine*>& engines) {
  Json cluster_rules = Json::array();
  Json namespace_rules = Json::array();
  for (const Engine* engine : engines) {
    for (const Json& rule : engine->cluster_rules(tier)) cluster_rules.push_back(rule);
    for (const Json& rule : engine->namespace_rules(tier)) namespace_rules.push_back(rule);
  }

  kube::Object cluster_role = TierObject(kube::kClusterRole, tier, ClusterRoleName(tier));
  cluster_role.body()["rules"] = std::move(cluster_rules);
  kube::Object cluster_binding = TierObject(kube::kClusterRoleBinding, tier, ClusterRoleName(tier));
  cluster_binding.body()["roleRef"] = RoleReference(kube::kClusterRole.kind, ClusterRoleName(tier));
  cluster_binding.body()["subjects"] = Subjects(tier);

  kube::Object role = TierObject(kube::kRole, tier, TierObjectName(tier));
  role.body()["rules"] = std::move(namespace_rules);
  kube::Object binding = TierObject(kube::kRoleBinding, tier, TierObjectName(tier));
  binding.body()["roleRef"] = RoleReference(kube::kRole.kind, TierObjectName(tier));
  binding.body()["subjects"] = Subjects(tier);

  return {std::move(cluster_role), std::move(cluster_binding), std::move(role), std::move(binding)};
}

}  // namespace ingressfleet::plan
