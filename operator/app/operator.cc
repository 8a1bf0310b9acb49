#include "app/operator.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "app/fleet_metrics.h"
#include "app/fleet_reconciler.h"
#include "app/gatherer.h"
#include "app/triggers.h"
#include "base/log.h"
#include "io/events.h"
#include "io/kubeconfig.h"
#include "io/leader.h"
#include "io/queue.h"
#include "io/serve.h"
#include "io/wait.h"

namespace ingressfleet::app {
namespace {

constexpr const char* kController = "ingressfleet";
constexpr std::chrono::milliseconds kSyncPoll{50};

/// Counters that exist with 0 from the start: a rate over a series that appears with its first error misses that error.
void CreateCounters(io::Metrics& metrics) {
  for (const char* result : {"success", "error", "requeue_after"}) {
    metrics.Count("controller_runtime_reconcile_total", {{"controller", kController}, {"result", result}}, 0);
  }
  metrics.Count("controller_runtime_reconcile_errors_total", {{"controller", kController}}, 0);
}

std::string HostName() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string MakeIdentity(const OperatorOptions& options) {
  if (!options.identity.empty()) return options.identity;
  std::random_device random;
  return fmt::format("{}_{:08x}", HostName(), random());
}

plan::ClusterFacts FactsOf(const OperatorOptions& options) {
  plan::ClusterFacts facts;
  facts.image_repository = options.image_repository;
  // Where packets of clients pass a node they may carry its address (kube-proxy with policy Cluster): proxies that expected a
  // claim of that address would refuse those clients, and an access list that let it in would let them in.
  if (!options.pod_address.empty() && options.pod_address == options.host_address) {
    base::Log(base::LogLevel::kWarn,
              "the pod has its node's address (hostNetwork): candidates cannot be probed, upgrades are held in Verify",
              {{"address", options.pod_address}});
  } else if (!options.pod_address.empty()) {
    facts.operator_addresses = {options.pod_address};
  }
  return facts;
}

class Operator {
 public:
  Operator(const OperatorOptions& options, io::Client client, std::string lease_namespace)
      : options_(options),
        client_(std::move(client)),
        identity_(MakeIdentity(options)),
        lease_namespace_(std::move(lease_namespace)),
        queue_({.name = kController}),
        gatherer_(client_, base::SystemClock(), FactsOf(options),
                  [this](const kube::ObjectPtr& before, const kube::ObjectPtr& after) { OnChange(before, after); }),
        events_(client_, "ingressfleet-operator", identity_),
        evidence_(prober_, base::SystemClock(), [this](const std::string& fleet) { queue_.Add(fleet); }),
        reconciler_(client_, gatherer_, &evidence_, events_, io::DefaultMetrics()) {
    RegisterFleetMetrics(io::DefaultMetrics());
    CreateCounters(io::DefaultMetrics());
  }

  base::Status Run(std::stop_token stop) {
    auto server = io::HealthServer::Start(Health(), io::DefaultMetrics());
    if (!server) return base::Fail(server.error());
    base::Log(base::LogLevel::kInfo, "operator started",
              kube::Json{{"version", INGRESSFLEET_VERSION}, {"identity", identity_}, {"health_port", (*server)->port()}});
    gatherer_.Start();
    while (!gatherer_.HasSynced()) {
      if (!io::SleepFor(kSyncPoll, stop)) return {};
    }
    base::Log(base::LogLevel::kInfo, "caches are in sync");
    if (!options_.leader_elect) {
      Lead(stop);
      return {};
    }
    const io::LeaderOptions lease{.ns = lease_namespace_, .name = kController, .identity = identity_};
    const base::Status status = io::RunAsLeader(
        client_, lease, [this](std::stop_token lead) { Lead(lead); }, stop);
    return stop.stop_requested() ? base::Status() : status;
  }

 private:
  void OnChange(const kube::ObjectPtr& before, const kube::ObjectPtr& after) {
    const TriggerContext context{.all_fleets = [this] { return gatherer_.FleetNames(); },
                                 .fleet_of_class = [this](std::string_view name) { return gatherer_.FleetOfClass(name); }};
    for (const std::string& fleet : FleetsConcerned(before, after, context)) queue_.Add(fleet);
  }

  /// Works the queue until `stop`; keys that came in before count too.
  void Lead(std::stop_token stop) {
    base::Log(base::LogLevel::kInfo, "leading", {{"identity", identity_}});
    leading_ = true;
    for (const std::string& fleet : gatherer_.FleetNames()) queue_.Add(fleet);
    std::stop_callback shut_down(stop, [this] { queue_.ShutDown(); });
    {
      std::vector<std::jthread> workers;
      for (int i = 0; i < options_.workers; ++i) workers.emplace_back([this] { Work(); });
    }
    leading_ = false;
  }

  void Work() {
    io::Metrics& metrics = io::DefaultMetrics();
    const io::Labels labels{{"controller", kController}};
    while (const std::optional<std::string> key = queue_.Take()) {
      const auto start = std::chrono::steady_clock::now();
      const Settlement settlement = reconciler_.Reconcile(*key);
      metrics.Observe("controller_runtime_reconcile_time_seconds", labels,
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      Settle(*key, settlement);
      queue_.Done(*key);
    }
  }

  void Settle(const std::string& key, const Settlement& settlement) {
    const char* result = "success";
    switch (settlement.kind) {
      case Settlement::Kind::kDone: queue_.Forget(key); break;
      case Settlement::Kind::kAfter:
        queue_.Forget(key);
        queue_.AddAfter(key, settlement.delay);
        result = "requeue_after";
        break;
      case Settlement::Kind::kRetry:
        queue_.AddRateLimited(key);
        result = "error";
        io::DefaultMetrics().Count("controller_runtime_reconcile_errors_total", {{"controller", kController}});
        break;
    }
    io::DefaultMetrics().Count("controller_runtime_reconcile_total", {{"controller", kController}, {"result", result}});
  }

  io::ServeOptions Health() {
    io::ServeOptions serve;
    serve.address = options_.health_address;
    serve.port = options_.health_port;
    serve.healthz = {{"ping", [] { return base::Status(); }}};
    // A standby replica is ready too: it is its caches that make it able to take over.
    serve.readyz = {{"caches", [this]() -> base::Status {
                       if (gatherer_.HasSynced()) return {};
                       const auto problems = gatherer_.Problems();
                       return base::Fail(base::Code::kUnavailable, problems.empty() ? "not in sync" : problems.front());
                     }}};
    return serve;
  }

  const OperatorOptions options_;
  io::Client client_;
  const std::string identity_;
  const std::string lease_namespace_;
  io::Queue queue_;
  Gatherer gatherer_;
  io::EventRecorder events_;
  io::Prober prober_;
  EvidenceGatherer evidence_;
  FleetReconciler reconciler_;
  std::atomic<bool> leading_ = false;
};

}  // namespace

base::Status RunOperator(const OperatorOptions& options, std::stop_token stop) {
  auto connection = io::LoadConnection(options.kubeconfig);
  if (!connection) return base::Fail(connection.error());
  io::InitTransport();
  auto transport = io::MakeTransport(*connection);
  if (!transport) return base::Fail(transport.error());
  Operator running(options, io::Client(*transport, stop),
                   options.lease_namespace.empty() ? connection->ns : options.lease_namespace);
  return running.Run(stop);
}

}  // namespace ingressfleet::app
