#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

/// Ports are named in the pods, so that slots whose engines listen on other numbers switch in one write of the Service
/// (endpoints of one port name stay in one EndpointSlice update).
Json Port(std::string_view name, int port, std::int64_t node_port) {
  Json json{{"name", name}, {"port", port}, {"targetPort", name}, {"protocol", "TCP"}};
  if (node_port != 0) json["nodePort"] = node_port;
  return json;
}

void AddLoadBalancer(const EntryService& entry, Json& spec) {
  spec["allocateLoadBalancerNodePorts"] = entry.allocate_node_ports;
  if (!entry.source_ranges.empty()) spec["loadBalancerSourceRanges"] = entry.source_ranges;
  if (!entry.load_balancer_class.empty()) spec["loadBalancerClass"] = entry.load_balancer_class;
  if (!entry.addresses.empty()) spec["loadBalancerIP"] = entry.addresses.front();
}

}  // namespace

kube::Object RenderEntryService(const ResolvedTier& tier, Traffic traffic) {
  const EntryService& entry = tier.entry;
  kube::Object service = TierObject(kube::kService, tier, EntryServiceName(tier.name));
  if (!entry.annotations.empty()) service.body()["metadata"]["annotations"] = entry.annotations;
  Json spec{{"type", entry.type},
            {"selector", EntrySelector(tier.fleet, tier.name, traffic)},
            {"ports", {Port("http", 80, entry.http_node_port), Port("https", 443, entry.https_node_port)}}};
  if (!entry.external_traffic_policy.empty()) spec["externalTrafficPolicy"] = entry.external_traffic_policy;
  if (entry.type == "LoadBalancer") AddLoadBalancer(entry, spec);
  service.body()["spec"] = std::move(spec);
  return service;
}

}  // namespace ingressfleet::plan
