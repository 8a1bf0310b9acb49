// The Deployment or DaemonSet of a slot.

#include "base/hash.h"
#include "plan/engine/engine.h"
#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

// On top of the time a pod needs to stop, for the kubelet and the last log lines.
constexpr std::int64_t kGraceMarginSeconds = 10;
// A pod counts as available only when it stayed ready this long: a proxy that dies right after its first request must not
// replace one that works.
constexpr int kMinReadySeconds = 3;
// Of 100, see Affinity.
constexpr int kApartWeight = 100;
constexpr int kNeighbourWeight = 40;
// Nobody labels a node with this.
constexpr std::string_view kNoNodeLabel = "ingressfleet.io/drained";

Json PodLabels(const ResolvedTier& tier, Slot slot) {
  kube::StringMap labels = TierLabels(tier.fleet, tier.name);
  labels.merge(SlotSelector(tier.fleet, tier.name, slot));
  return labels;
}

Json SpreadOver(std::string_view topology_key, const ResolvedTier& tier, Slot slot) {
  return {{"maxSkew", 1},
          {"topologyKey", topology_key},
          {"whenUnsatisfiable", "ScheduleAnyway"},
          {"labelSelector", {{"matchLabels", SlotSelector(tier.fleet, tier.name, slot)}}}};
}

/// Pods of a slot on different nodes, as far as there are nodes. This is not a second spread constraint: a scheduler passes
/// over nodes that lack one of the keys, so where nodes have no zone label it would not spread at all.
/// https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#implicit-conventions
///
/// With externalTrafficPolicy Local a node serves only while it has a pod. New pods therefore go first where the other slot's
/// are, so that the set of nodes, which the balancer's health checks look at, does not change when traffic moves. They do so
/// with any policy: it can then be changed in place, without new pods. Only on ports of the host two slots cannot be
/// neighbours.
///
/// A scheduler adds up the weights of all pods on a node, so apart weighs more than two neighbours together: where a drained
/// node has left both pods of a slot on one, the other slot must not follow them there.
Json Affinity(const ResolvedTier& tier, Slot slot) {
  const auto preferred = [&](Slot pods, int weight) {
    const Json term{{"topologyKey", "kubernetes.io/hostname"},
                    {"labelSelector", {{"matchLabels", SlotSelector(tier.fleet, tier.name, pods)}}}};
    const Json weighted{{"weight", weight}, {"podAffinityTerm", term}};
    return Json{{"preferredDuringSchedulingIgnoredDuringExecution", Json::array({weighted})}};
  };
  Json affinity{{"podAntiAffinity", preferred(slot, kApartWeight)}};
  if (!tier.listeners.host_network) affinity["podAffinity"] = preferred(Other(slot), kNeighbourWeight);
  return affinity;
}

Json Ports(const ResolvedTier& tier, const ContainerShape& shape) {
  Json ports = Json::array();
  const auto add = [&](std::string_view name, std::int64_t number) {
    Json port{{"name", name}, {"containerPort", number}, {"protocol", "TCP"}};
    if (tier.listeners.host_network) port["hostPort"] = number;
    ports.push_back(std::move(port));
  };
  add("http", tier.listeners.http_port);
  add("https", tier.listeners.https_port);
  for (Json port : shape.extra_ports) {
    if (tier.listeners.host_network) port["hostPort"] = port["containerPort"];
    ports.push_back(std::move(port));
  }
  return ports;
}

Json SecurityContext(const ResolvedTier& tier) {
  Json context{{"allowPrivilegeEscalation", tier.listeners.host_network},
               {"readOnlyRootFilesystem", true},
               {"runAsNonRoot", true},
               {"capabilities", {{"drop", {"ALL"}}}}};
  // A process that is not root gets the capability only from its file, which needs privilege escalation to be allowed.
  if (tier.listeners.host_network) context["capabilities"]["add"] = {"NET_BIND_SERVICE"};
  return context;
}

Json Resources(const ResolvedTier& tier) {
  if (!tier.resources.empty()) return tier.resources;
  return {{"requests", {{"cpu", "100m"}, {"memory", "128Mi"}}}};
}

void SetUnlessNull(Json& object, const char* key, Json value) {
  if (!value.is_null()) object[key] = std::move(value);
}

Json Container(const ResolvedTier& tier, const ContainerShape& shape) {
  Json container{{"name", "proxy"},
                 {"image", tier.controller.image},
                 {"imagePullPolicy", tier.controller.image_pull_policy},
                 {"args", shape.args},
                 {"env", shape.env},
                 {"ports", Ports(tier, shape)},
                 {"resources", Resources(tier)},
                 {"securityContext", SecurityContext(tier)},
                 {"volumeMounts", shape.volume_mounts}};
  SetUnlessNull(container, "readinessProbe", shape.readiness_probe);
  SetUnlessNull(container, "livenessProbe", shape.liveness_probe);
  SetUnlessNull(container, "startupProbe", shape.startup_probe);
  SetUnlessNull(container, "lifecycle", shape.lifecycle);
  return container;
}

