#include "run/reporter.h"

#include <array>

#include "base/log.h"

namespace ingressfleet::agent {
namespace {

using base::LogLevel;

constexpr std::chrono::seconds kBetweenWrites{1};
constexpr std::chrono::seconds kRetry{5};
constexpr base::Duration kLasting{2'000};

constexpr std::array kMetricRows{
    io::MetricRow{"ingressfleet_proxy_routes", io::MetricType::kGauge, "Route keys in force."},
    io::MetricRow{"ingressfleet_proxy_ingresses", io::MetricType::kGauge, "Ingresses that are served."},
    io::MetricRow{"ingressfleet_proxy_problems", io::MetricType::kGauge, "Problems of Ingresses and of the proxy, by reason."},
    io::MetricRow{"ingressfleet_proxy_reloads_total", io::MetricType::kCounter, "Reloads of HAProxy since the agent started."},
    io::MetricRow{"ingressfleet_proxy_starts_total", io::MetricType::kCounter, "Starts of HAProxy since the agent started."},
    io::MetricRow{"ingressfleet_proxy_runtime_commands_total", io::MetricType::kCounter, "Commands sent over the Runtime API."},
    io::MetricRow{"ingressfleet_proxy_errors_total", io::MetricType::kCounter,
                  "Synchronisations with HAProxy that went wrong."},
    io::MetricRow{"ingressfleet_proxy_sync_duration_seconds", io::MetricType::kHistogram,
                  "From taking changes to having applied them."},
    io::MetricRow{"ingressfleet_proxy_apply_duration_seconds", io::MetricType::kHistogram,
                  "Bringing HAProxy to a routing table."},
    io::MetricRow{"ingressfleet_proxy_certificate_expiry_seconds", io::MetricType::kGauge,
                  "Unix time at which the certificate in use expires."},
};

kube::Object IngressReference(const Ingress& ingress) {
  kube::Object reference(kube::kIngress, ingress.ns, ingress.name);
  reference.body()["metadata"]["uid"] = ingress.uid;
  return reference;
}

}  // namespace

std::string PodStatus::Encode() const {
  return kube::Json{{"liveHash", live_hash}, {"allowedSourceRanges", allowed_source_ranges},
                    {"ready", ready},        {"ingresses", ingresses},
                    {"routes", routes},      {"reloads", reloads},
                    {"problems", problems},  {"version", INGRESSFLEET_VERSION}}
      .dump();
}

StatusWriter::StatusWriter(io::Client& client, const Options& options)
    : client_(client.With({}, std::chrono::seconds(3))),
      options_(options),
      thread_([this](std::stop_token stop) { Run(stop); }) {}

StatusWriter::~StatusWriter() = default;

void StatusWriter::Set(const PodStatus& status) {
  auto text = status.Encode();
  const std::scoped_lock lock(mutex_);
  if (text == wanted_) return;
  wanted_ = std::move(text);
  changed_.notify_one();
}

void StatusWriter::Run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait(lock, stop, [this] { return wanted_ != written_; });
    if (stop.stop_requested()) return;
    const std::string text = wanted_;
    lock.unlock();
    const auto status = Write(text);
    if (!status) base::Log(LogLevel::kWarn, "write the pod's status", {{"error", status.error().ToString()}});
    lock.lock();
    if (status) written_ = text;
    changed_.wait_for(lock, stop, status ? kBetweenWrites : kRetry, [] { return false; });
  }
}

base::Status StatusWriter::Write(const std::string& text) {
  kube::Object body(kube::kConfigMap, options_.ns, options_.status_config);
  if (!text.empty()) body.body()["data"] = {{options_.pod, text}};
  const auto applied = client_.Apply(body, {.field_manager = options_.pod, .force = true});
  if (!applied) return base::Fail(applied.error());
  return {};
}

void StatusWriter::Remove() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (const auto status = Write(""); !status) {
    base::Log(LogLevel::kWarn, "remove the pod's status", {{"error", status.error().ToString()}});
  }
}

void ProblemReporter::Report(const std::vector<Problem>& problems, const Table<Ingress>& ingresses, base::TimePoint now) {
  std::map<Problem, State> lasting;
  for (const Problem& problem : problems) {
    const auto known = lasting_.find(problem);
    State& state = lasting[problem];
    state = known == lasting_.end() ? State{now, false} : known->second;
    if (state.told || now - state.since < kLasting) continue;
    state.told = true;
    base::Log(LogLevel::kWarn, "problem",
              {{"ingress", problem.ingress}, {"reason", problem.reason}, {"message", problem.message}});
    const auto ingress = ingresses.find(problem.ingress);
    if (ingress == ingresses.end()) continue;
    recorder_.Record(IngressReference(*ingress->second), {io::EventNote::Type::kWarning, problem.reason, problem.message});
  }
  lasting_ = std::move(lasting);
}

void RegisterMetrics(io::Metrics& metrics) {
  metrics.Register(kMetricRows);
  for (const io::MetricRow& row : kMetricRows) {
    if (row.type == io::MetricType::kCounter) metrics.Count(std::string(row.name), {}, 0);
    if (row.type == io::MetricType::kGauge && row.name.find("expiry") == std::string_view::npos &&
        row.name.find("problems") == std::string_view::npos) {
      metrics.Set(std::string(row.name), {}, 0);
    }
  }
}

}  // namespace ingressfleet::agent
