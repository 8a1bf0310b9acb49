// MetalLB: addresses of our own pools on bare metal. What is internal is what the pools say, and only the cluster's
// owner knows that: so Internal is accepted without a pool, with a notice, and the remedy is to name one.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "plan/balancer/parts.h"

namespace ingressfleet::plan {
namespace {

constexpr std::string_view kController = "metallb/metallb controller/service.go";
constexpr std::string_view kUsage = "https://metallb.io/usage/";
constexpr std::string_view kSharing = "metallb/metallb internal/allocator/k8salloc/k8salloc.go";
constexpr std::string_view kProxy = "kubernetes/kubernetes pkg/proxy/serviceport.go";

constexpr std::string_view kPool = "metallb.io/address-pool";
constexpr std::string_view kAddresses = "metallb.io/loadBalancerIPs";
constexpr std::string_view kShared = "metallb.io/allow-shared-ip";
constexpr std::string_view kOldPool = "metallb.universe.tf/address-pool";
constexpr std::string_view kOldAddresses = "metallb.universe.tf/loadBalancerIPs";
constexpr std::string_view kOldShared = "metallb.universe.tf/allow-shared-ip";

constexpr std::array kFacts{
    AnnotationFact{kPool, Mutability::kMovesAddress, "Internal and External are pools", kUsage},
    AnnotationFact{kAddresses, Mutability::kMovesAddress, "an error beside spec.loadBalancerIP", kController},
    AnnotationFact{kShared, Mutability::kMovesAddress,
                   "refused with policy Local: the key then holds the selector, and an upgrade would lose the address",
                   kSharing},
    AnnotationFact{kOldPool, Mutability::kMovesAddress, "the old name", kController},
    AnnotationFact{kOldAddresses, Mutability::kMovesAddress, "the old name", kController},
    AnnotationFact{kOldShared, Mutability::kMovesAddress, "the old name", kController},
};

constexpr std::array kCases{
    SourceRangeSupport{true, "", kProxy,
                       "kube-proxy, or what replaces it, on the node that holds the address; no node port is allocated, which "
                       "would answer to everybody. A list without one family opens that family to everybody, so nobody's "
                       "range stands in for it"},
};

SourceRangeSupport SourceRanges(const BalancerRequest&) { return kCases[0]; }

EntryService Entry(const BalancerRequest& request) {
  kube::StringMap defaults;
  if (!request.addresses.empty() && !HasAnnotation(request, kOldAddresses)) {
    defaults.emplace(kAddresses, fmt::format("{}", fmt::join(request.addresses, ",")));
  }
  EntryService entry = EntryOf(request, {}, std::move(defaults), RangeFamilies::kBoth);
  entry.allocate_node_ports = false;
  return entry;
}

api::FieldErrors Validate(const BalancerRequest& request, const std::string& path) {
  constexpr std::array kCompeting{kAddresses, kOldAddresses};
  RequestChecker checker(request, path);
  checker.CheckAccessListIsOurs();
  checker.CheckAddresses(kCompeting);
  if (request.external_traffic_policy == api::ExternalTrafficPolicy::kLocal) {
    for (const std::string_view key : {kShared, kOldShared}) {
      if (!HasAnnotation(request, key)) continue;
      checker.InvalidAnnotation(key,
                                "with externalTrafficPolicy Local a shared address is lost when an upgrade changes the "
                                "entry Service's selector; use Cluster or an address of its own");
    }
  }
  return checker.Take();
}

std::vector<std::string> Notices(const BalancerRequest& request) {
  std::vector<std::string> notices = CommonNotices(request);
  const bool named = HasAnnotation(request, kPool) || HasAnnotation(request, kOldPool) || HasAnnotation(request, kAddresses) ||
                     HasAnnotation(request, kOldAddresses) || !request.addresses.empty();
  if (request.scope == api::Scope::kInternal && !named) {
    notices.push_back(
        fmt::format("MetalLB takes the address from any pool that assigns automatically, and cannot tell which "
                    "pool is internal; name it with the annotation {}, or name an address.",
                    kPool));
  }
  if (request.proxy_protocol) notices.push_back(NoProxyProtocolNotice("MetalLB"));
  return notices;
}

}  // namespace

extern const Balancer kMetalLbBalancer{
    .provider = api::Provider::kMetalLB,
    .name = "MetalLB",
    .provider_id_prefix = "",  // MetalLB leaves no trace in providerID; asked for by name
    .markers = {},
    .annotations = kFacts,
    .source_range_cases = kCases,
    .needs_node_ports = false,   // the address is announced by a node, where kube-proxy takes it
    .detection_seconds = 10,     // layer 2 fails over within 10 s: https://metallb.io/concepts/layer2/
    .registration_seconds = 10,  // as fast as kube-proxy and the speakers see the EndpointSlice
    .scope_mutability = Mutability::kMovesAddress,
    .source_ranges = SourceRanges,
    .entry = Entry,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
