#include "plan/tier_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using std::chrono::seconds;
using upgrade::Probe;
using upgrade::ProbeSet;

/// In the order of upgrade::RequestKind.
constexpr std::array<std::string_view, upgrade::kRequestKinds> kVerbs{"hold",    "resume",   "abort",
                                                                      "promote", "rollback", "retry"};

/// On top of the time a pod needs to stop; as in the pod's terminationGracePeriodSeconds.
constexpr seconds kGraceMargin{10};
/// kube-proxy on every node needs a moment to follow the EndpointSlices, whatever the balancer does.
constexpr seconds kProxyAllowance{5};

upgrade::Strategy StrategyOf(api::UpgradeStrategy strategy) {
  switch (strategy) {
    case api::UpgradeStrategy::kBlueGreen: return upgrade::Strategy::kBlueGreen;
    case api::UpgradeStrategy::kCanary: return upgrade::Strategy::kCanary;
    case api::UpgradeStrategy::kRollingUpdate: return upgrade::Strategy::kRollingUpdate;
  }
  return upgrade::Strategy::kBlueGreen;
}

upgrade::CutoverMode CutoverOf(api::Cutover cutover) {
  switch (cutover) {
    case api::Cutover::kExpandContract: return upgrade::CutoverMode::kExpandContract;
    case api::Cutover::kExpandTerminate: return upgrade::CutoverMode::kExpandTerminate;
    case api::Cutover::kFlip: return upgrade::CutoverMode::kFlip;
  }
  return upgrade::CutoverMode::kExpandContract;
}

/// In place only pods can be replaced, not their workload: another kind comes up in the other slot.
upgrade::Strategy StrategyFor(const ResolvedTier& tier, const RevisionBody& desired, const ObservedTier& observed) {
  const upgrade::Strategy strategy = StrategyOf(*tier.upgrade.strategy);
  const auto other_kind = [&](const ObservedSlot& slot) { return slot.exists && slot.kind != desired.a.kind; };
  const bool in_place = strategy == upgrade::Strategy::kRollingUpdate && !tier.listeners.host_network;
  return in_place && (other_kind(observed.a) || other_kind(observed.b)) ? upgrade::Strategy::kBlueGreen : strategy;
}

ProbeSet VerifyProbes(const ResolvedTier& tier) {
  ProbeSet probes;
  if (*tier.upgrade.verify.parity) probes = probes | ProbeSet{Probe::kParity, Probe::kTls};
  if (*tier.upgrade.verify.access && tier.enforcement.proxy) probes = probes | ProbeSet{Probe::kAccess};
  if (!tier.upgrade.verify.probes.empty()) probes = probes | ProbeSet{Probe::kCustom};
  if (!tier.upgrade.verify.metrics.empty()) probes = probes | ProbeSet{Probe::kMetrics};
  return probes;
}

ProbeSet ObserveProbes(const ResolvedTier& tier) {
  ProbeSet probes;
  if (*tier.upgrade.verify.parity) probes = probes | ProbeSet{Probe::kEntry, Probe::kBudget};
  if (!tier.upgrade.verify.metrics.empty()) probes = probes | ProbeSet{Probe::kMetrics};
  return probes;
}

upgrade::SlotSeen SeenOf(const ResolvedTier& tier, const ObservedSlot& slot) {
  upgrade::SlotSeen seen;
  seen.exists = slot.exists;
  seen.revision = slot.revision;
  seen.transition_id = slot.transition_id;
  seen.wanted = slot.wanted;
  // From the pods themselves: a workload whose controller has not caught up is behind, not dead.
  seen.ready = static_cast<std::int64_t>(slot.ready_pods.size());
  if (slot.current) {
    seen.available = slot.available;
    seen.updated = std::min(slot.available, slot.ready_of_revision);
  }
  seen.restarts = slot.restarts;
  seen.pods = slot.pods;
  seen.in_slices = slot.in_slices;
  const bool all_of_revision =
      slot.ready_of_revision > 0 && slot.ready_of_revision == static_cast<std::int64_t>(slot.ready_pods.size());
  // A slot's settings exist before its first pod and never change while pods of its revision run.
  if (all_of_revision) seen.live_config = slot.revision;
  seen.access_in_force = LiveConfigInForce(tier, slot);
  seen.nodes = {slot.nodes.begin(), slot.nodes.end()};
  if (!slot.pod_problems.empty()) seen.problem = slot.pod_problems.front();
  seen.retain_until = slot.retain_until;
  return seen;
}

