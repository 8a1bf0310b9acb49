#pragma once
// The IngressFleet resource as C++ values: what a user declares. Field names, defaults and units are those of
// crds/ingressfleet.yaml; a parity test (tests/structure) holds the two together. Pure values.
//
// Optionals mean "not said": Default() leaves none behind where a default exists (see api/defaults.h).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/object.h"

namespace ingressfleet::api {

enum class Engine { kHAProxy, kTraefik, kF5Nginx, kHAProxyTech, kHAProxyIngress, kIngressNginx, kCustom };
enum class WorkloadKind { kDeployment, kDaemonSet };
enum class PublishingType { kLoadBalancer, kNodePort, kHostNetwork, kPrivate };
enum class Scope { kInternal, kExternal };
enum class Provider { kAuto, kAWS, kGCP, kAzure, kMetalLB, kGeneric };
enum class ExternalTrafficPolicy { kLocal, kCluster };
enum class ListenerProtocol { kTCP, kPROXY };
enum class EnforcementLayer { kLoadBalancer, kProxy, kNetworkPolicy };
enum class DeletionPolicy { kWhenUnused, kForce };
enum class UpgradeStrategy { kBlueGreen, kCanary, kRollingUpdate };
enum class Promotion { kManual, kAutomatic };
enum class OnFailure { kRollback, kHold };
enum class Cutover { kExpandContract, kExpandTerminate, kFlip };
enum class Weekday { kMonday, kTuesday, kWednesday, kThursday, kFriday, kSaturday, kSunday };

struct Controller {
  std::optional<Engine> engine;
  std::string version;                          ///< chooses the image by the engine's table
  std::string image;                            ///< given as is; wins over version
  std::string image_pull_policy;                ///< as in a container; empty = IfNotPresent
  std::vector<std::string> image_pull_secrets;  ///< names of Secrets in spec.namespace
  kube::StringMap config;                       ///< engine settings, validated by the engine's adapter
};

struct IngressClass {
  std::string name;              ///< default: the tier's name
  std::string controller_value;  ///< default: ingressfleet.io/<fleet>-<tier>
};

struct Shutdown {
  std::optional<std::int64_t> pre_stop_delay_seconds;  ///< 15
  std::optional<std::int64_t> drain_seconds;           ///< 300
};

/// Members that Kubernetes defines (resources, tolerations, …) stay JSON and are passed through as they are.
struct Workload {
  std::optional<WorkloadKind> kind;      ///< Deployment
  std::optional<std::int64_t> replicas;  ///< 2; not used by a DaemonSet
  kube::Json resources = kube::Json::object();
  kube::StringMap node_selector;
  kube::Json tolerations = kube::Json::array();
  Shutdown shutdown;
};

struct LoadBalancer {
  std::optional<Scope> scope;        ///< required
  std::optional<Provider> provider;  ///< Auto: read from the nodes' providerID
  kube::StringMap annotations;       ///< owned exactly: a key removed here is removed from the Service
  std::vector<std::string> addresses;
  std::string load_balancer_class;                   ///< immutable once the Service exists
  std::optional<std::int64_t> registration_seconds;  ///< until a new endpoint gets traffic; what the provider's table says
};

struct NodePort {
  std::optional<std::int64_t> http;  ///< chosen by the API server when not said
  std::optional<std::int64_t> https;
};

struct HostNetwork {
  std::optional<std::int64_t> http_port;   ///< 80
  std::optional<std::int64_t> https_port;  ///< 443
};

struct Publishing {
  std::optional<PublishingType> type;
  std::optional<LoadBalancer> load_balancer;                     ///< exactly with type LoadBalancer
  std::optional<NodePort> node_port;                             ///< only with type NodePort
  std::optional<HostNetwork> host_network;                       ///< only with type HostNetwork
  std::optional<ListenerProtocol> protocol;                      ///< TCP
  std::optional<ExternalTrafficPolicy> external_traffic_policy;  ///< Local
  std::optional<Cutover> cutover;                                ///< ExpandContract
};

struct Access {
  std::optional<std::vector<std::string>> allowed_source_ranges;  ///< required for External; empty = nobody
  std::optional<std::vector<EnforcementLayer>> enforcement;       ///< LoadBalancer, Proxy
  std::vector<std::string> trusted_proxies;                       ///< whose PROXY protocol header is believed
};

struct SecretRef {
  std::string ns;  ///< default: spec.namespace
  std::string name;
};

struct Tls {
  std::optional<SecretRef> default_certificate_ref;
};

struct CanaryStep {
  std::optional<std::int64_t> weight;         ///< percent of new connections meant for the candidate, 1–99; required
  std::optional<std::int64_t> pause_seconds;  ///< how long the step lasts at least; 0
};

/// When a candidate may get traffic. Times are UTC.
struct MaintenanceWindow {
  std::vector<Weekday> days;                     ///< on which it begins; empty = every day
  std::string start;                             ///< "22:00"; required
  std::optional<std::int64_t> duration_seconds;  ///< 60–86400; required
};

/// A request of the user's own to the candidate, with the answer that it must give.
struct VerifyProbe {
  std::string name;
  std::string scheme;  ///< http (default) or https
  std::string host;    ///< required
  std::string path;    ///< "/"
  std::string method;  ///< GET
  kube::StringMap headers;
  std::string expected_status;  ///< "2xx"; "200" or "2xx"
  std::string body_contains;    ///< in the first 64 KiB; empty = not looked at
  std::string source;           ///< client address that the request claims; empty = an allowed one
};

/// A Prometheus query of the user's own.
struct VerifyMetric {
  std::string name;
  std::string address;                        ///< "http://prometheus.monitoring:9090"; required
  std::string query;                          ///< required
  std::string success_condition;              ///< "result < 0.01"; required
  std::optional<std::int64_t> failure_limit;  ///< 0
};

/// Checks before a candidate gets traffic; metrics also while it is watched.
struct Verify {
  std::optional<bool> parity;  ///< every host and path answers as before, certificates too; true
  std::optional<bool> access;  ///< allowed sources get in, others do not; true
  std::vector<VerifyProbe> probes;
  std::vector<VerifyMetric> metrics;
};

struct Upgrade {
  std::optional<UpgradeStrategy> strategy;                ///< BlueGreen; RollingUpdate for HostNetwork
  std::optional<Promotion> promotion;                     ///< Automatic
  std::optional<std::int64_t> approval_deadline_seconds;  ///< none: it waits
  std::vector<MaintenanceWindow> windows;                 ///< none: always
  std::vector<CanaryStep> steps;                          ///< only with strategy Canary, required there
  Verify verify;
  std::optional<std::int64_t> min_ready_seconds;          ///< 30
  std::optional<std::int64_t> observe_seconds;            ///< 300
  std::optional<std::int64_t> retain_seconds;             ///< 900
  std::optional<std::int64_t> abort_delay_seconds;        ///< 30
  std::optional<std::int64_t> progress_deadline_seconds;  ///< 600
  std::optional<OnFailure> on_failure;                    ///< Rollback
  std::optional<std::int64_t> history_limit;              ///< 10
};

/// Order of upgrades across tiers. A failure stops the train.
struct Rollout {
  std::vector<std::string> order;                           ///< names of tiers; those not named come last, by name
  std::optional<std::int64_t> max_concurrent_tiers;         ///< 1
  std::optional<std::int64_t> pause_between_tiers_seconds;  ///< 0
};

struct Tier {
  std::string name;
  Controller controller;
  IngressClass ingress_class;
  std::optional<kube::Json> namespace_selector;  ///< which namespaces' Ingresses it serves; not said = all
  Workload workload;
  Publishing publishing;
  Access access;
  Tls tls;
  Upgrade upgrade;
  std::optional<bool> network_policy;  ///< true: generate a NetworkPolicy for the controller's pods; default false
};

struct DefaultClass {
  std::string tier_name;
  bool allow_external = false;
};

struct Fleet {
  std::string name;
  std::string uid;
  std::int64_t generation = 0;
  bool deleting = false;

  bool paused = false;
  std::string ns = "ingress-fleet";
  std::optional<DeletionPolicy> deletion_policy;  ///< WhenUnused: a tier goes only when no Ingress uses its class any more
  std::optional<DefaultClass> default_class;
  Rollout rollout;
  std::vector<Tier> tiers;  ///< tierDefaults already merged under each
};

}  // namespace ingressfleet::api
