#include "plan/upgrade/types.h"

#include <tuple>

namespace ingressfleet::plan::upgrade {

std::string_view ProbeName(Probe probe) {
  static constexpr std::array<std::string_view, kProbeCount> kNames{"Preflight", "Parity",  "Tls",   "Access",
                                                                    "Custom",    "Metrics", "Entry", "Budget"};
  return kNames[static_cast<std::size_t>(probe)];
}

std::string_view StrategyName(Strategy strategy) {
  switch (strategy) {
    case Strategy::kBlueGreen: return "BlueGreen";
    case Strategy::kCanary: return "Canary";
    case Strategy::kRollingUpdate: return "RollingUpdate";
  }
  return "";
}

std::string_view CutoverName(CutoverMode mode) {
  switch (mode) {
    case CutoverMode::kExpandContract: return "ExpandContract";
    case CutoverMode::kExpandTerminate: return "ExpandTerminate";
    case CutoverMode::kFlip: return "Flip";
  }
  return "";
}

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown: return "Unknown";
    case Verdict::kPass: return "Pass";
    case Verdict::kFail: return "Fail";
  }
  return "";
}

namespace {

bool Same(const std::optional<Request>& left, const std::optional<Request>& right) {
  if (left.has_value() != right.has_value()) return false;
  return !left || (left->id == right->id && left->revision == right->revision && left->by == right->by);
}

}  // namespace

bool SameIntent(const TierState& left, const TierState& right) {
  const auto intent = [](const TierState& state) {
    return std::tie(state.phase, state.step, state.transition_id, state.phase_started_at, state.deadline,
                    state.window_started_at, state.restart_baseline, state.serving, state.candidate, state.previous,
                    state.retain_until, state.started_for, state.strategy, state.cutover, state.rollback_run, state.committed,
                    state.committed_id, state.drift_repairs, state.drift_open, state.approval, state.abort, state.hold,
                    state.handled, state.failed_revisions, state.history, state.finished_at);
  };
  return intent(left) == intent(right) && Same(left.rollback, right.rollback);
}

}  // namespace ingressfleet::plan::upgrade
