// Any other provider: the user names the annotations, we know too little to write one. What little we know is used to
// refuse: an Internal tier is not published on the hope that some default is internal.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/balancer/parts.h"

namespace ingressfleet::plan {
namespace {

// Markers of clouds that have no file of their own yet: never written by us, read to catch a contradiction.
constexpr std::array kMarkers{
    ScopeMarker{"service.beta.kubernetes.io/openstack-internal-load-balancer", "true", "false", false, false,
                "kubernetes/cloud-provider-openstack pkg/openstack/loadbalancer.go"},
    ScopeMarker{"service.beta.kubernetes.io/do-loadbalancer-network", "INTERNAL", "EXTERNAL", false, false,
                "digitalocean/digitalocean-cloud-controller-manager docs/controllers/services/annotations.md"},
    ScopeMarker{"load-balancer.hetzner.cloud/disable-public-network", "true", "false", false, false,
                "hetznercloud/hcloud-cloud-controller-manager docs/reference/load_balancer_annotations.md"},
    ScopeMarker{"service.beta.kubernetes.io/oci-load-balancer-internal", "true", "false", false, false,
                "oracle/oci-cloud-controller-manager docs/load-balancer-annotations.md"},
    ScopeMarker{"oci-network-load-balancer.oraclecloud.com/internal", "true", "false", false, false,
                "oracle/oci-cloud-controller-manager docs/load-balancer-annotations.md"},
    ScopeMarker{"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private", "public", false, false,
                "ibm-cloud-docs/containers vpc-lbaas.md"},
    ScopeMarker{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", "intranet", "internet", false, false,
                "kubernetes/cloud-provider-alibaba-cloud docs/usage.md"},
    ScopeMarker{"service.beta.kubernetes.io/scw-loadbalancer-private", "true", "false", false, false,
                "scaleway/scaleway-cloud-controller-manager docs/loadbalancer-annotations.md"},
};

// Annotations for other readers of the Service: they say nothing about the balancer.
constexpr std::array<std::string_view, 2> kOtherReaders{"external-dns.", "prometheus.io/"};

constexpr std::array kCases{
    SourceRangeSupport{false,
                       "it is not known whether this provider enforces source ranges (several clouds ignore them silently); "
                       "check it at the provider, and keep enforcement layer Proxy",
                       "https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer",
                       "always: the ranges are set, but nobody vouches for them"},
};

SourceRangeSupport SourceRanges(const BalancerRequest&) { return kCases[0]; }

EntryService Entry(const BalancerRequest& request) {
  // Listed, not Both: an IPv6 range breaks some firewalls that are IPv4 only
  // (digitalocean-cloud-controller-manager#692).
  EntryService entry = EntryOf(request, {}, {}, RangeFamilies::kListed);
  entry.addresses = request.addresses;
  return entry;
}

bool ConcernsBalancer(std::string_view key) {
  return std::none_of(kOtherReaders.begin(), kOtherReaders.end(),
                      [&](std::string_view reader) { return key.starts_with(reader); });
}

/// Whether the user has said anything that could make the balancer internal. A wrong word that we know is refused
/// apart.
bool SaysHow(const BalancerRequest& request) {
  if (!request.load_balancer_class.empty()) return true;
  return std::any_of(request.annotations.begin(), request.annotations.end(),
                     [](const auto& annotation) { return ConcernsBalancer(annotation.first); });
}

api::FieldErrors Validate(const BalancerRequest& request, const std::string& path) {
  RequestChecker checker(request, path);
  checker.CheckAccessListIsOurs();
  for (const Balancer* const balancer : AllBalancers()) checker.CheckMarkers(balancer->markers);
  checker.CheckClass(api::Provider::kGeneric);
  checker.CheckAddresses({});
  if (request.addresses.size() > 1) checker.Forbidden("addresses", "spec.loadBalancerIP takes one address");
  if (request.scope == api::Scope::kInternal && !SaysHow(request)) {
    checker.Invalid("scope", "Internal",
                    "for a provider that we do not know, nothing makes the balancer internal; give the annotations of your "
                    "provider (annotations) or a loadBalancerClass that is internal, or name the provider");
  }
  return checker.Take();
}

std::vector<std::string> Notices(const BalancerRequest& request) {
  std::vector<std::string> notices = CommonNotices(request);
  const auto stated = [&](const ScopeMarker& marker) { return HasAnnotation(request, marker.key); };
  const auto& all = AllBalancers();
  const bool known = std::any_of(all.begin(), all.end(), [&](const Balancer* balancer) {
    return std::any_of(balancer->markers.begin(), balancer->markers.end(), stated);
  });
  if (request.scope == api::Scope::kInternal && !known) {
    notices.emplace_back(
        "Whether the balancer is internal depends on annotations that are not known here: check the address "
        "before you send traffic to it.");
  }
  if (request.proxy_protocol) {
    notices.emplace_back(
        "Protocol PROXY needs the provider's own annotation, or something in front that sends the header; "
        "access.trustedProxies names the sender.");
  }
  return notices;
}

}  // namespace

extern const Balancer kGenericBalancer{
    .provider = api::Provider::kGeneric,
    .name = "Generic",
    .provider_id_prefix = "",  // what is left when no other prefix fits
    .markers = kMarkers,
    .annotations = {},
    .source_range_cases = kCases,
    .needs_node_ports = true,
    .detection_seconds = 90,      // the slowest that we know (AWS)
    .registration_seconds = 300,  // the slowest that we know (AWS)
    .scope_mutability = Mutability::kMovesAddress,
    .source_ranges = SourceRanges,
    .entry = Entry,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
