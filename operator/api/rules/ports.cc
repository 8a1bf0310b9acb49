// Rules about ports on the nodes: their range, and that no two tiers want the same one.

#include <algorithm>
#include <array>
#include <vector>

#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

constexpr std::int64_t kMaxPort = 65535;

/// A port that a tier takes on its nodes.
struct NodePortClaim {
  const Tier* tier;
  std::string path;
  std::int64_t port;
};

void Claim(std::vector<NodePortClaim>& claims, const TierAt& at, std::string_view field,
           const std::optional<std::int64_t>& port) {
  if (port) claims.push_back({&at.tier, at.Path(fmt::format("publishing.{}", field)), *port});
}

std::vector<NodePortClaim> NodePortClaims(const Fleet& fleet) {
  std::vector<NodePortClaim> claims;
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    const TierAt at{fleet, fleet.tiers[i], i};
    if (!at.Is(PublishingType::kNodePort) || !at.tier.publishing.node_port) continue;
    Claim(claims, at, "nodePort.http", at.tier.publishing.node_port->http);
    Claim(claims, at, "nodePort.https", at.tier.publishing.node_port->https);
  }
  return claims;
}

std::vector<NodePortClaim> HostNetworkClaims(const Fleet& fleet) {
  std::vector<NodePortClaim> claims;
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    const TierAt at{fleet, fleet.tiers[i], i};
    if (!at.Is(PublishingType::kHostNetwork) || !at.tier.publishing.host_network) continue;
    Claim(claims, at, "hostNetwork.httpPort", at.tier.publishing.host_network->http_port);
    Claim(claims, at, "hostNetwork.httpsPort", at.tier.publishing.host_network->https_port);
  }
  return claims;
}

/// Whether one node can match both selectors: it cannot when they want different values of one label.
bool CanShareANode(const Tier& a, const Tier& b) {
  const auto& others = b.workload.node_selector;
  return std::none_of(a.workload.node_selector.begin(), a.workload.node_selector.end(), [&](const auto& label) {
    const auto other = others.find(label.first);
    return other != others.end() && other->second != label.second;
  });
}

void CheckRange(const std::vector<NodePortClaim>& claims, FieldErrors& errors) {
  for (const NodePortClaim& claim : claims) {
    if (claim.port >= 1 && claim.port <= kMaxPort) continue;
    Invalid(errors, claim.path, fmt::format("{}", claim.port), fmt::format("must be between 1 and {}", kMaxPort));
  }
}

/// Each claim against those before it; `meet` says whether two tiers are ever on one node, `remedy` what to do.
void CheckClashes(const std::vector<NodePortClaim>& claims, bool (*meet)(const Tier&, const Tier&), std::string_view remedy,
                  FieldErrors& errors) {
  for (auto claim = claims.begin(); claim != claims.end(); ++claim) {
    const auto earlier = std::find_if(claims.begin(), claim, [&](const NodePortClaim& other) {
      return other.port == claim->port && (other.tier == claim->tier || meet(*other.tier, *claim->tier));
    });
    if (earlier == claim) continue;
    const bool same = earlier->tier == claim->tier;
    Duplicate(
        errors, claim->path, fmt::format("{}", claim->port),
        same ? fmt::format("tier \"{}\" uses this port for HTTP and for HTTPS; choose two ports", claim->tier->name)
             : fmt::format("tiers \"{}\" and \"{}\" want the same port; {}", earlier->tier->name, claim->tier->name, remedy));
  }
}

void NodePortsFit(const Fleet& fleet, FieldErrors& errors) {
  const auto claims = NodePortClaims(fleet);
  CheckRange(claims, errors);
  CheckClashes(
      claims, [](const Tier&, const Tier&) { return true; }, "a node port exists once in a cluster, choose another", errors);
}

void HostPortsFit(const Fleet& fleet, FieldErrors& errors) {
  const auto claims = HostNetworkClaims(fleet);
  CheckRange(claims, errors);
  CheckClashes(claims, CanShareANode, "choose other ports, or give their workload.nodeSelector different values of one label",
               errors);
}

constexpr std::array<FleetRule, 2> kRules{NodePortsFit, HostPortsFit};

}  // namespace

std::span<const FleetRule> PortRules() { return kRules; }

}  // namespace ingressfleet::api
