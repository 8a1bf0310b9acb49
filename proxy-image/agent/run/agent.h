#pragma once
// The agent's one thread: changes → snapshot → Compile → Engine::Sync → report; and the way a pod ends.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "haproxy/engine.h"
#include "io/metrics.h"
#include "run/gatherer.h"
#include "run/inbox.h"
#include "run/reporter.h"

namespace ingressfleet::agent {

/// What feeds the agent, and where it tells its state; a file-driven twin serves the contract tests.
struct AgentEdges {
  std::function<bool()> has_synced_objects;
  std::function<bool()> has_synced;
  std::function<void(const std::vector<ObjectName>& secrets)> set_referenced_secrets;
  std::function<void(const PodStatus& status)> report_status;
  std::function<void(const std::vector<Problem>& problems, const Table<Ingress>& ingresses)> report_problems;
};

class Agent {
 public:
  Agent(Options options, EngineOptions engine, Inbox& inbox, AgentEdges edges, const base::Clock& clock, io::Metrics& metrics);

  /// Runs until `stop`, then lets the pod end: unready at once, still serving for the pre-stop delay, then stops listening and
  /// waits for what runs, at most for the drain time.
  void Run(std::stop_token stop);

  /// Checks of /readyz, callable from any thread; ok, or why not.
  base::Status CheckSynced() const;
  base::Status CheckProxy() const;
  base::Status CheckLiveConfig() const;
  base::Status CheckDraining() const;
  /// The page /debug/routes.
  std::string PrintRoutes() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void Step(std::chrono::milliseconds wait);
  bool TakeChanges(std::chrono::milliseconds wait);
  void FollowClass();
  void UpdateReferences();
  bool IsDue() const;
  void Sync();
  void Observe();
  void Report();
  void ReportMetrics();
  void Drain();

  Options options_;
  Inbox& inbox_;
  AgentEdges edges_;
  const base::Clock& clock_;
  io::Metrics& metrics_;
  Engine engine_;
  Snapshot snapshot_;
  bool class_was_served_ = false;
  bool adopted_ = false;
  bool started_ = false;  ///< HAProxy was brought to a complete table once
  bool dirty_ = false;
  SteadyTime next_observation_{};
  SteadyTime next_audit_{};
  SteadyTime retry_at_{};
  std::string live_hash_in_force_;
  EngineCounts reported_counts_;

  mutable std::mutex mutex_;  ///< guards what other threads read, below
  RoutingTable table_;
  std::string sync_problem_ = "the first lists are not complete";
  std::string proxy_problem_ = "HAProxy was not started yet";
  std::string live_problem_ = "the live config was not read yet";
  bool draining_ = false;
};

}  // namespace ingressfleet::agent
