#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

Json Peers(const ResolvedTier& tier) {
  Json peers = Json::array();
  for (const std::string& range : tier.allowed_source_ranges) peers.push_back({{"ipBlock", {{"cidr", range}}}});
  for (const std::string& address : tier.probe_sources) {
    const bool ipv6 = address.find(':') != std::string::npos;
    peers.push_back({{"ipBlock", {{"cidr", address + (ipv6 ? "/128" : "/32")}}}});
  }
  return peers;
}

}  // namespace

kube::Object RenderNetworkPolicy(const ResolvedTier& tier) {
  kube::Object policy = TierObject(kube::kNetworkPolicy, tier, TierObjectName(tier));
  // Nobody but the kubelet (which policies never block) reaches the admin ports.
  Json rule{{"ports", {{{"port", "http"}, {"protocol", "TCP"}}, {{"port", "https"}, {"protocol", "TCP"}}}}};
  Json rules = Json::array({rule});
  if (tier.enforcement.network_policy) {
    rules[0]["from"] = Peers(tier);
    // A rule without peers would let everyone in; nobody is allowed, so there is no rule.
    if (rules[0]["from"].empty()) rules = Json::array();
  }
  policy.body()["spec"] = {{"podSelector", {{"matchLabels", TierLabels(tier.fleet, tier.name)}}},
                           {"policyTypes", {"Ingress"}},
                           {"ingress", std::move(rules)}};
  return policy;
}

}  // namespace ingressfleet::plan
