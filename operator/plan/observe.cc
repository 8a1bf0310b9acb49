#include "plan/observe.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/diff/diff.h"
#include "plan/engine/engine.h"
#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

constexpr std::size_t kPodProblemsKept = 3;

bool PodReady(const kube::Object& pod) {
  if (pod.IsDeleting()) return false;
  for (const kube::Json& condition : pod.List("/status/conditions")) {
    if (kube::TextOf(condition, "type") == "Ready") return kube::TextOf(condition, "status") == "True";
  }
  return false;
}

/// Why a pod does not run, in the words of the kubelet or scheduler; empty when nothing is known to be wrong.
std::string PodProblem(const kube::Object& pod) {
  for (const kube::Json& container : pod.List("/status/containerStatuses")) {
    const kube::Json& waiting = kube::ListOf(kube::ListOf(container, "state"), "waiting");
    const std::string_view reason = kube::TextOf(waiting, "reason");
    if (!reason.empty() && reason != "ContainerCreating" && reason != "PodInitializing") {
      return fmt::format("pod {}: {}: {}", pod.Name(), reason, kube::TextOf(waiting, "message"));
    }
  }
  for (const kube::Json& condition : pod.List("/status/conditions")) {
    if (kube::TextOf(condition, "type") == "PodScheduled" && kube::TextOf(condition, "status") == "False") {
      return fmt::format("pod {}: {}: {}", pod.Name(), kube::TextOf(condition, "reason"), kube::TextOf(condition, "message"));
    }
  }
  return {};
}

