#include "run/agent.h"

#include <fmt/format.h>

#include "base/log.h"
#include "compile/compile.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;
using base::LogLevel;
using base::Status;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{200};  // bounds how late the death of HAProxy is seen
constexpr std::chrono::milliseconds kObservationPeriod{2'000};
constexpr std::chrono::milliseconds kAuditPeriod{30'000};
constexpr std::chrono::milliseconds kRetryDelay{1'000};
// An IngressClass that is deleted by mistake comes back by the operator's hand within seconds; that must not be an outage.
constexpr base::Duration kClassGrace{60'000};

Status ToStatus(const std::string& problem) {
  if (problem.empty()) return {};
  return Fail(Code::kUnavailable, problem);
}

}  // namespace

Agent::Agent(Options options, EngineOptions engine, Inbox& inbox, AgentEdges edges, const base::Clock& clock,
             io::Metrics& metrics)
    : options_(std::move(options)),
      inbox_(inbox),
      edges_(std::move(edges)),
      clock_(clock),
      metrics_(metrics),
      engine_(std::move(engine)) {
  snapshot_.ingress_class = options_.ingress_class;
  snapshot_.live = DecodeLiveConfig(nullptr);
}

void Agent::Run(std::stop_token stop) {
  auto self_signed = MakeSelfSigned(clock_.Now());
  if (self_signed) snapshot_.self_signed = std::make_shared<const Certificate>(std::move(*self_signed));
  adopted_ = engine_.Adopt();
  // Routes of a class that is missing just now belong to it still: the former agent served them.
  class_was_served_ = adopted_ && !engine_.held().routes.empty();
  const std::stop_callback wake(stop, [this] { inbox_.Wake(); });
  while (!stop.stop_requested()) Step(kTick);
  Drain();
}

void Agent::Step(std::chrono::milliseconds wait) {
  const bool objects_complete = edges_.has_synced_objects();
  const bool all_complete = edges_.has_synced();
  dirty_ = TakeChanges(wait) || dirty_;
  if (!objects_complete) return;
  FollowClass();
  if (dirty_) UpdateReferences();
  if (!all_complete) return;
  if (!started_) dirty_ = true;
  if (IsDue()) Sync();
  Observe();
  Report();
}

bool Agent::TakeChanges(std::chrono::milliseconds wait) {
  const auto changes = inbox_.Take(wait);
  const LiveConfig before = snapshot_.live;
  for (const Change& change : changes) change(snapshot_);
  // A tier that is deleted takes its ConfigMap along while its pods still drain: who was let in is served to the end.
  if (draining_ && !snapshot_.live.error.empty()) snapshot_.live = before;
  // Without the PROXY protocol there is nobody to trust, and no list of them in the configuration.
  if (options_.listener_protocol != "PROXY") snapshot_.live.trusted_proxies.clear();
  return !changes.empty();
}

void Agent::FollowClass() {
  const base::TimePoint now = clock_.Now();
  if (snapshot_.class_state == ClassState::kServed) class_was_served_ = true;
  if (snapshot_.class_state == ClassState::kForeign) class_was_served_ = false;
  if (snapshot_.class_state == ClassState::kMissing && class_was_served_) {
    class_was_served_ = false;
    snapshot_.class_state = ClassState::kKept;
    snapshot_.class_kept_until = now + kClassGrace;
    dirty_ = true;
  }
  if (snapshot_.class_state == ClassState::kKept && now >= snapshot_.class_kept_until) {
    snapshot_.class_state = ClassState::kMissing;
    dirty_ = true;
  }
}

void Agent::UpdateReferences() { edges_.set_referenced_secrets(ReferencedSecrets(snapshot_)); }

bool Agent::IsDue() const {
  if (SteadyClock::now() < retry_at_) return false;
  return dirty_ || !engine_.IsRunning();
}

void Agent::Sync() {
  const auto begin = SteadyClock::now();
  snapshot_.now = clock_.Now();
  RoutingTable table = Compile(snapshot_);
  const auto compiled = SteadyClock::now();
  const auto status = engine_.Sync(table);
  const auto seconds = [](auto duration) { return std::chrono::duration<double>(duration).count(); };
  metrics_.Observe("ingressfleet_proxy_apply_duration_seconds", {}, seconds(SteadyClock::now() - compiled));
  metrics_.Observe("ingressfleet_proxy_sync_duration_seconds", {}, seconds(SteadyClock::now() - begin));
  dirty_ = !status;
  retry_at_ = status ? SteadyTime() : SteadyClock::now() + kRetryDelay;
  if (!status) {
    metrics_.Count("ingressfleet_proxy_errors_total");
    base::Log(LogLevel::kError, "bring HAProxy to the routing table", {{"error", status.error().ToString()}});
  }
  started_ = started_ || status.has_value();
  if (status) live_hash_in_force_ = snapshot_.live.error.empty() ? snapshot_.live.hash : "";
  const std::scoped_lock lock(mutex_);
  table_ = std::move(table);
  sync_problem_.clear();
  proxy_problem_ = status ? "" : status.error().message;
  live_problem_ = snapshot_.live.error.empty() ? (status ? "" : "not yet in force") : snapshot_.live.error;
}

void Agent::Observe() {
  const auto now = SteadyClock::now();
  if (!started_ || now < next_observation_) return;
  next_observation_ = now + kObservationPeriod;
  // Members and servers that drained are free again; nobody waits for that, so it takes part in the next change.
  if (engine_.ObserveDrains()) dirty_ = true;
  const bool audit_is_due = now >= next_audit_;
  if (audit_is_due) next_audit_ = now + kAuditPeriod;
  const bool is_as_told = audit_is_due ? engine_.Audit() : engine_.CheckWorker();
  dirty_ = dirty_ || !is_as_told;
}

void Agent::Report() {
  PodStatus status;
  status.live_hash = live_hash_in_force_;
  status.allowed_source_ranges = engine_.held().allowed_source_ranges;
  status.ready = CheckSynced() && CheckProxy() && CheckLiveConfig() && CheckDraining();
  status.ingresses = table_.ingresses;
  status.routes = engine_.held().routes.size();
  status.reloads = engine_.counts().reloads;
  status.problems = table_.problems.size();
  edges_.report_status(status);
  edges_.report_problems(table_.problems, snapshot_.ingresses);
  ReportMetrics();
}

void Agent::ReportMetrics() {
  const EngineCounts& counts = engine_.counts();
  metrics_.Count("ingressfleet_proxy_reloads_total", {}, static_cast<double>(counts.reloads - reported_counts_.reloads));
  metrics_.Count("ingressfleet_proxy_starts_total", {}, static_cast<double>(counts.starts - reported_counts_.starts));
  metrics_.Count("ingressfleet_proxy_runtime_commands_total", {},
                 static_cast<double>(counts.commands - reported_counts_.commands));
  reported_counts_ = counts;
  metrics_.Set("ingressfleet_proxy_routes", {}, static_cast<double>(engine_.held().routes.size()));
  metrics_.Set("ingressfleet_proxy_ingresses", {}, static_cast<double>(table_.ingresses));
  std::map<std::string, int> problems;
  for (const Problem& problem : table_.problems) ++problems[problem.reason];
  metrics_.Remove("ingressfleet_proxy_problems", {});
  for (const auto& [reason, count] : problems) metrics_.Set("ingressfleet_proxy_problems", {{"reason", reason}}, count);
  metrics_.Remove("ingressfleet_proxy_certificate_expiry_seconds", {});
  for (const auto& [file, use] : table_.certificates) {
    const auto expiry = std::chrono::duration<double>(use.certificate->not_after.time_since_epoch()).count();
    metrics_.Set("ingressfleet_proxy_certificate_expiry_seconds", {{"secret", use.secret}}, expiry);
  }
}

void Agent::Drain() {
  {
    const std::scoped_lock lock(mutex_);
    draining_ = true;
  }
  base::Log(LogLevel::kInfo, "draining",
            {{"preStopDelay", options_.pre_stop_delay_seconds}, {"drain", options_.drain_seconds}});
  const auto listen_until = SteadyClock::now() + std::chrono::seconds(options_.pre_stop_delay_seconds);
  while (SteadyClock::now() < listen_until) Step(kTick);
  engine_.SoftStop();
  const auto serve_until = SteadyClock::now() + std::chrono::seconds(options_.drain_seconds);
  while (engine_.IsRunning() && SteadyClock::now() < serve_until) std::this_thread::sleep_for(kTick);
  engine_.Kill();
  base::Log(LogLevel::kInfo, "drained");
}

Status Agent::CheckSynced() const {
  const std::scoped_lock lock(mutex_);
  return ToStatus(sync_problem_);
}

Status Agent::CheckProxy() const {
  const std::scoped_lock lock(mutex_);
  return ToStatus(proxy_problem_);
}

Status Agent::CheckLiveConfig() const {
  const std::scoped_lock lock(mutex_);
  return ToStatus(live_problem_);
}

Status Agent::CheckDraining() const {
  const std::scoped_lock lock(mutex_);
  return ToStatus(draining_ ? "the pod is ending" : "");
}

std::string Agent::PrintRoutes() const {
  const std::scoped_lock lock(mutex_);
  return table_.Print();
}

}  // namespace ingressfleet::agent
