// The project's own engine (proxy-image): HAProxy driven by an agent that applies every change without a reload.

#include <fmt/format.h>

#include "base/haproxy_settings.h"
#include "plan/engine/parts.h"
#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

// Ports of the pod beside the listeners; see proxy-image/README.md.
constexpr int kStatsPort = 8404;
constexpr int kAdminPort = 8405;

std::string Image(std::string_view repository, std::string_view version) {
  return fmt::format("{}/proxy:{}", repository, version);
}

api::FieldErrors Validate(const api::Tier& tier, std::string_view, const std::string& path) {
  api::FieldErrors errors;
  for (const base::SettingError& error : base::ValidateSettings(tier.controller.config)) {
    errors.push_back({api::FieldError::Type::kInvalid, fmt::format("{}.controller.config[{}]", path, error.key),
                      Json(error.value).dump(), error.rule});
  }
  return errors;
}

std::vector<std::string> Notices(const ResolvedTier&) { return {}; }

kube::StringMap Settings(const api::Tier& tier) { return tier.controller.config; }

std::vector<std::string> Arguments(const ResolvedTier& tier, Slot slot) {
  std::vector<std::string> args{
      "init",
      fmt::format("--ingress-class={}", tier.class_name),
      fmt::format("--controller={}", tier.controller_value),
      fmt::format("--namespace={}", tier.ns),
      fmt::format("--live-config={}", LiveConfigName(tier)),
      fmt::format("--status-config={}", StatusConfigName(tier, slot)),
      "--pod=$(POD_NAME)",
      fmt::format("--http-port={}", tier.listeners.http_port),
      fmt::format("--https-port={}", tier.listeners.https_port),
      fmt::format("--stats-port={}", kStatsPort),
      fmt::format("--admin-port={}", kAdminPort),
      fmt::format("--listener-protocol={}", tier.listeners.proxy_protocol ? "PROXY" : "TCP"),
      fmt::format("--pre-stop-delay={}", tier.pre_stop_delay_seconds),
      fmt::format("--drain={}", tier.drain_seconds),
      "--settings=/etc/ingressfleet/settings",
  };
  // Ports below 1024 on the node: a copy of HAProxy that carries the one capability it needs as a file capability.
  if (tier.listeners.host_network) args.push_back("--haproxy=/usr/local/sbin/haproxy-low-ports");
  return args;
}

ContainerShape Container(const ResolvedTier& tier, Slot slot) {
  ContainerShape shape;
  shape.args = Arguments(tier, slot);
  shape.env = {{{"name", "POD_NAME"}, {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", "metadata.name"}}}}}}};
  shape.volume_mounts = {{{"name", "settings"}, {"mountPath", "/etc/ingressfleet/settings"}, {"readOnly", true}},
                         {{"name", "run"}, {"mountPath", "/run/ingressfleet"}}};
  shape.volumes = {{{"name", "settings"}, {"configMap", {{"name", SlotObjectName(tier, slot)}, {"defaultMode", 420}}}},
                   {{"name", "run"}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", "256Mi"}}}}};
  AddAdminPorts(kStatsPort, kAdminPort, shape);
  AddHealthProbes("/readyz", "/healthz", shape);
  return shape;
}

Json ClusterRules(const ResolvedTier&) {
  return {
      RoleRule({""}, {"services", "namespaces"}, {"list", "watch"}),
      // get: a Secret that becomes referenced after the watch passed it is fetched by name.
      RoleRule({""}, {"secrets"}, {"get", "list", "watch"}),
      RoleRule({"discovery.k8s.io"}, {"endpointslices"}, {"list", "watch"}),
      RoleRule({"networking.k8s.io"}, {"ingresses", "ingressclasses"}, {"list", "watch"}),
      RoleRule({""}, {"events"}, {"create", "patch"}),
  };
}

Json NamespaceRules(const ResolvedTier& tier) {
  Json live = RoleRule({""}, {"configmaps"}, {"get", "list", "watch"});
  live["resourceNames"] = {LiveConfigName(tier)};
  Json status = RoleRule({""}, {"configmaps"}, {"get", "patch"});
  status["resourceNames"] = {StatusConfigName(tier, Slot::kA), StatusConfigName(tier, Slot::kB)};
  return {live, status};
}

}  // namespace

extern const Engine kHAProxyEngine{
    .engine = api::Engine::kHAProxy,
    .name = "HAProxy",
    .any_controller_string = true,
    .fixed_controller_string = "",
    .supports_host_network = true,
    .supports_proxy_protocol = true,
    .probes_claim_addresses = true,
    .own_certificate = "Ingress Fleet default certificate",  // proxy-image/agent/model/certificate.cc
    .image = Image,
    .validate = Validate,
    .notices = Notices,
    .settings = Settings,
    .admit_probes = nullptr,
    .container = Container,
    .fixed_ranges = nullptr,
    .cluster_rules = ClusterRules,
    .namespace_rules = NamespaceRules,
};

}  // namespace ingressfleet::plan
