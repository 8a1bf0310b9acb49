#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/phase.h"
#include "plan/upgrade/rules.h"

namespace ingressfleet::plan::upgrade {
namespace {

constexpr std::size_t kFailedLimit = 10;

bool IsAutomatic(const HoldRecord& hold) { return hold.reason == kHoldInconclusive || hold.reason == kHoldFailed; }

void RecordCause(TierState& next, const Cause& cause, TimePoint now) {
  next.abort = AbortRecord{cause.reason, cause.message, now};
  if (next.hold && (IsAutomatic(*next.hold) || cause.reason == kHoldRequested)) next.hold.reset();
  next.approval.reset();
  next.finished_at = now;
}

}  // namespace

TierState Enter(const Context& context, TierState next, Phase phase) {
  next.phase = phase;
  ++next.transition_id;
  next.phase_started_at = context.now;
  next.window_started_at.reset();
  next.restart_baseline = 0;
  next.deadline.reset();
  next.gates.clear();
  const PhaseRow& row = RowOf(phase);
  if (row.timeout == nullptr) return next;
  if (const auto timeout = row.timeout(context.tier, next)) next.deadline = context.now + *timeout;
  return next;
}

void AddFailed(TierState& state, const std::string& revision) {
  auto& failed = state.failed_revisions;
  if (revision.empty() || std::find(failed.begin(), failed.end(), revision) != failed.end()) return;
  failed.push_back(revision);
  if (failed.size() > kFailedLimit) failed.erase(failed.begin());
}

void AddHistory(const Context& context, TierState& state, const Revision& revision, std::string_view reason) {
  state.history.insert(state.history.begin(), HistoryEntry{revision, context.now, std::string(reason)});
  if (state.history.size() > context.tier.history_limit) state.history.resize(context.tier.history_limit);
}

TierState TurnBack(const Context& context, const Cause& cause) {
  TierState next = context.state;
  if (cause.fails_revision && next.candidate) AddFailed(next, next.candidate->revision.hash);
  RecordCause(next, cause, context.now);
  // In place nothing was touched before Rolling, and the "candidate" is the serving slot itself.
  if (next.strategy == Strategy::kRollingUpdate && next.phase != Phase::kRolling) next.candidate.reset();
  return Enter(context, std::move(next), RowOf(context.state.phase).abort);
}

TierState Demote(const Context& context, const Cause& cause) {
  TierState next = context.state;
  if (cause.fails_revision) AddFailed(next, next.serving->revision.hash);
  RecordCause(next, cause, context.now);
  std::swap(next.serving, next.previous);
  next.candidate = std::move(next.previous);
  next.previous.reset();
  next.retain_until.reset();
  next.cutover = context.tier.cutover;
  AddHistory(context, next, next.serving->revision, "RolledBack");
  return Enter(context, std::move(next), Phase::kAbortPost);
}

TierState Promote(const Context& context) {
  TierState next = context.state;
  next.previous = std::move(next.serving);
  next.serving = std::move(next.candidate);
  next.candidate.reset();
  next.approval.reset();
  next.retain_until = context.now + context.tier.retain;
  next.finished_at = context.now;
  AddHistory(context, next, next.serving->revision, next.rollback_run ? "RolledBack" : "Promoted");
  return Enter(context, std::move(next), Phase::kRetain);
}

TierState BackToStable(const Context& context, TierState next) {
  next.candidate.reset();
  next.previous.reset();
  next.retain_until.reset();
  next.approval.reset();
  next.started_for.clear();
  next.rollback_run = false;
  next.step = 0;
  return Enter(context, std::move(next), Phase::kStable);
}

TierState HoldIn(const Context& context, std::string_view reason, std::string message) {
  TierState next = context.state;
  next.hold = HoldRecord{std::string(reason), std::move(message), context.now};
  next.window_started_at.reset();
  return next;
}

TierState Rearm(const Context& context) {
  TierState next = context.state;
  next.hold.reset();
  return Enter(context, std::move(next), context.state.phase);
}

}  // namespace ingressfleet::plan::upgrade
