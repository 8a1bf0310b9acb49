#pragma once
// The Kubernetes kinds this project reads or writes: one row each. A new kind = one constant + one line in AllKinds().

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace ingressfleet::kube {

struct KindInfo {
  std::string_view api_version;  ///< "v1", "apps/v1"
  std::string_view kind;         ///< "Service"
  std::string_view plural;       ///< "services", as in the URL
  bool namespaced = true;

  /// "/api/v1", "/apis/apps/v1"
  std::string ApiPath() const;
  /// "" for the core group, else "apps"
  std::string_view Group() const;

  friend bool operator==(const KindInfo&, const KindInfo&) = default;
};

inline constexpr KindInfo kIngressFleet{"ingressfleet.io/v1alpha1", "IngressFleet", "ingressfleets", false};
inline constexpr KindInfo kNamespace{"v1", "Namespace", "namespaces", false};
inline constexpr KindInfo kNode{"v1", "Node", "nodes", false};
inline constexpr KindInfo kPod{"v1", "Pod", "pods"};
inline constexpr KindInfo kService{"v1", "Service", "services"};
inline constexpr KindInfo kServiceAccount{"v1", "ServiceAccount", "serviceaccounts"};
inline constexpr KindInfo kConfigMap{"v1", "ConfigMap", "configmaps"};
inline constexpr KindInfo kSecret{"v1", "Secret", "secrets"};
inline constexpr KindInfo kEvent{"v1", "Event", "events"};
inline constexpr KindInfo kDeployment{"apps/v1", "Deployment", "deployments"};
inline constexpr KindInfo kDaemonSet{"apps/v1", "DaemonSet", "daemonsets"};
inline constexpr KindInfo kControllerRevision{"apps/v1", "ControllerRevision", "controllerrevisions"};
inline constexpr KindInfo kEndpointSlice{"discovery.k8s.io/v1", "EndpointSlice", "endpointslices"};
inline constexpr KindInfo kIngress{"networking.k8s.io/v1", "Ingress", "ingresses"};
inline constexpr KindInfo kIngressClass{"networking.k8s.io/v1", "IngressClass", "ingressclasses", false};
inline constexpr KindInfo kNetworkPolicy{"networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"};
inline constexpr KindInfo kPodDisruptionBudget{"policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"};
inline constexpr KindInfo kRole{"rbac.authorization.k8s.io/v1", "Role", "roles"};
inline constexpr KindInfo kRoleBinding{"rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"};
inline constexpr KindInfo kClusterRole{"rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false};
inline constexpr KindInfo kClusterRoleBinding{"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings",
                                              false};
inline constexpr KindInfo kLease{"coordination.k8s.io/v1", "Lease", "leases"};

std::span<const KindInfo> AllKinds();
/// nullptr when the table has no such row.
const KindInfo* FindKind(std::string_view api_version, std::string_view kind);
/// By kind name alone (the names in the table are unique).
const KindInfo* FindKind(std::string_view kind);

}  // namespace ingressfleet::kube
