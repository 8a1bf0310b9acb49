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
  bool supports_host_network;
  bool supports_proxy_protocol;
  /// Whether ResolvedTier::probe_sources may say in a PROXY protocol header for whom they ask. Else they may ask for
  /// themselves.
  bool probes_claim_addresses;
  /// Common name of the certificate that it signs for itself where there is no other.
  std::string_view own_certificate;

  /// Image of a version, empty when the table has none (then spec.…controller.image is required). `repository` is where the
  /// project's own images come from (a private registry mirrors them).
  std::string (*image)(std::string_view repository, std::string_view version);
  /// What of the tier (at `path`) the engine cannot do, its settings above all. `fleet_ns` is where the pods are.
  api::FieldErrors (*validate)(const api::Tier& tier, std::string_view fleet_ns, const std::string& path);
  /// What it does otherwise than one might think, for ResolvedTier::notices.
  std::vector<std::string> (*notices)(const ResolvedTier& tier);
  /// Data of the slot's ConfigMap, part of the revision: the user's settings and the engine's own files.
  kube::StringMap (*settings)(const api::Tier& tier);
  /// Lets the sources in by an edit of those data that is no new revision; nullptr when the live ConfigMap is enough.
  void (*admit_probes)(const std::vector<std::string>& sources, kube::StringMap& settings);
  ContainerShape (*container)(const ResolvedTier& tier, Slot slot);
  /// The access list of pods with that container, where it is part of the revision. nullptr: it is live, and the pods write
  /// what they hold into the slot's status ConfigMap.
  std::vector<std::string> (*fixed_ranges)(const kube::Json& container);
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