void AddPods(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot, ObservedSlot& observed) {
  for (const kube::ObjectPtr& pod : snapshot.pods) {
    if (pod->Namespace() != tier.ns || pod->Label(kTierLabel) != tier.name || pod->Label(kSlotLabel) != SlotName(slot)) continue;
    if (PodReady(*pod)) {
      observed.ready_pods.emplace_back(pod->Name());
      const std::string host(pod->Text("/status/hostIP"));
      auto& hosts = observed.host_addresses;
      if (!host.empty() && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    } else if (observed.pod_problems.size() < kPodProblemsKept) {
      if (std::string problem = PodProblem(*pod); !problem.empty()) observed.pod_problems.push_back(std::move(problem));
    }
  }
  std::sort(observed.host_addresses.begin(), observed.host_addresses.end());
}

PodReport DecodeReport(const std::string& pod, const std::string& text) {
  PodReport report;
  report.pod = pod;
  const kube::Json json = kube::Json::parse(text, nullptr, /*allow_exceptions=*/false);
  report.live_hash = kube::TextOf(json, "liveHash");
  for (const kube::Json& range : kube::ListOf(json, "allowedSourceRanges")) {
    if (range.is_string()) report.allowed_source_ranges.push_back(range.get<std::string>());
  }
  std::sort(report.allowed_source_ranges.begin(), report.allowed_source_ranges.end());
  report.routes = kube::IntegerOf(json, "routes");
  report.problems = kube::IntegerOf(json, "problems");
  return report;
}

void AddReports(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot, ObservedSlot& observed) {
  const kube::ObjectPtr config = snapshot.Find(kube::kConfigMap, tier.ns, StatusConfigName(tier, slot));
  if (config == nullptr) return;
  for (const auto& [pod, text] : config->Map("/data")) {
    const auto& ready = observed.ready_pods;
    if (std::find(ready.begin(), ready.end(), pod) != ready.end()) observed.reports.push_back(DecodeReport(pod, text));
  }
}

void AddWorkload(const kube::Object& workload, ObservedSlot& observed) {
  const bool daemon_set = workload.Kind() == kube::kDaemonSet.kind;
  observed.exists = true;
  observed.revision = workload.Label(kRevisionLabel);
  const kube::Json& containers = workload.List("/spec/template/spec/containers");
  if (!containers.empty() && containers.is_array()) observed.image = kube::TextOf(containers[0], "image");
  observed.wanted = daemon_set ? workload.Integer("/status/desiredNumberScheduled") : workload.Integer("/spec/replicas", 1);
  observed.updated = workload.Integer(daemon_set ? "/status/updatedNumberScheduled" : "/status/updatedReplicas");
  observed.ready = workload.Integer(daemon_set ? "/status/numberReady" : "/status/readyReplicas");
  observed.available = workload.Integer(daemon_set ? "/status/numberAvailable" : "/status/availableReplicas");
  const std::int64_t total = daemon_set ? observed.wanted : workload.Integer("/status/replicas");
  observed.settled = workload.Integer("/status/observedGeneration") >= workload.Generation() &&
                     observed.updated == observed.wanted && total == observed.wanted;
}

ObservedSlot ObserveSlot(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot) {
  ObservedSlot observed;
  const std::string name = SlotObjectName(tier, slot);
  for (const kube::KindInfo* kind : {&kube::kDeployment, &kube::kDaemonSet}) {
    if (const auto workload = snapshot.Find(*kind, tier.ns, name)) AddWorkload(*workload, observed);
  }
  AddPods(tier, slot, snapshot, observed);
  AddReports(tier, slot, snapshot, observed);
  return observed;
}

std::vector<std::string> Addresses(const kube::Object& service) {
  std::vector<std::string> addresses;
  for (const kube::Json& ingress : service.List("/status/loadBalancer/ingress")) {
    const std::string_view ip = kube::TextOf(ingress, "ip");
    const std::string_view host = kube::TextOf(ingress, "hostname");
    if (!ip.empty() || !host.empty()) addresses.emplace_back(ip.empty() ? host : ip);
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

std::optional<Traffic> TrafficOf(const ResolvedTier& tier, const kube::StringMap& selector) {
  for (const Traffic traffic : {Traffic::kNone, Traffic::kA, Traffic::kB, Traffic::kBoth}) {
    if (selector == EntrySelector(tier.fleet, tier.name, traffic)) return traffic;
  }
  return std::nullopt;
}

ObservedEntry ObserveEntry(const ResolvedTier& tier, const Snapshot& snapshot) {
  ObservedEntry entry;
  const auto service = snapshot.Find(kube::kService, tier.ns, EntryServiceName(tier.name));
  if (service == nullptr || service->Label(kFleetLabel) != tier.fleet) return entry;
  entry.exists = true;
  entry.uid = service->Uid();
  entry.traffic = TrafficOf(tier, service->Map("/spec/selector"));
  if (tier.publishing == api::PublishingType::kLoadBalancer) {
    entry.addresses = Addresses(*service);
  } else if (tier.publishing == api::PublishingType::kPrivate) {
    entry.addresses = {std::string(service->Text("/spec/clusterIP"))};
  }
  for (const kube::Json& range : service->List("/spec/loadBalancerSourceRanges")) {
    if (range.is_string()) entry.source_ranges.push_back(range.get<std::string>());
  }
  std::sort(entry.source_ranges.begin(), entry.source_ranges.end());
  return entry;
}

}  // namespace

ObservedTier Observe(const ResolvedTier& tier, const Snapshot& snapshot) {
  ObservedTier observed;
  observed.a = ObserveSlot(tier, Slot::kA, snapshot);
  observed.b = ObserveSlot(tier, Slot::kB, snapshot);
  observed.entry = ObserveEntry(tier, snapshot);
  if (const auto ingress_class = snapshot.Find(kube::kIngressClass, "", tier.class_name)) {
    observed.class_exists = true;
    observed.class_controller = ingress_class->Text("/spec/controller");
    observed.class_is_default = ingress_class->Annotation(kDefaultClassAnnotation) == "true";
  }
  observed.ingresses = IngressesOf(snapshot, tier.class_name);
  // On the nodes' own ports, and on node ports, the tier is reached at the nodes.
  if (tier.publishing == api::PublishingType::kHostNetwork || tier.publishing == api::PublishingType::kNodePort) {
    observed.entry.addresses = observed.a.host_addresses;
  }
  return observed;
}

bool LiveConfigInForce(const ResolvedTier& tier, const ObservedSlot& slot) {
  if (!FindEngine(tier.controller.engine)->reports_live_config || slot.ready_pods.empty()) return false;
  const std::string wanted = LiveHash(tier);
  return std::all_of(slot.ready_pods.begin(), slot.ready_pods.end(), [&](const std::string& pod) {
    return std::any_of(slot.reports.begin(), slot.reports.end(),
                       [&](const PodReport& report) { return report.pod == pod && report.live_hash == wanted; });
  });
}

}  // namespace ingressfleet::plan
