#include "plan/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

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

std::int64_t Restarts(const kube::Object& pod) {
  std::int64_t restarts = 0;
  for (const kube::Json& container : pod.List("/status/containerStatuses"))
    restarts += kube::IntegerOf(container, "restartCount");
  return restarts;
}

void AddOnce(std::string_view value, std::vector<std::string>& values) {
  if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) values.emplace_back(value);
}

bool IsOfSlot(const kube::Object& pod, const ResolvedTier& tier, Slot slot) {
  return pod.Namespace() == tier.ns && pod.Label(kTierLabel) == tier.name && pod.Label(kSlotLabel) == SlotName(slot);
}

void AddPods(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot, ObservedSlot& observed) {
  for (const kube::ObjectPtr& pod : snapshot.pods) {
    if (!IsOfSlot(*pod, tier, slot)) continue;
    ++observed.pods;
    if (!pod->IsDeleting()) observed.restarts += Restarts(*pod);
    if (PodReady(*pod)) {
      observed.ready_pods.emplace_back(pod->Name());
      if (pod->Label(kRevisionLabel) == observed.revision) ++observed.ready_of_revision;
      AddOnce(pod->Text("/status/hostIP"), observed.host_addresses);
      AddOnce(pod->Text("/spec/nodeName"), observed.nodes);
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

/// Names of the slot's pods that run the workload's revision.
std::set<std::string> PodsOfRevision(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot,
                                     const std::string& revision) {
  std::set<std::string> names;
  for (const kube::ObjectPtr& pod : snapshot.pods) {
    if (IsOfSlot(*pod, tier, slot) && pod->Label(kRevisionLabel) == revision) names.emplace(pod->Name());
  }
  return names;
}

/// Endpoints of one pod stand in a slice for each address family: the pods are counted.
void AddSlices(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot, ObservedSlot& observed) {
  const std::set<std::string> pods = PodsOfRevision(tier, slot, snapshot, observed.revision);
  std::set<std::string> listed;
  for (const kube::ObjectPtr& slice : snapshot.endpoint_slices) {
    if (slice->Namespace() != tier.ns || slice->Label("kubernetes.io/service-name") != EntryServiceName(tier.name)) continue;
    for (const kube::Json& endpoint : slice->List("/endpoints")) {
      const std::string pod(kube::TextOf(kube::ListOf(endpoint, "targetRef"), "name"));
      if (kube::BooleanOf(kube::ListOf(endpoint, "conditions"), "ready") && pods.contains(pod)) listed.insert(pod);
    }
  }
  observed.in_slices = static_cast<std::int64_t>(listed.size());
}

std::int64_t TransitionOf(const kube::Object& object) {
  const std::string text(object.Annotation(kTransitionAnnotation));
  std::int64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

std::optional<base::TimePoint> RetainUntilOf(const kube::Object& workload) {
  const auto time = base::ParseTime(workload.Annotation(kRetainUntilAnnotation));
  return time ? std::optional(*time) : std::nullopt;
}

void AddWorkload(const kube::Object& workload, ObservedSlot& observed) {
  const bool daemon_set = workload.Kind() == kube::kDaemonSet.kind;
  observed.exists = true;
  observed.kind = workload.Kind();
  observed.engine = workload.Label(kEngineLabel);
  observed.revision = workload.Label(kRevisionLabel);
  observed.transition_id = TransitionOf(workload);
  observed.retain_until = RetainUntilOf(workload);
  const kube::Json& containers = workload.List("/spec/template/spec/containers");
  if (!containers.empty() && containers.is_array()) {
    observed.image = kube::TextOf(containers[0], "image");
    const Engine* engine = FindEngine(observed.engine);
    if (engine != nullptr && engine->fixed_ranges != nullptr) observed.fixed_ranges = engine->fixed_ranges(containers[0]);
  }
  observed.wanted = daemon_set ? workload.Integer("/status/desiredNumberScheduled") : workload.Integer("/spec/replicas", 1);
  observed.updated = workload.Integer(daemon_set ? "/status/updatedNumberScheduled" : "/status/updatedReplicas");
  observed.ready = workload.Integer(daemon_set ? "/status/numberReady" : "/status/readyReplicas");
  observed.available = workload.Integer(daemon_set ? "/status/numberAvailable" : "/status/availableReplicas");
  const std::int64_t total = daemon_set ? observed.wanted : workload.Integer("/status/replicas");
  observed.current = workload.Integer("/status/observedGeneration") >= workload.Generation();
  observed.settled = observed.current && observed.updated == observed.wanted && total == observed.wanted;
}

ObservedSlot ObserveSlot(const ResolvedTier& tier, Slot slot, const Snapshot& snapshot) {
  ObservedSlot observed;
  const std::string name = SlotObjectName(tier, slot);
  for (const kube::KindInfo* kind : {&kube::kDeployment, &kube::kDaemonSet}) {
    if (const auto workload = snapshot.Find(*kind, tier.ns, name)) AddWorkload(*workload, observed);
  }
  AddPods(tier, slot, snapshot, observed);
  AddSlices(tier, slot, snapshot, observed);
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

std::optional<Traffic> ParseTraffic(std::string_view text) {
  for (const Traffic traffic : {Traffic::kNone, Traffic::kA, Traffic::kB, Traffic::kBoth}) {
    if (TrafficName(traffic) == text) return traffic;
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
  entry.transition_id = TransitionOf(*service);
  entry.committed = ParseTraffic(service->Annotation(kCommittedAnnotation));
  entry.serving_revision = service->Annotation(kServingRevisionAnnotation);
  entry.cluster_ip = service->Text("/spec/clusterIP");
  if (tier.publishing == api::PublishingType::kLoadBalancer) {
    entry.addresses = Addresses(*service);
  } else if (tier.publishing == api::PublishingType::kPrivate) {
    entry.addresses = {std::string(service->Text("/spec/clusterIP"))};
  }
  for (const kube::Json& range : service->List("/spec/loadBalancerSourceRanges")) {
    if (range.is_string()) entry.source_ranges.push_back(range.get<std::string>());
  }
  std::sort(entry.source_ranges.begin(), entry.source_ranges.end());
  std::vector<std::string> wanted = tier.entry.source_ranges;
  std::sort(wanted.begin(), wanted.end());
  entry.access_in_force = wanted == entry.source_ranges;
  return entry;
}

/// Of the nodes that run what the entry selects; both slots are reached on the way from one to the other.
std::vector<std::string> HostAddresses(const ObservedTier& observed) {
  const Traffic traffic = observed.entry.traffic.value_or(Traffic::kA);
  std::vector<std::string> addresses;
  for (const Slot slot : {Slot::kA, Slot::kB}) {
    if (traffic != Traffic::kBoth && traffic != Traffic::kNone && traffic != Only(slot)) continue;
    for (const std::string& address : observed.slot(slot).host_addresses) AddOnce(address, addresses);
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

}  // namespace

ObservedTier Observe(const ResolvedTier& tier, const Snapshot& snapshot) {
  ObservedTier observed;
  observed.a = ObserveSlot(tier, Slot::kA, snapshot);
  observed.b = ObserveSlot(tier, Slot::kB, snapshot);
  observed.entry = ObserveEntry(tier, snapshot);
  if (const auto preview = snapshot.Find(kube::kService, tier.ns, PreviewServiceName(tier.name))) {
    observed.preview_exists = true;
    observed.preview_ip = preview->Text("/spec/clusterIP");
  }
  if (const auto ingress_class = snapshot.Find(kube::kIngressClass, "", tier.class_name)) {
    observed.class_exists = true;
    observed.class_controller = ingress_class->Text("/spec/controller");
    observed.class_is_default = ingress_class->Annotation(kDefaultClassAnnotation) == "true";
  }
  observed.ingresses = IngressesOf(snapshot, tier.class_name);
  // On the nodes' own ports, and on node ports, the tier is reached at the nodes.
  if (tier.publishing == api::PublishingType::kHostNetwork || tier.publishing == api::PublishingType::kNodePort) {
    observed.entry.addresses = HostAddresses(observed);
  }
  return observed;
}

std::vector<const Engine*> EnginesOfSlots(const ResolvedTier& tier, const Snapshot& snapshot) {
  std::vector<const Engine*> engines;
  for (const Slot slot : {Slot::kA, Slot::kB}) {
    for (const kube::KindInfo* kind : {&kube::kDeployment, &kube::kDaemonSet}) {
      const auto workload = snapshot.Find(*kind, tier.ns, SlotObjectName(tier, slot));
      const Engine* engine = workload ? FindEngine(workload->Label(kEngineLabel)) : nullptr;
      if (engine != nullptr) engines.push_back(engine);
    }
  }
  return engines;
}

bool LiveConfigInForce(const ResolvedTier& tier, const ObservedSlot& slot) {
  const Engine* named = FindEngine(slot.engine);
  const Engine& engine = named == nullptr ? *FindEngine(tier.controller.engine) : *named;
  if (slot.ready_pods.empty()) return false;
  if (engine.fixed_ranges != nullptr) {
    // Pods of the revision cannot have another list than its template's, which may be of an earlier specification.
    const bool all_of_revision = slot.ready_of_revision == static_cast<std::int64_t>(slot.ready_pods.size());
    return all_of_revision && slot.fixed_ranges == ProxyRanges(tier);
  }
  const std::string wanted = LiveHash(tier);
  return std::all_of(slot.ready_pods.begin(), slot.ready_pods.end(), [&](const std::string& pod) {
    return std::any_of(slot.reports.begin(), slot.reports.end(),
                       [&](const PodReport& report) { return report.pod == pod && report.live_hash == wanted; });
  });
}

}  // namespace ingressfleet::plan
