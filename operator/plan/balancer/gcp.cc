// Google Cloud. Pass-through balancers: packets arrive at the node with the client's address and the balancer's as
// destination, so no node port is needed and no PROXY header exists.
//
// We do not write cloud.google.com/l4-rbs for External, though backend services are the better balancer: on a cluster
// without Google's L4 controller the cloud controller manager then leaves the Service to nobody. Users of GKE set it at
// creation.

#include <fmt/format.h>

#include <array>

#include "plan/balancer/parts.h"

namespace ingressfleet::plan {
namespace {

constexpr std::string_view kGce = "kubernetes/cloud-provider-gcp providers/gce/gce_annotations.go";
constexpr std::string_view kGceExternal = "kubernetes/cloud-provider-gcp providers/gce/gce_loadbalancer_external.go";
constexpr std::string_view kL4 = "kubernetes/ingress-gce pkg/l4/annotations/service.go";
constexpr std::string_view kL4Ranges = "kubernetes/ingress-gce pkg/l4/utils/sourceranges.go";
constexpr std::string_view kL4Address = "kubernetes/ingress-gce pkg/l4/annotations/l4_static_address.go";

constexpr std::string_view kBackendServices = "cloud.google.com/l4-rbs";
constexpr std::string_view kStaticAddresses = "networking.gke.io/load-balancer-ip-addresses";
constexpr std::string_view kRegionalInternal = "networking.gke.io/l4-regional-internal";
constexpr std::string_view kRegionalExternal = "networking.gke.io/l4-regional-external";

constexpr std::array kMarkers{
    ScopeMarker{"networking.gke.io/load-balancer-type", "Internal", "External", true, false, kGce},
    // The old name, read when the new one is absent. Never written.
    ScopeMarker{"cloud.google.com/load-balancer-type", "Internal", "External", false, false, kGce},
};

constexpr std::array kFacts{
    AnnotationFact{"networking.gke.io/load-balancer-type", Mutability::kMovesAddress, "a loadBalancerClass wins over it", kGce},
    AnnotationFact{"cloud.google.com/load-balancer-type", Mutability::kMovesAddress, "the old name", kGce},
    AnnotationFact{kBackendServices, Mutability::kCreationOnly,
                   "enabled = backend services instead of a target pool; GKE only, taken off again from a target pool's "
                   "Service",
                   kL4},
    AnnotationFact{"networking.gke.io/internal-load-balancer-allow-global-access", Mutability::kLive, "", kGce},
    AnnotationFact{"networking.gke.io/load-balancer-subnet", Mutability::kMovesAddress, "", kL4},
    AnnotationFact{"networking.gke.io/internal-load-balancer-subnet", Mutability::kMovesAddress, "the old name", kGce},
    AnnotationFact{"cloud.google.com/network-tier", Mutability::kMovesAddress, "", kGce},
    AnnotationFact{kStaticAddresses, Mutability::kMovesAddress, "names of reserved addresses; wins over addresses", kL4Address},
    AnnotationFact{"networking.gke.io/weighted-load-balancing", Mutability::kLive, "pods-per-node, with policy Local", kL4},
    AnnotationFact{"networking.gke.io/l4lb-config", Mutability::kLive, "logging", kL4},
    AnnotationFact{"networking.gke.io/custom-forwarding-rule", Mutability::kMovesAddress, "", kL4},
};

enum Case : std::size_t { kCaseForeign, kCaseFirewall };

constexpr std::array kCases{
    SourceRangeSupport{false,
                       "the loadBalancerClass is of no Google controller that we know, so nothing says that source ranges are "
                       "enforced; leave it out, or rely on the proxy's access list",
                       kL4, "a loadBalancerClass of somebody else"},
    SourceRangeSupport{true, "", kL4Ranges,
                       "VPC firewall, and kube-proxy again on the node. A list without one family opens that family to "
                       "everybody, so nobody's range stands in for it"},
};

SourceRangeSupport SourceRanges(const BalancerRequest& request) {
  return kCases[HasForeignClass(request, api::Provider::kGCP) ? kCaseForeign : kCaseFirewall];
}

/// Whether Google's L4 controller answers, which has one firewall per family and opens a family that the list leaves
/// out. The cloud controller manager has one firewall for both, in which the API refuses a mixture: there only an
/// absent IPv4 is filled in (with IPv6 ranges alone it would fail anyway, and GKE's entry Services are IPv4).
bool HasFirewallPerFamily(const BalancerRequest& request) {
  return request.load_balancer_class == kRegionalInternal || request.load_balancer_class == kRegionalExternal ||
         AnnotationOf(request, kBackendServices) == "enabled";
}

EntryService Entry(const BalancerRequest& request) {
  EntryService entry =
      EntryOf(request, kMarkers, {}, HasFirewallPerFamily(request) ? RangeFamilies::kBoth : RangeFamilies::kListed);
  entry.addresses = request.addresses;
  entry.allocate_node_ports = HasForeignClass(request, api::Provider::kGCP);
  return entry;
}

api::FieldErrors Validate(const BalancerRequest& request, const std::string& path) {
  constexpr std::array kCompeting{kStaticAddresses};
  RequestChecker checker(request, path);
  checker.CheckAccessListIsOurs();
  checker.CheckMarkers(kMarkers);
  checker.CheckClass(api::Provider::kGCP);
  checker.CheckAddresses(kCompeting);
  if (request.addresses.size() > 1) {
    checker.Forbidden("addresses", fmt::format("spec.loadBalancerIP takes one address; for one of each family reserve them "
                                               "and name them in {}",
                                               kStaticAddresses));
  }
  return checker.Take();
}

std::vector<std::string> Notices(const BalancerRequest& request) {
  std::vector<std::string> notices = CommonNotices(request);
  if (request.proxy_protocol) notices.push_back(NoProxyProtocolNotice("Google's pass-through balancer"));
  return notices;
}

}  // namespace

extern const Balancer kGcpBalancer{
    .provider = api::Provider::kGCP,
    .name = "GCP",
    .provider_id_prefix = "gce://",
    .markers = kMarkers,
    .annotations = kFacts,
    .source_range_cases = kCases,
    .needs_node_ports = false,  // health checks use 10256 or the health check node port
    // 8 s, three times; with policy Local 3 s, twice, a target pool 8 s, three times.
    // kubernetes/ingress-gce pkg/l4/healthchecks/healthchecksl4.go
    .detection_seconds = 24,
    .registration_seconds = 60,  // nowhere promised: a cautious guess
    .scope_mutability = Mutability::kMovesAddress,
    .source_ranges = SourceRanges,
    .entry = Entry,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
