// HostNetwork: pods listen on ports of their node, without a Service in between. The entry Service (ClusterIP) exists
// all the same: its selector is the commit point of every upgrade, and in-cluster clients use it.

#include <fmt/format.h>

#include "plan/exposure/parts.h"

namespace ingressfleet::plan {
namespace {

constexpr std::int64_t kHttpPort = 80;
constexpr std::int64_t kHttpsPort = 443;

ExposureResult Resolve(const ExposureRequest& request) {
  const api::Tier& tier = TierOf(request);
  const api::HostNetwork ports = tier.publishing.host_network.value_or(api::HostNetwork{});
  ExposureResult result;
  result.listeners = PodListeners(tier);
  result.listeners.host_network = true;
  result.listeners.http_port = ports.http_port.value_or(kHttpPort);
  result.listeners.https_port = ports.https_port.value_or(kHttpsPort);
  result.enforcement = EnforcementWithoutBalancer(tier);
  // A pod of the host's network has the node's address: a NetworkPolicy does not select it.
  // https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods
  result.enforcement.network_policy = false;
  return result;
}

api::FieldErrors Validate(const ExposureRequest& request, const std::string& path) {
  const ExposureResult result = Resolve(request);
  api::FieldErrors errors;
  if (result.listeners.http_port == result.listeners.https_port) {
    errors.push_back({.type = api::FieldError::Type::kDuplicate,
                      .path = path + ".publishing.hostNetwork.httpsPort",
                      .value = fmt::format("{}", result.listeners.https_port),
                      .detail = "must differ from hostNetwork.httpPort"});
  }
  CheckListIsHeld(request, result.enforcement, path, errors);
  return errors;
}

std::vector<std::string> Notices(const ExposureRequest& request) {
  const api::Tier& tier = TierOf(request);
  if (!tier.access.enforcement || !AsksFor(tier, api::EnforcementLayer::kNetworkPolicy)) return {};
  return {
      "A NetworkPolicy does not apply to pods in the host's network, so that layer does not hold the access list; the "
      "proxy does, and a firewall on the nodes can."};
}

}  // namespace

extern const Exposure kHostNetworkExposure{
    .type = api::PublishingType::kHostNetwork,
    .name = "HostNetwork",
    .resolve = Resolve,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
