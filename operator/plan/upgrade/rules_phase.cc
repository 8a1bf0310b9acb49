#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/phase.h"
#include "plan/upgrade/rules.h"

// The ordinary way from phase to phase: ask the chain, keep the window, watch the deadline.
namespace ingressfleet::plan::upgrade {
namespace {

using Notes = std::vector<Note>;

Revision Goal(const Context& context) {
  if (!context.state.rollback) return context.tier.desired;
  for (const HistoryEntry& entry : context.state.history) {
    if (entry.revision.hash == context.state.rollback->revision) return entry.revision;
  }
  return {context.state.rollback->revision, ""};
}

TierState Begin(const Context& context) {
  TierState next = context.state;
  const Revision goal = Goal(context);
  next.strategy = context.tier.strategy;
  next.cutover = context.tier.cutover;
  next.rollback_run = next.rollback.has_value();
  // What the order leaves behind must not come back by itself.
  if (next.rollback_run) AddFailed(next, context.tier.desired.hash != goal.hash ? context.tier.desired.hash : "");
  next.rollback.reset();
  next.started_for = context.tier.desired.hash;
  next.step = 0;
  next.abort.reset();
  if (next.approval && next.approval->revision != goal.hash) next.approval.reset();
  const Slot slot = next.strategy == Strategy::kRollingUpdate ? next.serving->slot : Other(next.serving->slot);
  next.candidate = SlotRef{slot, goal};
  return Enter(context, std::move(next), Phase::kPreflight);
}

TierState Onward(const Context& context, Notes& notes) {
  const TierState& state = context.state;
  const Phase to = Successor(context.tier, context.seen, state);
  TierState next = state;
  if (state.phase == Phase::kStable)
    next = Begin(context);
  else if (to == Phase::kRetain)
    next = Promote(context);
  else if (to == Phase::kStable) {
    if (state.phase == Phase::kInstall) AddHistory(context, next, state.serving->revision, "Installed");
    if (state.phase == Phase::kRolling) {
      next.serving = state.candidate;
      next.finished_at = context.now;
      AddHistory(context, next, next.serving->revision, state.rollback_run ? "RolledBack" : "Promoted");
    }
    next = BackToStable(context, std::move(next));
  } else {
    if (state.phase == Phase::kShift) ++next.step;
    if (to == Phase::kTerminate) next.cutover = CutoverMode::kExpandTerminate;
    next = Enter(context, std::move(next), to);
  }
  Say(notes, false, std::string(PhaseName(next.phase)),
      fmt::format("tier {}: {} -> {}", context.tier.name, PhaseName(state.phase), PhaseName(next.phase)));
  return next;
}

TierState Reject(const Context& context, const Answer& answer) {
  TierState next = context.state;
  AddFailed(next, next.candidate->revision.hash);
  next.abort = AbortRecord{answer.reason, answer.message, context.now};
  next.finished_at = context.now;
  return BackToStable(context, std::move(next));
}

TierState Back(const Context& context, const Cause& cause, Notes& notes) {
  if (context.tier.on_failure == OnFailure::kHold) {
    Say(notes, true, cause.reason, cause.message);
    return HoldIn(context, kHoldFailed,
                  fmt::format("{}; onFailure is Hold: kubectl ingressfleet abort {} or resume {}", cause.message,
                              context.tier.name, context.tier.name));
  }
  return TurnBack(context, cause);
}

TierState TimeOut(const Context& context, const ChainResult& asked, Notes& notes) {
  const PhaseRow& row = RowOf(context.state.phase);
  const std::string message = fmt::format("{} took longer than {}: {}", row.name, row.timeout_text, asked.first.message);
  if (row.hold_if_inconclusive && asked.inconclusive) {
    Say(notes, true, "Inconclusive", message);
    return HoldIn(context, kHoldInconclusive,
                  fmt::format("{}; kubectl ingressfleet resume {} or abort {}", message, context.tier.name, context.tier.name));
  }
  switch (row.on_timeout) {
    case WayOut::kAbort: return Back(context, {std::string(row.name) + "TimedOut", message, true}, notes);
    case WayOut::kReject: return Reject(context, asked.first);
    case WayOut::kProceed: Say(notes, true, std::string(row.name) + "TimedOut", message); return Onward(context, notes);
    case WayOut::kWait:
    case WayOut::kRearm: break;
  }
  Say(notes, true, std::string(row.name) + "TimedOut", message);
  return Enter(context, context.state, context.state.phase);
}

std::optional<TierState> Passed(const Context& context, Notes& notes) {
  const PhaseRow& row = RowOf(context.state.phase);
  const Duration window = row.window == nullptr ? Duration(0) : row.window(context.tier, context.state);
  if (window <= Duration(0)) return Onward(context, notes);
  if (!context.state.window_started_at) {
    TierState next = context.state;
    next.window_started_at = context.now;
    next.restart_baseline = context.Candidate().restarts;
    return next;
  }
  if (Due(context.now, context.evidence.state, *context.state.window_started_at, window)) return Onward(context, notes);
  notes.push_back({false, false, std::string(row.name),
                   fmt::format("tier {}: all gates of {} pass; they must for {}", context.tier.name, row.name,
                               base::FormatDuration(window))});
  return std::nullopt;
}

// A Hold stops what goes forward; a way back is always finished.
bool IsHeld(const TierState& state) {
  const Phase phase = state.phase;
  const bool back =
      phase == Phase::kAbortPre || phase == Phase::kAbortMid || phase == Phase::kAbortPost || phase == Phase::kRollingBack;
  return state.hold && !back;
}

}  // namespace

std::optional<TierState> LeavePhase(const Context& context, const Gates& gates, Notes& notes) {
  const TierState& state = context.state;
  const auto chain = ChainOf(state.phase);
  if (!chain || IsHeld(state) || !state.serving) return std::nullopt;
  const ChainResult asked = Ask(gates[*chain], context);
  if (asked.verdict == Verdict::kPass) return Passed(context, notes);
  if (state.phase == Phase::kStable && state.rollback && asked.first.reason == "UpToDate") {
    TierState next = state;
    next.rollback.reset();
    return next;
  }
  if (asked.verdict == Verdict::kFail) {
    const WayOut way = RowOf(state.phase).on_fail;
    if (way == WayOut::kReject) return Reject(context, asked.first);
    if (way == WayOut::kAbort) return Back(context, {asked.first.reason, asked.first.message, true}, notes);
  }
  if (DeadlinePassed(context)) return TimeOut(context, asked, notes);
  if (asked.first.reason != "UpToDate") notes.push_back({false, false, asked.first.reason, asked.first.message});
  if (!state.window_started_at) return std::nullopt;
  TierState next = state;
  next.window_started_at.reset();
  return next;
}

}  // namespace ingressfleet::plan::upgrade
