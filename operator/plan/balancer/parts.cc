#include "plan/balancer/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "api/enums.h"
#include "base/cidr.h"

namespace ingressfleet::plan {
namespace {

// An annotation that every cloud's controller reads when spec.loadBalancerSourceRanges is empty; on Azure both together
// are an error. kubernetes/kubernetes staging/src/k8s.io/api/core/v1/annotation_key_constants.go;
// kubernetes-sigs/cloud-provider-azure pkg/provider/loadbalancer/accesscontrol.go
constexpr std::string_view kSourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
// "deny" turns the list upside down. cilium/cilium Documentation/network/kubernetes/kubeproxy-free.rst
constexpr std::string_view kCiliumRangesPolicy = "service.cilium.io/src-ranges-policy";

constexpr std::array kClasses{
    ClassFact{"service.k8s.aws/nlb", api::Provider::kAWS, std::nullopt,
              "kubernetes-sigs/aws-load-balancer-controller docs/guide/service/nlb.md"},
    ClassFact{"eks.amazonaws.com/nlb", api::Provider::kAWS, std::nullopt,
              "https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html"},
    ClassFact{"networking.gke.io/l4-regional-internal", api::Provider::kGCP, api::Scope::kInternal,
              "kubernetes/ingress-gce pkg/l4/annotations/service.go"},
    ClassFact{"networking.gke.io/l4-regional-external", api::Provider::kGCP, api::Scope::kExternal,
              "kubernetes/ingress-gce pkg/l4/annotations/service.go"},
    ClassFact{"networking.gke.io/l4-regional-internal-legacy", api::Provider::kGCP, api::Scope::kInternal,
              "kubernetes/cloud-provider-gcp providers/gce/gce_annotations.go"},
    ClassFact{"networking.gke.io/l4-regional-external-legacy", api::Provider::kGCP, api::Scope::kExternal,
              "kubernetes/cloud-provider-gcp providers/gce/gce_annotations.go"},
};

bool IsIPv6Range(const std::string& range) { return range.find(':') != std::string::npos; }

std::string_view MarkerValue(const ScopeMarker& marker, api::Scope scope) {
  return scope == api::Scope::kInternal ? marker.internal_value : marker.external_value;
}

bool MarkerWritten(const ScopeMarker& marker, api::Scope scope) {
  return scope == api::Scope::kInternal ? marker.written_when_internal : marker.written_when_external;
}

std::string Quoted(std::string_view text) {
  return kube::Json(std::string(text)).dump(-1, ' ', false, kube::Json::error_handler_t::replace);
}

}  // namespace

std::vector<std::string> SourceRangesOf(const BalancerRequest& request, RangeFamilies families) {
  if (!request.enforce_source_ranges) return {};
  std::vector<std::string> ranges = request.source_ranges;
  if (families == RangeFamilies::kIPv4) std::erase_if(ranges, IsIPv6Range);
  if (std::all_of(ranges.begin(), ranges.end(), IsIPv6Range)) ranges.emplace_back(kNobodyIPv4);
  if (families == RangeFamilies::kBoth && std::none_of(ranges.begin(), ranges.end(), IsIPv6Range)) {
    ranges.emplace_back(kNobodyIPv6);
  }
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  return ranges;
}

std::span<const ClassFact> KnownClasses() { return kClasses; }

const ClassFact* FindClass(std::string_view name) {
  const auto* const found =
      std::find_if(kClasses.begin(), kClasses.end(), [&](const ClassFact& row) { return row.name == name; });
  return found == kClasses.end() ? nullptr : found;
}

bool HasForeignClass(const BalancerRequest& request, api::Provider provider) {
  if (request.load_balancer_class.empty()) return false;
  const ClassFact* const known = FindClass(request.load_balancer_class);
  return known == nullptr || known->provider != provider;
}

std::string_view AnnotationOf(const BalancerRequest& request, std::string_view key) {
  const auto found = request.annotations.find(std::string(key));
  return found == request.annotations.end() ? std::string_view() : std::string_view(found->second);
}

bool HasAnnotation(const BalancerRequest& request, std::string_view key) {
  return request.annotations.contains(std::string(key));
}

EntryService EntryOf(const BalancerRequest& request, std::span<const ScopeMarker> markers, kube::StringMap defaults,
                     RangeFamilies families) {
  EntryService entry;
  entry.type = "LoadBalancer";
  entry.annotations = std::move(defaults);
  for (const auto& [key, value] : request.annotations) entry.annotations[key] = value;
  for (const ScopeMarker& marker : markers) {
    entry.annotations.erase(std::string(marker.key));
    if (MarkerWritten(marker, request.scope)) {
      entry.annotations.emplace(marker.key, MarkerValue(marker, request.scope));
    }
  }
  entry.source_ranges = SourceRangesOf(request, families);
  entry.load_balancer_class = request.load_balancer_class;
  entry.external_traffic_policy = api::EnumName(request.external_traffic_policy);
  return entry;
}

void RequestChecker::Invalid(std::string_view member, std::string_view value, std::string detail) {
  errors_.push_back({.type = api::FieldError::Type::kInvalid,
                     .path = fmt::format("{}.{}", path_, member),
                     .value = Quoted(value),
                     .detail = std::move(detail)});
}

void RequestChecker::Forbidden(std::string_view member, std::string detail) {
  errors_.push_back(
      {.type = api::FieldError::Type::kForbidden, .path = fmt::format("{}.{}", path_, member), .detail = std::move(detail)});
}

void RequestChecker::InvalidAnnotation(std::string_view key, std::string detail) {
  Invalid(fmt::format("annotations[{}]", key), AnnotationOf(request_, key), std::move(detail));
}

void RequestChecker::CheckAccessListIsOurs() {
  if (HasAnnotation(request_, kSourceRangesAnnotation)) {
    Forbidden(fmt::format("annotations[{}]", kSourceRangesAnnotation),
              "competes with access.allowedSourceRanges; write the ranges there");
  }
  if (EqualIgnoringCase(AnnotationOf(request_, kCiliumRangesPolicy), "deny")) {
    InvalidAnnotation(kCiliumRangesPolicy,
                      "would turn access.allowedSourceRanges into a list of refused ranges; leave the annotation out");
  }
}

void RequestChecker::CheckMarkers(std::span<const ScopeMarker> markers) {
  for (const ScopeMarker& marker : markers) {
    if (!HasAnnotation(request_, marker.key)) continue;
    const std::string_view expected = MarkerValue(marker, request_.scope);
    if (EqualIgnoringCase(AnnotationOf(request_, marker.key), expected)) continue;
    InvalidAnnotation(
        marker.key, fmt::format("contradicts scope {}; leave it out or write \"{}\"", api::EnumName(request_.scope), expected));
  }
}

void RequestChecker::CheckClass(api::Provider provider) {
  const ClassFact* const known = FindClass(request_.load_balancer_class);
  if (known != nullptr && known->scope && *known->scope != request_.scope) {
    Invalid("loadBalancerClass", request_.load_balancer_class,
            fmt::format("this class makes a balancer of scope {}, the tier asks for {}; choose the other class or the other "
                        "scope",
                        api::EnumName(*known->scope), api::EnumName(request_.scope)));
    return;
  }
  if (provider == api::Provider::kGeneric || request_.scope != api::Scope::kInternal) return;
  if (!HasForeignClass(request_, provider)) return;
  Invalid("loadBalancerClass", request_.load_balancer_class,
          fmt::format("is not a class of {}, so nothing proves that the balancer will be internal; leave it out, or use "
                      "provider Generic with the annotations that this class's controller needs",
                      api::EnumName(provider)));
}

void RequestChecker::CheckAddresses(std::span<const std::string_view> competing_keys) {
  std::array<int, 2> of_family{};
  for (std::size_t i = 0; i < request_.addresses.size(); ++i) {
    const std::string member = fmt::format("addresses[{}]", i);
    const std::optional<int> family = IpFamilyOf(request_.addresses[i]);
    if (!family) {
      Invalid(member, request_.addresses[i], "must be an IP address");
    } else if (++of_family[*family == 4 ? 0 : 1] == 2) {
      Invalid(member, request_.addresses[i], "must be the only address of its family; a balancer has one of each");
    }
  }
  if (request_.addresses.empty()) return;
  for (const std::string_view key : competing_keys) {
    if (HasAnnotation(request_, key)) {
      InvalidAnnotation(key, "names an address beside loadBalancer.addresses; keep one of the two");
    }
  }
}

std::optional<int> IpFamilyOf(std::string_view address) {
  const bool ipv6 = address.find(':') != std::string_view::npos;
  if (!base::Cidr::Parse(fmt::format("{}/{}", address, ipv6 ? 128 : 32))) return std::nullopt;
  return ipv6 ? 6 : 4;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char left, unsigned char right) { return std::tolower(left) == std::tolower(right); });
}

std::string_view AttributeOf(std::string_view attributes, std::string_view key) {
  while (!attributes.empty()) {
    const auto comma = attributes.find(',');
    std::string_view item = attributes.substr(0, comma);
    attributes = comma == std::string_view::npos ? std::string_view() : attributes.substr(comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item.size() > key.size() && item.starts_with(key) && item[key.size()] == '=') return item.substr(key.size() + 1);
  }
  return {};
}

std::vector<std::string> CommonNotices(const BalancerRequest& request) {
  if (request.proxy_protocol || request.external_traffic_policy == api::ExternalTrafficPolicy::kLocal) return {};
  return {
      "externalTrafficPolicy Cluster lets nodes replace the client's address by their own, so the proxy's access list "
      "and "
      "the access log see nodes; use Local, or protocol PROXY where the balancer can send it."};
}

std::string NoProxyProtocolNotice(std::string_view provider) {
  return fmt::format(
      "{} passes connections on as they are and adds no PROXY header: protocol PROXY only works when something in "
      "front of "
      "it sends the header, and access.trustedProxies names that sender.",
      provider);
}

}  // namespace ingressfleet::plan
