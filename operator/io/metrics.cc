#include "io/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <variant>

namespace ingressfleet::io {
namespace {

/// Names and meanings as in controller-runtime and client-go, so that existing dashboards and alerts fit.
constexpr MetricRow kRows[] = {
    {"controller_runtime_active_workers", MetricType::kGauge, "Number of currently used workers per controller"},
    {"controller_runtime_max_concurrent_reconciles", MetricType::kGauge,
     "Maximum number of concurrent reconciles per controller"},
    {"controller_runtime_reconcile_errors_total", MetricType::kCounter, "Total number of reconciliation errors per controller"},
    {"controller_runtime_reconcile_time_seconds", MetricType::kHistogram, "Length of time per reconciliation per controller"},
    {"controller_runtime_reconcile_total", MetricType::kCounter, "Total number of reconciliations per controller"},
    {"controller_runtime_terminal_reconcile_errors_total", MetricType::kCounter,
     "Total number of terminal reconciliation errors per controller"},
    {"leader_election_master_status", MetricType::kGauge,
     "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master"},
    {"process_cpu_seconds_total", MetricType::kCounter, "Total user and system CPU time spent in seconds"},
    {"process_open_fds", MetricType::kGauge, "Number of open file descriptors"},
    {"process_resident_memory_bytes", MetricType::kGauge, "Resident memory size in bytes"},
    {"process_start_time_seconds", MetricType::kGauge, "Start time of the process since unix epoch in seconds"},
    {"rest_client_requests_total", MetricType::kCounter, "Number of HTTP requests, partitioned by status code and method"},
    {"workqueue_adds_total", MetricType::kCounter, "Total number of adds handled by workqueue"},
    {"workqueue_depth", MetricType::kGauge, "Current depth of workqueue"},
    {"workqueue_queue_duration_seconds", MetricType::kHistogram,
     "How long in seconds an item stays in workqueue before being requested"},
    {"workqueue_retries_total", MetricType::kCounter, "Total number of retries handled by workqueue"},
    {"workqueue_work_duration_seconds", MetricType::kHistogram, "How long in seconds processing an item from workqueue takes"},
};

/// controller-runtime's reconcile buckets, with finer ones below for the queue's waits.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const prometheus::Histogram::BucketBoundaries buckets{
      0.00001, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45,
      0.5,     0.6,    0.7,   0.8,   0.9,  1.0,   1.25, 1.5, 1.75, 2.0, 2.5,  3.0, 3.5,  4.0, 4.5,
      5,       6,      7,     8,     9,    10,    15,   20,  25,   30,  40,   50,  60};
  return buckets;
}

/// Not through the log, which may be buffered.
[[noreturn]] void Broken(const std::string& name, const char* what) {
  std::fprintf(stderr, "metric %s: %s\n", name.c_str(), what);
  std::abort();
}

/// One name with all its series. prometheus-cpp offers no way to list series, hence the map beside the family.
template <class Metric>
struct Series {
  Series(std::string_view name, std::string_view help) : family(std::string(name), std::string(help), {}) {}

  Metric& At(const Labels& labels) {
    const auto found = metrics.find(labels);
    if (found != metrics.end()) return *found->second;
    return *metrics.emplace(labels, &Add(labels)).first->second;
  }

  Metric& Add(const Labels& labels) {
    const prometheus::Labels plain(labels.begin(), labels.end());
    if constexpr (std::is_same_v<Metric, prometheus::Histogram>) {
      return family.Add(plain, Buckets());
    } else {
      return family.Add(plain);
    }
  }

  void Remove(const Labels& labels) {
    std::erase_if(metrics, [&](const auto& item) {
      const Labels& of_series = item.first;
      const bool gone = std::ranges::all_of(labels, [&of_series](const auto& label) {
        const auto found = of_series.find(label.first);
        return found != of_series.end() && found->second == label.second;
      });
      if (gone) family.Remove(item.second);
      return gone;
    });
  }

  prometheus::Family<Metric> family;
  std::map<Labels, Metric*> metrics;
};

using AnySeries = std::variant<Series<prometheus::Counter>, Series<prometheus::Gauge>, Series<prometheus::Histogram>>;

struct ProcessFigures {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double start_time = 0;
  double open_files = 0;
};

