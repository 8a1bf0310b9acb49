#include "plan/tier_state.h"

#include <array>

#include "plan/upgrade/phase.h"

namespace ingressfleet::plan {
namespace {

using base::TimePoint;
using upgrade::TierState;

std::string Encode(TimePoint time) { return base::FormatMicroTime(time); }
std::string Encode(const std::optional<TimePoint>& time) { return time ? Encode(*time) : ""; }

std::optional<TimePoint> DecodeTime(const std::string& text) {
  const auto time = text.empty() ? base::Result<TimePoint>(base::Fail(base::Code::kInvalid, "")) : base::ParseTime(text);
  return time ? std::optional(*time) : std::nullopt;
}

template <class E, std::size_t kCount>
std::optional<E> ByName(const std::array<E, kCount>& values, std::string_view (*name)(E), std::string_view text) {
  for (const E value : values) {
    if (name(value) == text) return value;
  }
  return std::nullopt;
}

constexpr std::array kTraffics{Traffic::kNone, Traffic::kA, Traffic::kB, Traffic::kBoth};
constexpr std::array kStrategies{upgrade::Strategy::kBlueGreen, upgrade::Strategy::kCanary, upgrade::Strategy::kRollingUpdate};
constexpr std::array kCutovers{upgrade::CutoverMode::kExpandContract, upgrade::CutoverMode::kExpandTerminate,
                               upgrade::CutoverMode::kFlip};
constexpr std::array kVerdicts{upgrade::Verdict::kUnknown, upgrade::Verdict::kPass, upgrade::Verdict::kFail};
/// Keys of status.tiers[].upgrade.handledRequests, in the order of upgrade::RequestKind.
constexpr std::array<const char*, upgrade::kRequestKinds> kRequestNames{"hold",    "resume",   "abort",
                                                                        "promote", "rollback", "retry"};

std::optional<api::SlotStatus> Encode(const std::optional<upgrade::SlotRef>& ref) {
  if (!ref) return std::nullopt;
  return api::SlotStatus{std::string(SlotName(ref->slot)), ref->revision.hash, ref->revision.version, ""};
}

std::optional<upgrade::SlotRef> DecodeSlot(const std::optional<api::SlotStatus>& status) {
  if (!status || (status->slot != "a" && status->slot != "b")) return std::nullopt;
  return upgrade::SlotRef{status->slot == "a" ? Slot::kA : Slot::kB, {status->revision, status->version}};
}

void EncodeOrders(const TierState& state, api::UpgradeStatus& status) {
  if (state.approval)
    status.approval = {.revision = state.approval->revision, .by = state.approval->by, .at = Encode(state.approval->at)};
  if (state.abort)
    status.abort = {.reason = state.abort->reason, .message = state.abort->message, .at = Encode(state.abort->at)};
  if (state.hold) status.hold = {.reason = state.hold->reason, .message = state.hold->message, .at = Encode(state.hold->since)};
  if (state.rollback)
    status.rollback = {.revision = state.rollback->revision, .by = state.rollback->by, .id = state.rollback->id};
  for (std::size_t i = 0; i < kRequestNames.size(); ++i) {
    if (!state.handled[i].empty()) status.handled_requests[kRequestNames[i]] = state.handled[i];
  }
}

void DecodeOrders(const api::UpgradeStatus& status, TierState& state) {
  const auto at = [](const api::DecisionStatus& decision) { return DecodeTime(decision.at).value_or(TimePoint{}); };
  if (status.approval) state.approval = {status.approval->revision, status.approval->by, at(*status.approval)};
  if (status.abort) state.abort = {status.abort->reason, status.abort->message, at(*status.abort)};
  if (status.hold) state.hold = {status.hold->reason, status.hold->message, at(*status.hold)};
  if (status.rollback) state.rollback = {status.rollback->id, status.rollback->revision, status.rollback->by};
  for (std::size_t i = 0; i < kRequestNames.size(); ++i) {
    const auto found = status.handled_requests.find(kRequestNames[i]);
    if (found != status.handled_requests.end()) state.handled[i] = found->second;
  }
}

void EncodePhase(const TierState& state, api::UpgradeStatus& status) {
  status.phase = upgrade::PhaseName(state.phase);
  status.step = state.step;
  status.transition_id = state.transition_id;
  status.phase_started_at = Encode(state.phase_started_at);
  status.deadline = Encode(state.deadline);
  status.window_started_at = Encode(state.window_started_at);
  status.restart_baseline = state.restart_baseline;
  status.started_for = state.started_for;
  status.strategy = upgrade::StrategyName(state.strategy);
  status.cutover = upgrade::CutoverName(state.cutover);
  status.rollback_run = state.rollback_run;
  status.committed_traffic = TrafficName(state.committed);
  status.committed_transition_id = state.committed_id;
  status.drift_open = state.drift_open;
  status.finished_at = Encode(state.finished_at);
  for (const TimePoint at : state.drift_repairs) status.drift_repairs.push_back(Encode(at));
  for (const upgrade::GateResult& gate : state.gates) {
    status.gates.push_back({gate.name, std::string(upgrade::VerdictName(gate.verdict)), gate.reason, gate.message});
  }
}

void DecodePhase(const api::UpgradeStatus& status, TierState& state) {
  state.phase = upgrade::ParsePhase(status.phase).value_or(upgrade::Phase::kNew);
  state.step = status.step;
  state.transition_id = status.transition_id;
  state.phase_started_at = DecodeTime(status.phase_started_at).value_or(TimePoint{});
  state.deadline = DecodeTime(status.deadline);
  state.window_started_at = DecodeTime(status.window_started_at);
  state.restart_baseline = status.restart_baseline;
  state.started_for = status.started_for;
  state.strategy = ByName(kStrategies, upgrade::StrategyName, status.strategy).value_or(upgrade::Strategy::kBlueGreen);
  state.cutover = ByName(kCutovers, upgrade::CutoverName, status.cutover).value_or(upgrade::CutoverMode::kExpandContract);
  state.rollback_run = status.rollback_run;
  state.committed = ByName(kTraffics, TrafficName, status.committed_traffic).value_or(Traffic::kNone);
  state.committed_id = status.committed_transition_id;
  state.drift_open = status.drift_open;
  state.finished_at = DecodeTime(status.finished_at);
  for (const std::string& text : status.drift_repairs) {
    if (const auto at = DecodeTime(text)) state.drift_repairs.push_back(*at);
  }
  for (const api::GateStatus& gate : status.gates) {
    const auto verdict = ByName(kVerdicts, upgrade::VerdictName, gate.result).value_or(upgrade::Verdict::kUnknown);
    state.gates.push_back({gate.name, verdict, gate.reason, gate.message});
  }
}

}  // namespace

upgrade::TierState DecodeState(const api::TierStatus& status) {
  TierState state;
  state.failed_revisions = status.failed_revisions;
  for (const api::HistoryStatus& entry : status.history) {
    state.history.push_back({{entry.revision, entry.version}, DecodeTime(entry.at).value_or(TimePoint{}), entry.reason});
  }
  if (!status.upgrade) return state;
  DecodePhase(*status.upgrade, state);
  DecodeOrders(*status.upgrade, state);
  state.serving = DecodeSlot(status.serving);
  state.candidate = DecodeSlot(status.candidate);
  state.previous = DecodeSlot(status.previous);
  if (status.previous) state.retain_until = DecodeTime(status.previous->retain_until);
  return state;
}

TierStates DecodeStates(const api::FleetStatus& status) {
  TierStates states;
  for (const api::TierStatus& tier : status.tiers) states.emplace(tier.name, DecodeState(tier));
  return states;
}

void EncodeState(const upgrade::TierState& state, api::TierStatus& status) {
  // What was seen stays until it is looked at again.
  const api::UpgradeStatus before = status.upgrade.value_or(api::UpgradeStatus{});
  status.upgrade.emplace();
  status.upgrade->message = before.message;
  status.upgrade->candidate_share_percent = before.candidate_share_percent;
  EncodePhase(state, *status.upgrade);
  EncodeOrders(state, *status.upgrade);
  status.serving = Encode(state.serving);
  status.candidate = Encode(state.candidate);
  status.previous = Encode(state.previous);
  if (status.previous) status.previous->retain_until = Encode(state.retain_until);
  status.failed_revisions = state.failed_revisions;
  status.history.clear();
  for (const upgrade::HistoryEntry& entry : state.history) {
    status.history.push_back({entry.revision.hash, entry.revision.version, entry.reason, Encode(entry.at)});
  }
}

}  // namespace ingressfleet::plan
