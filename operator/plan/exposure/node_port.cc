// NodePort: fixed ports on every node, for a load balancer that Kubernetes knows nothing about. Node ports answer to
// everybody who reaches a node (kube-proxy applies no source ranges to them), so the proxy holds the access list.

#include <fmt/format.h>

#include "plan/exposure/parts.h"

namespace ingressfleet::plan {
namespace {

ExposureResult Resolve(const ExposureRequest& request) {
  const api::Tier& tier = TierOf(request);
  const api::NodePort ports = tier.publishing.node_port.value_or(api::NodePort{});
  ExposureResult result;
  result.entry.type = "NodePort";
  result.entry.external_traffic_policy = ExternalTrafficPolicyOf(tier);
  result.entry.http_node_port = ports.http.value_or(0);
  result.entry.https_node_port = ports.https.value_or(0);
  result.listeners = PodListeners(tier);
  result.enforcement = EnforcementWithoutBalancer(tier);
  return result;
}

api::FieldErrors Validate(const ExposureRequest& request, const std::string& path) {
  const ExposureResult result = Resolve(request);
  api::FieldErrors errors;
  if (result.entry.https_node_port != 0 && result.entry.http_node_port == result.entry.https_node_port) {
    errors.push_back({.type = api::FieldError::Type::kDuplicate,
                      .path = path + ".publishing.nodePort.https",
                      .value = fmt::format("{}", result.entry.https_node_port),
                      .detail = "must differ from nodePort.http"});
  }
  CheckListIsHeld(request, result.enforcement, path, errors);
  return errors;
}

std::vector<std::string> Notices(const ExposureRequest& request) {
  const api::Publishing& publishing = TierOf(request).publishing;
  if (publishing.external_traffic_policy != api::ExternalTrafficPolicy::kCluster) return {};
  if (publishing.protocol == api::ListenerProtocol::kPROXY) return {};
  return {
      "externalTrafficPolicy Cluster lets nodes replace the client's address by their own, so the proxy's access list "
      "and "
      "the access log see nodes; use Local, or let the balancer in front send the PROXY header (protocol PROXY)."};
}

}  // namespace

extern const Exposure kNodePortExposure{
    .type = api::PublishingType::kNodePort,
    .name = "NodePort",
    .resolve = Resolve,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
