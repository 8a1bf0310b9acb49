// Rules about how a tier is reached.

#include <array>
#include <set>

#include "api/enums.h"
#include "api/formats.h"
#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

constexpr std::size_t kMaxAddresses = 16;
constexpr std::int64_t kMaxRegistrationSeconds = 3600;

void TypeSaid(const TierAt& at, FieldErrors& errors) {
  if (at.tier.publishing.type) return;
  std::string names;
  for (const auto& [type, name] : EnumTable(PublishingType{})) names.append(names.empty() ? "" : ", ").append(name);
  Required(errors, at.Path("publishing.type"),
           fmt::format("say how the tier is reached, here or in spec.tierDefaults: {}", names));
}

void RefuseMember(const TierAt& at, bool said, std::string_view member, std::string_view types, FieldErrors& errors) {
  if (!said || !at.tier.publishing.type) return;
  Forbidden(errors, at.Path(fmt::format("publishing.{}", member)),
            fmt::format("only used with publishing.type {}, but the type is {}; remove it or change the type", types,
                        EnumName(*at.tier.publishing.type)));
}

void MembersBelongToType(const TierAt& at, FieldErrors& errors) {
  const Publishing& publishing = at.tier.publishing;
  const bool balanced = at.Is(PublishingType::kLoadBalancer);
  const bool node_port = at.Is(PublishingType::kNodePort);
  RefuseMember(at, publishing.load_balancer && !balanced, "loadBalancer", "LoadBalancer", errors);
  RefuseMember(at, publishing.node_port && !node_port, "nodePort", "NodePort", errors);
  RefuseMember(at, publishing.host_network && !at.Is(PublishingType::kHostNetwork), "hostNetwork", "HostNetwork", errors);
  RefuseMember(at, publishing.external_traffic_policy && !balanced && !node_port, "externalTrafficPolicy",
               "LoadBalancer or NodePort", errors);
}

void ScopeSaid(const TierAt& at, FieldErrors& errors) {
  const auto& balancer = at.tier.publishing.load_balancer;
  if (!at.Is(PublishingType::kLoadBalancer) || (balancer && balancer->scope)) return;
  Required(errors, at.Path("publishing.loadBalancer.scope"),
           "say Internal (a private address) or External (a public address); it is never guessed");
}

void AnnotationKeysFit(const TierAt& at, FieldErrors& errors) {
  if (!at.tier.publishing.load_balancer) return;
  for (const auto& [key, value] : at.tier.publishing.load_balancer->annotations) {
    if (IsQualifiedName(key)) continue;
    Invalid(errors, at.Path(fmt::format("publishing.loadBalancer.annotations[{}]", key)), Quoted(key),
            "must be the key of an annotation, e.g. example.com/name");
  }
}

void AddressesFit(const TierAt& at, FieldErrors& errors) {
  if (!at.tier.publishing.load_balancer) return;
  const auto& addresses = at.tier.publishing.load_balancer->addresses;
  if (addresses.size() > kMaxAddresses) {
    Invalid(errors, at.Path("publishing.loadBalancer.addresses"), fmt::format("{}", addresses.size()),
            fmt::format("must have at most {} addresses", kMaxAddresses));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const std::string path = at.Path(fmt::format("publishing.loadBalancer.addresses[{}]", i));
    if (!IsIpAddress(addresses[i])) {
      Invalid(errors, path, Quoted(addresses[i]), "must be an IP address without prefix length, e.g. 192.0.2.10");
    } else if (!seen.insert(addresses[i]).second) {
      Duplicate(errors, path, Quoted(addresses[i]), "name each address once");
    }
  }
}

void LoadBalancerClassFits(const TierAt& at, FieldErrors& errors) {
  const auto& balancer = at.tier.publishing.load_balancer;
  if (!balancer || balancer->load_balancer_class.empty() || IsQualifiedName(balancer->load_balancer_class)) return;
  Invalid(errors, at.Path("publishing.loadBalancer.loadBalancerClass"), Quoted(balancer->load_balancer_class),
          "must be a name such as service.k8s.aws/nlb");
}

void RegistrationSecondsFit(const TierAt& at, FieldErrors& errors) {
  const auto& balancer = at.tier.publishing.load_balancer;
  if (!balancer || !balancer->registration_seconds) return;
  const std::int64_t value = *balancer->registration_seconds;
  if (value >= 0 && value <= kMaxRegistrationSeconds) return;
  Invalid(errors, at.Path("publishing.loadBalancer.registrationSeconds"), fmt::format("{}", value),
          fmt::format("must be between 0 and {} seconds", kMaxRegistrationSeconds));
}

constexpr std::array<TierRule, 7> kRules{
    TypeSaid, MembersBelongToType, ScopeSaid, AnnotationKeysFit, AddressesFit, LoadBalancerClassFits, RegistrationSecondsFit};

}  // namespace

std::span<const TierRule> PublishingRules() { return kRules; }

}  // namespace ingressfleet::api