double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

ProcessFigures ReadProcess() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // Field 2 is the program's name in parentheses and may hold anything; field 3 follows the last one.
  std::istringstream rest(text.substr(std::min(text.rfind(')') + 2, text.size())));
  std::vector<std::string> fields(std::istream_iterator<std::string>(rest), {});
  if (fields.size() < 22) return {};
  const auto field = [&fields](int number) { return std::atof(fields[static_cast<std::size_t>(number - 3)].c_str()); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (field(14) + field(15)) / ticks;
  figures.start_time = BootTime() + field(22) / ticks;
  figures.resident_bytes = field(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  std::error_code ignored;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    figures.open_files += 1;
  }
  return figures;
}

}  // namespace

struct Metrics::Registry {
  template <class Metric>
  Series<Metric>& Of(const std::string& name) {
    const auto found = rows.find(name);
    if (found == rows.end()) Broken(name, "not in any table");
    auto* const series = std::get_if<Series<Metric>>(found->second.get());
    if (series == nullptr) Broken(name, "used as another type than its row says");
    return *series;
  }

  void Add(const MetricRow& row) {
    std::unique_ptr<AnySeries>& slot = rows[std::string(row.name)];
    if (slot) return;
    const auto make = [&row]<class Metric>(std::in_place_type_t<Series<Metric>> type) {
      return std::make_unique<AnySeries>(type, row.name, row.help);
    };
    switch (row.type) {
      case MetricType::kCounter: slot = make(std::in_place_type<Series<prometheus::Counter>>); break;
      case MetricType::kGauge: slot = make(std::in_place_type<Series<prometheus::Gauge>>); break;
      case MetricType::kHistogram: slot = make(std::in_place_type<Series<prometheus::Histogram>>); break;
    }
  }

  void ReadProcessFigures() {
    const ProcessFigures figures = ReadProcess();
    auto& cpu = Of<prometheus::Counter>("process_cpu_seconds_total").At({});
    cpu.Increment(std::max(0.0, figures.cpu_seconds - cpu.Value()));
    Of<prometheus::Gauge>("process_resident_memory_bytes").At({}).Set(figures.resident_bytes);
    Of<prometheus::Gauge>("process_start_time_seconds").At({}).Set(figures.start_time);
    Of<prometheus::Gauge>("process_open_fds").At({}).Set(figures.open_files);
  }

  std::mutex mutex;
  std::map<std::string, std::unique_ptr<AnySeries>> rows;
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) { Register(kRows); }
Metrics::~Metrics() = default;

void Metrics::Register(std::span<const MetricRow> rows) {
  const std::scoped_lock lock(registry_->mutex);
  for (const MetricRow& row : rows) registry_->Add(row);
}

void Metrics::Count(const std::string& name, const Labels& labels, double by) {
  const std::scoped_lock lock(registry_->mutex);
  registry_->Of<prometheus::Counter>(name).At(labels).Increment(by);
}

void Metrics::Set(const std::string& name, const Labels& labels, double value) {
  const std::scoped_lock lock(registry_->mutex);
  registry_->Of<prometheus::Gauge>(name).At(labels).Set(value);
}

void Metrics::Observe(const std::string& name, const Labels& labels, double seconds) {
  const std::scoped_lock lock(registry_->mutex);
  registry_->Of<prometheus::Histogram>(name).At(labels).Observe(seconds);
}

void Metrics::Remove(const std::string& name, const Labels& labels) {
  const std::scoped_lock lock(registry_->mutex);
  const auto found = registry_->rows.find(name);
  if (found == registry_->rows.end()) Broken(name, "not in any table");
  std::visit([&labels](auto& series) { series.Remove(labels); }, *found->second);
}

std::string Metrics::Expose() const {
  const std::scoped_lock lock(registry_->mutex);
  registry_->ReadProcessFigures();
  std::vector<prometheus::MetricFamily> families;
  for (const auto& [name, series] : registry_->rows) {
    for (auto& family : std::visit([](const auto& any) { return any.family.Collect(); }, *series)) {
      families.push_back(std::move(family));
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

Metrics& DefaultMetrics() {
  static Metrics metrics;
  return metrics;
}

}  // namespace ingressfleet::io
