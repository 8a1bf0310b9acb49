#pragma once
// The intermediate representation: a fleet with everything decided that the specification leaves open. No optionals where a
// default exists, no provider or engine left to choose. What Render() reads. Pure values.

#include <string>
#include <vector>

#include "api/fleet.h"
#include "kube/object.h"

namespace ingressfleet::plan {

/// A slot of a tier. Slots are fixed because a Deployment's selector is immutable; an upgrade alternates between them.
enum class Slot { kA, kB };
std::string_view SlotName(Slot slot);  ///< "a", "b": value of the label ingressfleet.io/slot
Slot Other(Slot slot);

/// What the entry Service's selector may be: the commit point of every exposure and upgrade.
enum class Traffic { kNone, kA, kB, kBoth };
std::string_view TrafficName(Traffic traffic);  ///< "none", "a", "b", "ab"
Traffic Only(Slot slot);

/// How the entry Service looks, decided by the publishing type and, for a load balancer, by the provider's table.
struct EntryService {
  std::string type = "ClusterIP";          ///< LoadBalancer, NodePort or ClusterIP
  kube::StringMap annotations;             ///< owned exactly; present in the create call already
  std::vector<std::string> source_ranges;  ///< spec.loadBalancerSourceRanges; canonical CIDRs
  std::string load_balancer_class;
  std::vector<std::string> addresses;   ///< spec.loadBalancerIP (first) where the provider reads that field
  bool allocate_node_ports = true;      ///< false where the balancer needs none: a node port answers to everyone
  std::string external_traffic_policy;  ///< Local, Cluster, or empty where it does not apply
  std::int64_t http_node_port = 0;      ///< 0 = chosen by the API server
  std::int64_t https_node_port = 0;

  friend bool operator==(const EntryService&, const EntryService&) = default;
};

/// How the controller's pods listen.
struct Listeners {
  bool host_network = false;
  std::int64_t http_port = 8080;   ///< in the pod; the named port "http"
  std::int64_t https_port = 8443;  ///< the named port "https"
  bool proxy_protocol = false;

  friend bool operator==(const Listeners&, const Listeners&) = default;
};

/// Which layers hold the access list for this tier, and why a layer that was asked for does not.
struct Enforcement {
  bool load_balancer = false;
  bool proxy = false;
  bool network_policy = false;
  /// What the balancer's table says about source ranges: empty = enforced; else why they are not (with the remedy).
  std::string load_balancer_gap;

  friend bool operator==(const Enforcement&, const Enforcement&) = default;
};

/// What runs: part of the revision, so a change of any member replaces pods.
struct Controller {
  api::Engine engine = api::Engine::kHAProxy;
  std::string version;
  std::string image;
  std::string image_pull_policy = "IfNotPresent";
  std::vector<std::string> image_pull_secrets;
  kube::StringMap settings;  ///< data of the slot's ConfigMap

  friend bool operator==(const Controller&, const Controller&) = default;
};

struct ResolvedTier {
  std::string fleet;
  std::string fleet_uid;
  std::string name;
  std::string ns;
  std::string class_name;
  std::string controller_value;
  bool is_default_class = false;

  Controller controller;
  api::WorkloadKind workload_kind = api::WorkloadKind::kDeployment;
  std::int64_t replicas = 2;  ///< 0 for a DaemonSet
  kube::Json resources = kube::Json::object();
  kube::StringMap node_selector;
  kube::Json tolerations = kube::Json::array();
  std::int64_t pre_stop_delay_seconds = 15;
  std::int64_t drain_seconds = 300;

  api::PublishingType publishing = api::PublishingType::kPrivate;
  bool external = false;                             ///< reachable from outside on purpose (LoadBalancer with scope External)
  api::Provider provider = api::Provider::kGeneric;  ///< never kAuto
  EntryService entry;
  Listeners listeners;
  Enforcement enforcement;

  std::vector<std::string> allowed_source_ranges;  ///< canonical, sorted, without duplicates; empty = nobody
  std::vector<std::string> trusted_proxies;
  /// Addresses of the operator's pods, while it has to ask the tier on behalf of others: see upgrade probes. Else empty.
  std::vector<std::string> probe_sources;
  /// Whether they say for whom they ask. Not while a slot's engine takes no such claim: then they are let in themselves.
  bool probes_claim = true;
  kube::Json namespace_selector;    ///< null = all namespaces
  std::string default_certificate;  ///< "namespace/name" or empty
  bool network_policy = false;

  api::Upgrade upgrade;  ///< defaults filled in
  api::Cutover cutover = api::Cutover::kExpandContract;
  std::int64_t registration_seconds = 0;  ///< how long the balancer may take to send traffic to a new endpoint

  std::vector<std::string> notices;  ///< allowed and yet worth knowing before it is applied: whole sentences for the plan
};

struct ResolvedFleet {
  std::string name;
  std::string uid;
  std::int64_t generation = 0;
  std::string ns;
  bool paused = false;
  bool deleting = false;
  bool force_removal = false;       ///< tiers are removed even while Ingresses use their class
  api::Rollout rollout;             ///< defaults filled in
  std::string default_tier;         ///< empty = the fleet has no default class
  std::vector<ResolvedTier> tiers;  ///< ordered by name: the order in the specification has no meaning
};

}  // namespace ingressfleet::plan
