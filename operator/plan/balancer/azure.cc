// Azure. One load balancer for the cluster; the access list is rules of the network security group.
//
// * The group's default rule lets the whole virtual network (and what is peered with it) in, so a list is only in force
// with
//   the deny-all annotation, which we write beside every list that leaves somebody
//   out.
// * 0.0.0.0/0 or ::/0 in a list adds an allow rule for service tag Internet, for both families. For an Internal tier
// the
//   list is left out then: the default rules already mean "whoever has a route", and a public allow helps nobody. A
//   list that is open in one family and not in the other is written in halves (0.0.0.0/1, 128.0.0.0/1): same addresses,
//   no tag.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/balancer/parts.h"

namespace ingressfleet::plan {
namespace {

#define AZURE_KEY(name) "service.beta.kubernetes.io/azure-" name

constexpr std::string_view kConsts = "kubernetes-sigs/cloud-provider-azure pkg/consts/consts.go";
constexpr std::string_view kAccess = "kubernetes-sigs/cloud-provider-azure pkg/provider/loadbalancer/accesscontrol.go";
constexpr std::string_view kGuide = "https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/";

constexpr std::string_view kInternal = AZURE_KEY("load-balancer-internal");
constexpr std::string_view kDenyAll = AZURE_KEY("deny-all-except-load-balancer-source-ranges");
constexpr std::string_view kAllowedRanges = AZURE_KEY("allowed-ip-ranges");
constexpr std::string_view kAllowedTags = AZURE_KEY("allowed-service-tags");
constexpr std::string_view kNoFloatingIp = AZURE_KEY("disable-load-balancer-floating-ip");
constexpr std::string_view kExtraPublicIps = AZURE_KEY("additional-public-ips");
constexpr std::string_view kIPv4 = AZURE_KEY("load-balancer-ipv4");
constexpr std::string_view kIPv6 = AZURE_KEY("load-balancer-ipv6");
constexpr std::string_view kPrivateLink = AZURE_KEY("pls-create");
constexpr std::string_view kPrivateLinkProxy = AZURE_KEY("pls-proxy-protocol");

constexpr std::string_view kAllIPv4 = "0.0.0.0/0";
constexpr std::string_view kAllIPv6 = "::/0";

constexpr std::array kMarkers{ScopeMarker{kInternal, "true", "false", true, false, kConsts}};

constexpr std::array kFacts{
    AnnotationFact{kInternal, Mutability::kMovesAddress, "another balancer; a public address that Azure owns is deleted",
                   kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-internal-subnet"), Mutability::kMovesAddress, "", kGuide},
    AnnotationFact{kIPv4, Mutability::kMovesAddress, "a public address must exist already", kGuide},
    AnnotationFact{kIPv6, Mutability::kMovesAddress, "a public address must exist already", kGuide},
    AnnotationFact{AZURE_KEY("pip-name"), Mutability::kMovesAddress, "yours: never deleted", kGuide},
    AnnotationFact{AZURE_KEY("pip-prefix-id"), Mutability::kMovesAddress, "", kGuide},
    AnnotationFact{AZURE_KEY("pip-ip-tags"), Mutability::kMovesAddress, "", kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-resource-group"), Mutability::kMovesAddress, "of the public address", kGuide},
    AnnotationFact{AZURE_KEY("dns-label-name"), Mutability::kLive, "", kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-tcp-idle-timeout"), Mutability::kLive,
                   "minutes, 4 to 100; engine timeouts must be shorter", kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-disable-tcp-reset"), Mutability::kLive, "", kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-health-probe-protocol"), Mutability::kLive,
                   "HTTP probes want a plain 200: a redirect counts as down", kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-health-probe-interval"), Mutability::kLive, "at least 5 s", kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-health-probe-num-of-probe"), Mutability::kLive, "times the interval below 120 s",
                   kGuide},
    AnnotationFact{AZURE_KEY("load-balancer-health-probe-request-path"), Mutability::kLive, "", kGuide},
    AnnotationFact{kDenyAll, Mutability::kLive, "we write it beside every list that leaves somebody out", kAccess},
    AnnotationFact{kAllowedRanges, Mutability::kLive, "refused: with source ranges beside it an error at Azure", kAccess},
    AnnotationFact{kAllowedTags, Mutability::kLive, "let in beside the source ranges", kAccess},
    AnnotationFact{kNoFloatingIp, Mutability::kLive,
                   "rules then name the nodes' addresses, and deny-all would cut the nodes off", kAccess},
    AnnotationFact{kExtraPublicIps, Mutability::kLive, "refused for Internal", kConsts},
    AnnotationFact{kPrivateLink, Mutability::kLive, "", kGuide},
    AnnotationFact{kPrivateLinkProxy, Mutability::kLive, "the only PROXY header on Azure", kGuide},
};

enum Case : std::size_t { kCaseForeign, kCaseTags, kCaseNodes, kCaseNetwork, kCaseEverybody, kCaseGroup };

constexpr std::array kCases{
    SourceRangeSupport{false,
                       "Azure's controller leaves Services with a loadBalancerClass alone, so nothing says that source ranges "
                       "are enforced; leave it out, or rely on the proxy's access list",
                       kGuide, "a loadBalancerClass"},
    SourceRangeSupport{false,
                       "the service tags are let in beside access.allowedSourceRanges; leave azure-allowed-service-tags out "
                       "and name the ranges",
                       kAccess, "allowed-service-tags"},
    SourceRangeSupport{false,
                       "without floating IP the rules name the nodes' addresses, so the virtual network cannot be shut out; "
                       "leave azure-disable-load-balancer-floating-ip out, or rely on the proxy's access list",
                       kAccess, "disable-load-balancer-floating-ip: true"},
    SourceRangeSupport{false,
                       "the virtual network and its peers are always let in; leave "
                       "azure-deny-all-except-load-balancer-source-ranges out, we set it to true",
                       "https://github.com/kubernetes-sigs/cloud-provider-azure/issues/374",
                       "deny-all-except-load-balancer-source-ranges, not true"},
    SourceRangeSupport{true, "", "https://github.com/kubernetes-sigs/cloud-provider-azure/issues/698",
                       "Internal, and the list lets everybody in: no list is written, whoever has a route gets in"},
    SourceRangeSupport{true, "", kAccess, "network security group, with deny-all for the virtual network"},
};

bool IsOn(const BalancerRequest& request, std::string_view key) {
  return EqualIgnoringCase(AnnotationOf(request, key), "true");
}

std::vector<std::string> Halves(std::vector<std::string> ranges) {
  if (std::erase(ranges, kAllIPv4) > 0) ranges.insert(ranges.end(), {"0.0.0.0/1", "128.0.0.0/1"});
  if (std::erase(ranges, kAllIPv6) > 0) ranges.insert(ranges.end(), {"::/1", "8000::/1"});
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

std::vector<std::string> AzureRanges(const BalancerRequest& request) {
  std::vector<std::string> ranges = SourceRangesOf(request, RangeFamilies::kListed);
  const auto has = [&](std::string_view range) { return std::find(ranges.begin(), ranges.end(), range) != ranges.end(); };
  const bool open4 = has(kAllIPv4);
  const bool open6 = has(kAllIPv6);
  const bool names6 = std::any_of(ranges.begin(), ranges.end(), [](const auto& r) { return r.find(':') != r.npos; });
  if ((open4 && names6 && !open6) || (open6 && !open4)) return Halves(std::move(ranges));
  if (open4 && request.scope == api::Scope::kInternal) return {};
  return ranges;
}

SourceRangeSupport SourceRanges(const BalancerRequest& request) {
  if (!request.load_balancer_class.empty()) return kCases[kCaseForeign];
  if (HasAnnotation(request, kAllowedTags)) return kCases[kCaseTags];
  BalancerRequest asked = request;
  asked.enforce_source_ranges = true;
  if (AzureRanges(asked).empty()) return kCases[kCaseEverybody];
  if (IsOn(request, kNoFloatingIp)) return kCases[kCaseNodes];
  if (HasAnnotation(request, kDenyAll) && !IsOn(request, kDenyAll)) return kCases[kCaseNetwork];
  return kCases[kCaseGroup];
}

EntryService Entry(const BalancerRequest& request) {
  const std::vector<std::string> ranges = AzureRanges(request);
  kube::StringMap defaults;
  const bool names_nodes = IsOn(request, kNoFloatingIp) || !request.load_balancer_class.empty();
  const bool open = std::find(ranges.begin(), ranges.end(), kAllIPv4) != ranges.end();
  if (!ranges.empty() && !open && !names_nodes) defaults.emplace(kDenyAll, "true");
  // By annotation: spec.loadBalancerIP is deprecated and knows one family.
  for (const std::string& address : request.addresses) {
    if (const auto family = IpFamilyOf(address)) defaults.emplace(*family == 4 ? kIPv4 : kIPv6, address);
  }
  EntryService entry = EntryOf(request, kMarkers, std::move(defaults), RangeFamilies::kListed);
  entry.source_ranges = ranges;
  return entry;
}

api::FieldErrors Validate(const BalancerRequest& request, const std::string& path) {
  constexpr std::array kCompeting{kIPv4, kIPv6};
  RequestChecker checker(request, path);
  checker.CheckAccessListIsOurs();
  checker.CheckMarkers(kMarkers);
  checker.CheckClass(api::Provider::kAzure);
  checker.CheckAddresses(kCompeting);
  if (HasAnnotation(request, kAllowedRanges)) {
    checker.Forbidden(fmt::format("annotations[{}]", kAllowedRanges),
                      "competes with access.allowedSourceRanges; write the ranges there");
  }
  if (request.scope == api::Scope::kInternal && HasAnnotation(request, kExtraPublicIps)) {
    checker.InvalidAnnotation(kExtraPublicIps, "public addresses contradict scope Internal; leave it out");
  }
  if (IsOn(request, kNoFloatingIp) && IsOn(request, kDenyAll)) {
    checker.InvalidAnnotation(kDenyAll,
                              fmt::format("would cut the nodes off, because {} makes the rules name their addresses; leave "
                                          "one of the two out",
                                          kNoFloatingIp));
  }
  if (!request.proxy_protocol && IsOn(request, kPrivateLinkProxy)) {
    checker.InvalidAnnotation(kPrivateLinkProxy,
                              "makes Private Link send PROXY headers that the engine does not expect; set "
                              "publishing.protocol to PROXY");
  }
  return checker.Take();
}

std::vector<std::string> Notices(const BalancerRequest& request) {
  std::vector<std::string> notices = CommonNotices(request);
  if (request.proxy_protocol && !IsOn(request, kPrivateLinkProxy)) {
    notices.push_back(NoProxyProtocolNotice("Azure's balancer"));
  }
  return notices;
}

}  // namespace

extern const Balancer kAzureBalancer{
    .provider = api::Provider::kAzure,
    .name = "Azure",
    .provider_id_prefix = "azure://",
    .markers = kMarkers,
    .annotations = kFacts,
    .source_range_cases = kCases,
    .needs_node_ports = true,    // the default probe asks the node port
    .detection_seconds = 10,     // 5 s, twice. kGuide
    .registration_seconds = 60,  // nowhere promised: a cautious guess
    .scope_mutability = Mutability::kMovesAddress,
    .source_ranges = SourceRanges,
    .entry = Entry,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
