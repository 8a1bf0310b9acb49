#pragma once
// Keeps one HAProxy at what a RoutingTable says: starts it from files that hold the full state, changes it over the Runtime
// API, reloads it only where no command can do it, finds it again after a restart of the agent, starts it again when it died.
//
// Used by one thread. HAProxy outlives the Engine on purpose.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "haproxy/process.h"
#include "haproxy/runtime.h"
#include "model/routing_table.h"
#include "proxy/diff.h"
#include "proxy/render.h"

namespace ingressfleet::agent {

struct EngineOptions {
  RenderOptions render;  ///< `generation` is the Engine's own business
  std::string binary = "/usr/sbin/haproxy";
};

struct EngineCounts {
  std::uint64_t starts = 0;
  std::uint64_t reloads = 0;
  std::uint64_t commands = 0;
};

class Engine {
 public:
  explicit Engine(EngineOptions options);

  /// Looks for a HAProxy that a former agent left running and reads what it holds. False: there is none, or it does not answer.
  bool Adopt();
  /// Brings HAProxy to `table`. After an error nothing is assumed any more: the next call reads what HAProxy really holds, and
  /// after three errors in a row it writes the files and reloads.
  base::Status Sync(const RoutingTable& table);
  bool IsRunning() const { return agent::IsRunning(process_); }
  /// Learns which servers have drained, so that they can be used again. True when that changed something.
  bool ObserveDrains();
  /// Whether the worker is still the one that was told everything. False: somebody else reloaded HAProxy, Sync again. Cheap.
  bool CheckWorker();
  /// Compares all that HAProxy holds with what it was told. False: somebody else changed it, Sync again.
  bool Audit();
  /// Stops listening; running requests and connections go on until they end.
  void SoftStop();
  void Kill();

  const ProxyState& held() const { return held_; }
  /// What was done since the agent started.
  const EngineCounts& counts() const { return counts_; }

 private:
  bool AdoptGeneration(int generation);
  base::Status Start(const RoutingTable& table);
  base::Status ReloadInto(const ProxyState& desired, const std::string& reason);
  base::Status Perform(const Plan& plan);
  base::Status Refresh();
  base::Status WriteGeneration(const ProxyState& state);
  base::Status WaitUntilServing();
  base::Status CheckMaster() const;
  void OpenSession();
  std::string WorkerPid();
  std::string ConfigHash(int pool_size) const;
  std::string Path(std::string_view name) const;

  EngineOptions options_;
  ProcessId process_;
  std::unique_ptr<RuntimeSession> session_;
  ProxyState held_;
  std::string worker_pid_;
  std::string pending_reload_;  ///< not empty: why the next Sync must reload
  bool held_is_known_ = false;
  int errors_in_a_row_ = 0;
  EngineCounts counts_;
};

}  // namespace ingressfleet::agent
