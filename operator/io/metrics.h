#pragma once
// Prometheus metrics, under the names controllers usually have (controller_runtime_*, workqueue_*, leader_election_*,
// rest_client_requests_total). Thread-safe. All label sets that are known beforehand exist with 0 from the start.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ingressfleet::io {

using Labels = std::map<std::string, std::string>;

enum class MetricType { kCounter, kGauge, kHistogram };

/// A metric that may be used: one row of a table.
struct MetricRow {
  std::string_view name;
  MetricType type = MetricType::kCounter;
  std::string_view help;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  /// Adds a layer's own names at start; those of this layer are always there (metrics.cc). A name that stands there
  /// already keeps its row. An unknown name in the calls below is a broken expectation and aborts.
  void Register(std::span<const MetricRow> rows);

  void Count(const std::string& name, const Labels& labels = {}, double by = 1);
  void Set(const std::string& name, const Labels& labels, double value);
  /// Seconds, into a histogram with the buckets of client-go's latency metrics.
  void Observe(const std::string& name, const Labels& labels, double seconds);
  /// Removes every series of that name whose labels contain `labels` (an object that is gone).
  void Remove(const std::string& name, const Labels& labels);
  /// All of it in the Prometheus text format, with the process's own figures read now.
  std::string Expose() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

/// The process's registry.
Metrics& DefaultMetrics();

}  // namespace ingressfleet::io
