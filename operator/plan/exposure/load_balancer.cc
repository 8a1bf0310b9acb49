// LoadBalancer: the provider's table decides how the entry Service looks.

#include "plan/exposure/parts.h"

namespace ingressfleet::plan {

BalancerRequest BalancerRequestOf(const ExposureRequest& request) {
  const api::Tier& tier = TierOf(request);
  const api::LoadBalancer wanted = tier.publishing.load_balancer.value_or(api::LoadBalancer{});
  return {
      .scope = wanted.scope.value_or(api::Scope::kInternal),  // required; the safer one where it is missing
      .annotations = wanted.annotations,
      .addresses = wanted.addresses,
      .load_balancer_class = wanted.load_balancer_class,
      .source_ranges = request.source_ranges,
      .enforce_source_ranges = AsksFor(tier, api::EnforcementLayer::kLoadBalancer),
      .proxy_protocol = tier.publishing.protocol == api::ListenerProtocol::kPROXY,
      .external_traffic_policy = tier.publishing.external_traffic_policy.value_or(api::ExternalTrafficPolicy::kLocal),
  };
}

namespace {

const Balancer& BalancerOfRequest(const ExposureRequest& request) {
  return request.balancer == nullptr ? BalancerOf(api::Provider::kGeneric) : *request.balancer;
}

Enforcement EnforcementOf(const ExposureRequest& request, const BalancerRequest& wanted) {
  const api::Tier& tier = TierOf(request);
  Enforcement enforcement{.proxy = AsksFor(tier, api::EnforcementLayer::kProxy),
                          .network_policy = AsksFor(tier, api::EnforcementLayer::kNetworkPolicy)};
  if (wanted.enforce_source_ranges) {
    const SourceRangeSupport support = BalancerOfRequest(request).source_ranges(wanted);
    enforcement.load_balancer = support.enforced;
    enforcement.load_balancer_gap = support.gap;
  }
  return enforcement;
}

ExposureResult Resolve(const ExposureRequest& request) {
  const BalancerRequest wanted = BalancerRequestOf(request);
  return {.entry = BalancerOfRequest(request).entry(wanted),
          .listeners = PodListeners(TierOf(request)),
          .enforcement = EnforcementOf(request, wanted),
          .external = wanted.scope == api::Scope::kExternal};
}

api::FieldErrors Validate(const ExposureRequest& request, const std::string& path) {
  const BalancerRequest wanted = BalancerRequestOf(request);
  api::FieldErrors errors;
  CheckListIsHeld(request, EnforcementOf(request, wanted), path, errors);
  return errors;
}

std::vector<std::string> Notices(const ExposureRequest& request) {
  return BalancerOfRequest(request).notices(BalancerRequestOf(request));
}

}  // namespace

extern const Exposure kLoadBalancerExposure{
    .type = api::PublishingType::kLoadBalancer,
    .name = "LoadBalancer",
    .resolve = Resolve,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
