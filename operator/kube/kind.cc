#include "kube/kind.h"

namespace ingressfleet::kube {
namespace {

constexpr std::array kKinds{
    kIngressFleet, kNamespace,          kNode,          kPod,
    kService,      kServiceAccount,     kConfigMap,     kSecret,
    kEvent,        kDeployment,         kDaemonSet,     kEndpointSlice,
    kIngress,      kIngressClass,       kNetworkPolicy, kPodDisruptionBudget,
    kRole,         kRoleBinding,        kClusterRole,   kClusterRoleBinding,
    kLease,        kControllerRevision,
};

}  // namespace

std::string KindInfo::ApiPath() const {
  const bool core = api_version.find('/') == std::string_view::npos;
  return (core ? "/api/" : "/apis/") + std::string(api_version);
}

std::string_view KindInfo::Group() const {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

std::span<const KindInfo> AllKinds() { return kKinds; }

const KindInfo* FindKind(std::string_view api_version, std::string_view kind) {
  for (const KindInfo& row : kKinds) {
    if (row.api_version == api_version && row.kind == kind) return &row;
  }
  return nullptr;
}

const KindInfo* FindKind(std::string_view kind) {
  for (const KindInfo& row : kKinds) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace ingressfleet::kube
