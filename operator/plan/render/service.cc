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

kube::Object RenderEntryService(const ResolvedTier& tier, const upgrade::WantedEntry& wanted) {
  const EntryService& entry = tier.entry;
  kube::Object service = TierObject(kube::kService, tier, EntryServiceName(tier.name));
  kube::StringMap annotations = entry.annotations;
  annotations[std::string(kTransitionAnnotation)] = std::to_string(wanted.transition_id);
  annotations[std::string(kCommittedAnnotation)] = TrafficName(wanted.traffic);
  if (!wanted.serving_revision.empty()) annotations[std::string(kServingRevisionAnnotation)] = wanted.serving_revision;
  service.body()["metadata"]["annotations"] = std::move(annotations);
  Json spec{{"type", entry.type},
            {"selector", EntrySelector(tier.fleet, tier.name, wanted.traffic)},
            {"ports", {Port("http", 80, entry.http_node_port), Port("https", 443, entry.https_node_port)}}};
  if (!entry.external_traffic_policy.empty()) spec["externalTrafficPolicy"] = entry.external_traffic_policy;
  if (entry.type == "LoadBalancer") AddLoadBalancer(entry, spec);
  service.body()["spec"] = std::move(spec);
  return service;
}

kube::Object FreezeEntryService(kube::Object entry, const kube::Object& live) {
  Json& annotations = entry.body()["metadata"]["annotations"];
  const kube::StringMap found = live.Annotations();
  for (auto annotation = annotations.begin(); annotation != annotations.end();) {
    const bool ours = annotation.key().starts_with("ingressfleet.io/");
    const auto as_is = found.find(annotation.key());
    if (!ours && as_is == found.end()) {
      annotation = annotations.erase(annotation);
      continue;
    }
    if (!ours) *annotation = as_is->second;
    ++annotation;
  }
  for (const char* field : {"externalTrafficPolicy", "allocateLoadBalancerNodePorts", "loadBalancerIP"}) {
    const auto value = live.List("/spec").find(field);
    if (value != live.List("/spec").end()) entry.body()["spec"][field] = *value;
  }
  return entry;
}

kube::Object RenderPreviewService(const ResolvedTier& tier, Slot candidate) {
  kube::Object service = TierObject(kube::kService, tier, PreviewServiceName(tier.name));
  service.body()["spec"] = {{"type", "ClusterIP"},
                            {"selector", EntrySelector(tier.fleet, tier.name, Only(candidate))},
                            {"ports", {Port("http", 80, 0), Port("https", 443, 0)}}};
  return service;
}

}  // namespace ingressfleet::plan