base::TimePoint StartOfDay(base::TimePoint now) { return std::chrono::floor<std::chrono::days>(now); }

/// Minutes of "22:30"; validated before.
base::Duration TimeOfDay(const std::string& text) {
  if (text.size() != 5) return base::Duration(0);
  const auto digits = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  return std::chrono::hours(digits(0)) + std::chrono::minutes(digits(3));
}

bool BeginsOn(const api::MaintenanceWindow& window, base::TimePoint day) {
  if (window.days.empty()) return true;
  const std::chrono::weekday weekday{std::chrono::floor<std::chrono::days>(day)};
  const auto index = static_cast<api::Weekday>(weekday.iso_encoding() - 1);  // Monday is 1
  return std::find(window.days.begin(), window.days.end(), index) != window.days.end();
}

}  // namespace

std::string RequestAnnotation(upgrade::RequestKind kind, std::string_view tier) {
  return fmt::format("{}{}-{}", kRequestPrefix, kVerbs[static_cast<std::size_t>(kind)], tier);
}

upgrade::Requests ParseRequests(const kube::StringMap& annotations, const std::string& tier) {
  upgrade::Requests requests;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto found = annotations.find(RequestAnnotation(static_cast<upgrade::RequestKind>(i), tier));
    if (found == annotations.end() || found->second.empty()) continue;
    const std::string& text = found->second;
    upgrade::Request request{.id = text, .revision = text.substr(0, text.find(' ')), .by = "an annotation"};
    if (const auto by = text.find(" by "); by != std::string::npos) {
      request.by = text.substr(by + 4, text.find(',', by) - by - 4);
    }
    requests[i] = std::move(request);
  }
  return requests;
}

WindowState WindowAt(const std::vector<api::MaintenanceWindow>& windows, base::TimePoint now) {
  WindowState state{windows.empty(), std::nullopt};
  // Yesterday's window may still be open; a weekly one opens within the next seven days.
  for (int day = -1; day <= 7; ++day) {
    const base::TimePoint midnight = StartOfDay(now) + std::chrono::days(day);
    for (const api::MaintenanceWindow& window : windows) {
      if (!BeginsOn(window, midnight)) continue;
      const base::TimePoint start = midnight + TimeOfDay(window.start);
      const base::TimePoint end = start + seconds(window.duration_seconds.value_or(0));
      if (start <= now && now < end) state.open = true;
      if (start > now && (!state.next || start < *state.next)) state.next = start;
    }
  }
  return state;
}

api::FieldErrors ValidateChecks(const api::Verify& checks, const std::string& path) {
  api::FieldErrors errors;
  const auto invalid = [&](std::string at, const std::string& value, std::string detail) {
    errors.push_back({api::FieldError::Type::kInvalid, std::move(at), kube::Json(value).dump(), std::move(detail)});
  };
  for (std::size_t i = 0; i < checks.probes.size(); ++i) {
    const std::string at = fmt::format("{}.upgrade.verify.probes[{}]", path, i);
    const auto& probe = checks.probes[i];
    if (probe.host.empty())
      errors.push_back({api::FieldError::Type::kRequired, at + ".host", "", "name the host that is asked for"});
    if (probe.scheme != "" && probe.scheme != "http" && probe.scheme != "https")
      invalid(at + ".scheme", probe.scheme, "must be http or https");
    if (probe.expected_status.empty()) continue;
    if (const auto status = verify::ValidateExpectedStatus(probe.expected_status); !status) {
      invalid(at + ".expectedStatus", probe.expected_status, status.error().message);
    }
  }
  for (std::size_t i = 0; i < checks.metrics.size(); ++i) {
    const std::string at = fmt::format("{}.upgrade.verify.metrics[{}]", path, i);
    const auto& metric = checks.metrics[i];
    if (metric.query.empty())
      errors.push_back({api::FieldError::Type::kRequired, at + ".query", "", "an instant query in PromQL"});
    if (const auto condition = verify::Condition::Parse(metric.success_condition); !condition) {
      invalid(at + ".successCondition", metric.success_condition, condition.error().message);
    }
    if (const auto request =
            verify::RequestOf(verify::MetricQuery{.name = metric.name, .address = metric.address, .query = metric.query});
        !request) {
      invalid(at + ".address", metric.address, request.error().message);
    }
  }
  return errors;
}

