#pragma once
// Step "Report" of the agent: its key in the status ConfigMap, events about Ingresses, metrics.

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "io/client.h"
#include "io/events.h"
#include "io/metrics.h"
#include "model/routing_table.h"
#include "model/snapshot.h"
#include "run/options.h"

namespace ingressfleet::agent {

/// What one pod tells the operator.
struct PodStatus {
  std::string live_hash;  ///< of the live config in force in HAProxy
  std::vector<std::string> allowed_source_ranges;
  bool ready = false;
  std::size_t ingresses = 0;
  std::size_t routes = 0;
  std::uint64_t reloads = 0;
  std::size_t problems = 0;

  /// Compact JSON, keys in alphabetical order.
  std::string Encode() const;
  friend bool operator==(const PodStatus&, const PodStatus&) = default;
};

/// Writes the status from a thread of its own: only when it changed, at most once per second, again after an error. The pod
/// owns its key alone, by server-side apply with its name as field manager.
class StatusWriter {
 public:
  StatusWriter(io::Client& client, const Options& options);
  ~StatusWriter();  ///< stops; see Remove

  void Set(const PodStatus& status);
  /// Takes the pod's key out of the ConfigMap (a clean end). Blocks for at most a few seconds.
  void Remove();

 private:
  void Run(std::stop_token stop);
  base::Status Write(const std::string& text);

  io::Client client_;
  Options options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string wanted_;
  std::string written_;
  std::jthread thread_;
};

/// Warning events for problems that last longer than a moment: a Service or Secret that arrives a second after its Ingress is
/// no problem of anybody. Each problem is told once while it lasts.
class ProblemReporter {
 public:
  explicit ProblemReporter(io::EventRecorder& recorder) : recorder_(recorder) {}
  void Report(const std::vector<Problem>& problems, const Table<Ingress>& ingresses, base::TimePoint now);

 private:
  struct State {
    base::TimePoint since;
    bool told = false;
  };
  io::EventRecorder& recorder_;
  std::map<Problem, State> lasting_;
};

/// Names and help texts; registered before the first use.
void RegisterMetrics(io::Metrics& metrics);

}  // namespace ingressfleet::agent
