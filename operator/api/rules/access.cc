// Rules about who may reach a tier, and which layer sees to it.

#include <algorithm>
#include <array>
#include <vector>

#include "api/enums.h"
#include "api/rules/rules.h"
#include "base/cidr.h"

namespace ingressfleet::api {
namespace {

constexpr std::size_t kMaxRanges = 512;

using base::Cidr;

void CheckRanges(const TierAt& at, std::string_view field, const std::vector<std::string>& ranges, FieldErrors& errors) {
  const std::string list = at.Path(fmt::format("access.{}", field));
  if (ranges.size() > kMaxRanges) {
    Invalid(errors, list, fmt::format("{}", ranges.size()), fmt::format("must have at most {} ranges", kMaxRanges));
  }
  std::vector<Cidr> seen;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto range = Cidr::Parse(ranges[i]);
    if (!range) {
      Invalid(errors, fmt::format("{}[{}]", list, i), Quoted(ranges[i]), range.error().message);
    } else if (std::find(seen.begin(), seen.end(), *range) != seen.end()) {
      Duplicate(errors, fmt::format("{}[{}]", list, i), Quoted(ranges[i]), "name each range once");
    } else {
      seen.push_back(*range);
    }
  }
}

void RangesFit(const TierAt& at, FieldErrors& errors) {
  if (at.tier.access.allowed_source_ranges) {
    CheckRanges(at, "allowedSourceRanges", *at.tier.access.allowed_source_ranges, errors);
  }
  CheckRanges(at, "trustedProxies", at.tier.access.trusted_proxies, errors);
}

void ExternalSaysWhoMayCome(const TierAt& at, FieldErrors& errors) {
  if (!at.IsExternal() || at.tier.access.allowed_source_ranges) return;
  Required(errors, at.Path("access.allowedSourceRanges"),
           "an External tier says who may reach it: list the ranges, or write 0.0.0.0/0 (and ::/0) to open it to everyone");
}

void EnforcementFits(const TierAt& at, FieldErrors& errors) {
  if (!at.tier.access.enforcement) return;
  const auto& layers = *at.tier.access.enforcement;
  if (layers.empty()) {
    Invalid(errors, at.Path("access.enforcement"), "[]",
            "must name at least one layer; to let everyone in, leave it out and allow 0.0.0.0/0");
  }
  for (auto layer = layers.begin(); layer != layers.end(); ++layer) {
    const std::string path = at.Path(fmt::format("access.enforcement[{}]", layer - layers.begin()));
    if (std::find(layers.begin(), layer, *layer) != layer) {
      Duplicate(errors, path, Quoted(EnumName(*layer)), "name each layer once");
    }
    if (*layer == EnforcementLayer::kLoadBalancer && at.tier.publishing.type && !at.Is(PublishingType::kLoadBalancer)) {
      Invalid(errors, path, Quoted(EnumName(*layer)),
              fmt::format("publishing.type {} has no load balancer that could enforce ranges; use [Proxy]",
                          EnumName(*at.tier.publishing.type)));
    }
  }
}

/// Whether the ranges tell clients apart: not when they are empty (nobody) or cover a whole address family each.
bool Distinguishes(const std::vector<std::string>& texts) {
  std::vector<Cidr> ranges;
  for (const std::string& text : texts) {
    if (const auto range = Cidr::Parse(text)) ranges.push_back(*range);
  }
  return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) {
    return std::none_of(ranges.begin(), ranges.end(),
                        [&](const Cidr& other) { return other.IsEverything() && other.Contains(range); });
  });
}

void ProxySeesTheClient(const TierAt& at, FieldErrors& errors) {
  const Publishing& publishing = at.tier.publishing;
  const Access& access = at.tier.access;
  const bool node_hides_client =
      publishing.external_traffic_policy == ExternalTrafficPolicy::kCluster && publishing.protocol != ListenerProtocol::kPROXY;
  const bool proxy_enforces = access.enforcement && std::find(access.enforcement->begin(), access.enforcement->end(),
                                                              EnforcementLayer::kProxy) != access.enforcement->end();
  if (!node_hides_client || !proxy_enforces || !access.allowed_source_ranges || !Distinguishes(*access.allowed_source_ranges)) {
    return;
  }
  Invalid(errors, at.Path("publishing.externalTrafficPolicy"), Quoted("Cluster"),
          fmt::format("the proxy would see the node's address instead of the client's and could not enforce "
                      "access.allowedSourceRanges; use externalTrafficPolicy Local{}",
                      at.Is(PublishingType::kLoadBalancer) ? ", protocol PROXY, or access.enforcement [LoadBalancer]"
                                                           : " or protocol PROXY"));
}

void ProxyProtocolIsTrustedFromSomebody(const TierAt& at, FieldErrors& errors) {
  if (at.tier.publishing.protocol != ListenerProtocol::kPROXY || !at.tier.access.trusted_proxies.empty()) return;
  Required(errors, at.Path("access.trustedProxies"),
           "publishing.protocol PROXY believes the client address in a header; list the ranges of the load balancers that may "
           "send it, anyone else could claim any address");
}

constexpr std::array<TierRule, 5> kRules{RangesFit, ExternalSaysWhoMayCome, EnforcementFits, ProxySeesTheClient,
                                         ProxyProtocolIsTrustedFromSomebody};

}  // namespace

std::span<const TierRule> AccessRules() { return kRules; }

}  // namespace ingressfleet::api