std::vector<verify::CustomProbe> CustomProbesOf(const ResolvedTier& tier) {
  std::vector<verify::CustomProbe> probes;
  for (const api::VerifyProbe& said : tier.upgrade.verify.probes) {
    verify::CustomProbe probe{.name = said.name,
                              .host = said.host,
                              .headers = said.headers,
                              .body_contains = said.body_contains,
                              .source = said.source};
    if (!said.scheme.empty()) probe.scheme = said.scheme;
    if (!said.path.empty()) probe.path = said.path;
    if (!said.method.empty()) probe.method = said.method;
    if (!said.expected_status.empty()) probe.expected_status = said.expected_status;
    probes.push_back(std::move(probe));
  }
  return probes;
}

std::vector<verify::MetricQuery> MetricsOf(const ResolvedTier& tier) {
  std::vector<verify::MetricQuery> metrics;
  for (const api::VerifyMetric& said : tier.upgrade.verify.metrics) {
    metrics.push_back({.name = said.name,
                       .address = said.address,
                       .query = said.query,
                       .success_condition = said.success_condition,
                       .failure_limit = said.failure_limit.value_or(0)});
  }
  return metrics;
}

upgrade::TierInput InputOf(const ResolvedFleet& fleet, const ResolvedTier& tier, const RevisionBody& desired,
                           const ObservedTier& observed, const Snapshot& snapshot) {
  const api::Upgrade& upgrade = tier.upgrade;
  upgrade::TierInput input;
  input.name = tier.name;
  input.desired = {desired.hash, desired.Title()};
  input.strategy = StrategyFor(tier, desired, observed);
  for (const api::CanaryStep& step : upgrade.steps) {
    input.steps.push_back({static_cast<int>(step.weight.value_or(1)), seconds(step.pause_seconds.value_or(0))});
  }
  input.promotion =
      *upgrade.promotion == api::Promotion::kManual ? upgrade::Promotion::kManual : upgrade::Promotion::kAutomatic;
  if (upgrade.approval_deadline_seconds) input.approval_deadline = seconds(*upgrade.approval_deadline_seconds);
  const WindowState window = WindowAt(upgrade.windows, snapshot.now);
  input.window_open = window.open;
  input.next_window = window.next;
  input.cutover = CutoverOf(tier.cutover);
  input.local_traffic_policy = tier.entry.external_traffic_policy == "Local";
  input.observe = seconds(*upgrade.observe_seconds);
  input.retain = seconds(*upgrade.retain_seconds);
  input.progress_deadline = seconds(*upgrade.progress_deadline_seconds);
  input.termination_grace = seconds(tier.pre_stop_delay_seconds + tier.drain_seconds) + kGraceMargin;
  input.expand_dwell = seconds(tier.registration_seconds) + kProxyAllowance;
  input.min_ready = seconds(*upgrade.min_ready_seconds);
  input.abort_delay = seconds(*upgrade.abort_delay_seconds);
  input.on_failure = *upgrade.on_failure == api::OnFailure::kHold ? upgrade::OnFailure::kHold : upgrade::OnFailure::kRollback;
  input.replicas =
      tier.workload_kind == api::WorkloadKind::kDaemonSet ? std::max(observed.a.wanted, observed.b.wanted) : tier.replicas;
  input.history_limit = static_cast<std::size_t>(*upgrade.history_limit);
  input.verify = VerifyProbes(tier);
  input.observe_probes = ObserveProbes(tier);
  input.requests = ParseRequests(snapshot.fleet->Annotations(), tier.name);
  input.paused = fleet.paused;
  return input;
}

upgrade::SlotsSeen SeenOf(const ResolvedTier& tier, const ObservedTier& observed) {
  upgrade::SlotsSeen seen;
  seen[Slot::kA] = SeenOf(tier, observed.a);
  seen[Slot::kB] = SeenOf(tier, observed.b);
  seen.preview_exists = observed.preview_exists;
  const ObservedEntry& entry = observed.entry;
  seen.entry = {.exists = entry.exists,
                .traffic = entry.traffic,
                .transition_id = entry.transition_id,
                .committed = entry.committed,
                .serving_revision = entry.serving_revision,
                .access_in_force = entry.access_in_force};
  return seen;
}

}  // namespace ingressfleet::plan
