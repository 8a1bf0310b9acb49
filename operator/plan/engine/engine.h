#pragma once
// A controller implementation: one file per engine. A new engine = one file + one line in registry.cc (tests/structure says
// what is still missing).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/field_error.h"
#include "plan/ir.h"

namespace ingressfleet::plan {

/// The container of one slot, as the engine wants it; Render() adds what all engines share (security, spread, grace).
struct ContainerShape {
  std::vector<std::string> args;
  kube::Json env = kube::Json::array();
  kube::Json volume_mounts = kube::Json::array();
  kube::Json volumes = kube::Json::array();
  kube::Json extra_ports = kube::Json::array();  ///< beside http and https
  kube::Json readiness_probe;
  kube::Json liveness_probe;
  kube::Json startup_probe;
  kube::Json lifecycle;  ///< null when the engine drains by itself on SIGTERM
  std::int64_t run_as_user = 65532;
};

struct Engine {
  api::Engine engine;
  std::string_view name;  ///< as in the API: "HAProxy"
  /// Whether it obeys any IngressClass controller string; else the fixed one it needs.
  bool any_controller_string;
  std::string_view fixed_controller_string;
  bool reports_live_config;     ///< its pods write the live hash into the slot's status ConfigMap
  bool supports_host_network;
  bool supports_proxy_protocol;

  /// Image of a version, empty when the table has none (then spec.…controller.image is required). `repository` is where the
  /// project's own images come from (a private registry mirrors them).
  std::string (*image)(std::string_view repository, std::string_view version);
  /// Settings of the slot's ConfigMap: the user's, checked against what the engine knows.
  api::FieldErrors (*validate)(const api::Controller& controller, const std::string& path);
  ContainerShape (*container)(const ResolvedTier& tier, Slot slot);
  /// Rules of the tier's ClusterRole, and of the Role in the fleet's namespace. Never write access to Ingresses.
  kube::Json (*cluster_rules)(const ResolvedTier& tier);
  kube::Json (*namespace_rules)(const ResolvedTier& tier);
};

std::span<const Engine* const> AllEngines();
/// nullptr for an engine that this build cannot run.
const Engine* FindEngine(api::Engine engine);
/// By its name in the API.
const Engine* FindEngine(std::string_view name);

}  // namespace ingressfleet::plan