Json PullSecrets(const ResolvedTier& tier) {
  Json secrets = Json::array();
  for (const std::string& name : tier.controller.image_pull_secrets) secrets.push_back({{"name", name}});
  return secrets;
}

Json PodSpec(const ResolvedTier& tier, Slot slot) {
  const ContainerShape shape = FindEngine(tier.controller.engine)->container(tier, slot);
  Json spec{{"serviceAccountName", TierObjectName(tier)},
            {"containers", {Container(tier, shape)}},
            {"volumes", shape.volumes},
            {"securityContext",
             {{"runAsNonRoot", true},
              {"runAsUser", shape.run_as_user},
              {"runAsGroup", shape.run_as_user},
              {"fsGroup", shape.run_as_user},
              {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
            {"terminationGracePeriodSeconds", tier.pre_stop_delay_seconds + tier.drain_seconds + kGraceMarginSeconds},
            {"affinity", Affinity(tier, slot)},
            {"topologySpreadConstraints", Json::array({SpreadOver("topology.kubernetes.io/zone", tier, slot)})}};
  if (tier.listeners.host_network) {
    spec["hostNetwork"] = true;
    spec["dnsPolicy"] = "ClusterFirstWithHostNet";
  }
  if (!tier.node_selector.empty()) spec["nodeSelector"] = tier.node_selector;
  if (!tier.tolerations.empty()) spec["tolerations"] = tier.tolerations;
  if (!tier.controller.image_pull_secrets.empty()) spec["imagePullSecrets"] = PullSecrets(tier);
  return spec;
}

Json PodTemplate(const ResolvedTier& tier, Slot slot) {
  return {{"metadata", {{"labels", PodLabels(tier, slot)}}}, {"spec", PodSpec(tier, slot)}};
}

std::string_view KindName(const ResolvedTier& tier) {
  return tier.workload_kind == api::WorkloadKind::kDaemonSet ? kube::kDaemonSet.kind : kube::kDeployment.kind;
}

/// Within a slot a new revision rolls without ever having less than before; on the node's own ports there is no room for a
/// second pod, so the old one has to go first.
Json Strategy(const ResolvedTier& tier) {
  const bool surge = !tier.listeners.host_network;
  return {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", surge ? 1 : 0}, {"maxUnavailable", surge ? 0 : 1}}}};
}

}  // namespace

std::string Revision(const ResolvedTier& tier) {
  // Slot a's template stands for both: nothing that names the slot may make two slots of one revision differ.
  const Json content{{"kind", KindName(tier)}, {"pod", PodTemplate(tier, Slot::kA)}, {"settings", tier.controller.settings}};
  return base::ShortHash(content.dump());
}

SlotBody RenderSlotBody(const ResolvedTier& tier, Slot slot) {
  const bool daemon_set = tier.workload_kind == api::WorkloadKind::kDaemonSet;
  Json pod = PodTemplate(tier, slot);
  pod["metadata"]["labels"][std::string(kRevisionLabel)] = Revision(tier);
  Json spec{{"selector", {{"matchLabels", SlotSelector(tier.fleet, tier.name, slot)}}},
            {"minReadySeconds", kMinReadySeconds},
            {daemon_set ? "updateStrategy" : "strategy", Strategy(tier)},
            {"template", std::move(pod)}};
  if (!daemon_set) spec["progressDeadlineSeconds"] = 600;
  return {std::string(KindName(tier)), std::move(spec), tier.controller.settings};
}

kube::Object RenderWorkload(const ResolvedTier& tier, Slot slot, const RevisionBody& body, const upgrade::WantedSlot& wanted) {
  const SlotBody& slot_body = body.slot(slot);
  const bool daemon_set = slot_body.kind == kube::kDaemonSet.kind;
  kube::Object workload = SlotObject(daemon_set ? kube::kDaemonSet : kube::kDeployment, tier, slot, SlotObjectName(tier, slot));
  Json& metadata = workload.body()["metadata"];
  metadata["labels"][std::string(kRevisionLabel)] = body.hash;
  metadata["labels"][std::string(kEngineLabel)] = body.engine;
  metadata["annotations"][std::string(kTransitionAnnotation)] = std::to_string(wanted.transition_id);
  if (wanted.retain_until)
    metadata["annotations"][std::string(kRetainUntilAnnotation)] = base::FormatMicroTime(*wanted.retain_until);
  Json spec = slot_body.spec;
  if (!daemon_set) {
    spec["replicas"] = wanted.replicas;
  } else if (wanted.replicas == 0) {
    // A DaemonSet has no size: it shrinks to nothing on a label that no node has.
    spec["template"]["spec"]["nodeSelector"][std::string(kNoNodeLabel)] = "true";
  }
  workload.body()["spec"] = std::move(spec);
  return workload;
}

}  // namespace ingressfleet::plan
