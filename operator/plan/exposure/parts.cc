#include "plan/exposure/parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/enums.h"
#include "base/cidr.h"

namespace ingressfleet::plan {
namespace {

/// Every address of IPv4 and of IPv6.
bool LetsEverybodyIn(const std::vector<std::string>& ranges) {
  const auto open = [&](bool ipv6) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const std::string& range) {
      const auto cidr = base::Cidr::Parse(range);
      return cidr && cidr->IsEverything() && cidr->is_ipv6() == ipv6;
    });
  };
  const bool names_ipv6 = std::any_of(ranges.begin(), ranges.end(), [](const auto& r) { return r.find(':') != r.npos; });
  return open(false) && (!names_ipv6 || open(true));
}

}  // namespace

const api::Tier& TierOf(const ExposureRequest& request) {
  static const api::Tier silent;
  return request.tier == nullptr ? silent : *request.tier;
}

bool AsksFor(const api::Tier& tier, api::EnforcementLayer layer) {
  if (!tier.access.enforcement) return layer != api::EnforcementLayer::kNetworkPolicy;
  const auto& layers = *tier.access.enforcement;
  return std::find(layers.begin(), layers.end(), layer) != layers.end();
}

Listeners PodListeners(const api::Tier& tier) {
  return {.proxy_protocol = tier.publishing.protocol == api::ListenerProtocol::kPROXY};
}

std::string ExternalTrafficPolicyOf(const api::Tier& tier) {
  return std::string(api::EnumName(tier.publishing.external_traffic_policy.value_or(api::ExternalTrafficPolicy::kLocal)));
}

Enforcement EnforcementWithoutBalancer(const api::Tier& tier) {
  Enforcement enforcement{.proxy = AsksFor(tier, api::EnforcementLayer::kProxy),
                          .network_policy = AsksFor(tier, api::EnforcementLayer::kNetworkPolicy)};
  if (tier.access.enforcement && AsksFor(tier, api::EnforcementLayer::kLoadBalancer)) {
    enforcement.load_balancer_gap = fmt::format(
        "publishing type {} has no load balancer of Kubernetes that could enforce source ranges; leave LoadBalancer "
        "out of "
        "access.enforcement, and keep Proxy",
        api::EnumName(tier.publishing.type.value_or(api::PublishingType::kPrivate)));
  }
  return enforcement;
}

void CheckListIsHeld(const ExposureRequest& request, const Enforcement& enforcement, const std::string& path,
                     api::FieldErrors& errors) {
  if (enforcement.load_balancer || enforcement.proxy || enforcement.network_policy) return;
  if (LetsEverybodyIn(request.source_ranges)) return;
  const std::string why = enforcement.load_balancer_gap.empty() ? "" : ": " + enforcement.load_balancer_gap;
  errors.push_back({.type = api::FieldError::Type::kInvalid,
                    .path = path + ".access.enforcement",
                    .detail = "no layer named here would hold access.allowedSourceRanges" + why + "; add Proxy"});
}

}  // namespace ingressfleet::plan
