#include "plan/upgrade/machine.h"

#include <algorithm>

#include "plan/upgrade/canary.h"
#include "plan/upgrade/phase.h"
#include "plan/upgrade/rules.h"
#include "plan/upgrade/want.h"

namespace ingressfleet::plan::upgrade {
namespace {

// Precedence: knowing what is, then what people have ordered, then safety, then what was going on.
constexpr Rule kRules[] = {
    {true, Rebuild},          {true, RecordRequests}, {true, FollowPause}, {false, NoticeCommit},   {false, NoticeDrift},
    {false, KeepHealthySide}, {false, FollowAbort},   {false, FollowSpec}, {false, FollowRollback}, {false, LeavePhase},
};

ProbeSet ProbesOf(const TierInput& tier, const TierState& state) {
  if (IsFrozen(state)) return {};
  switch (state.phase) {
    case Phase::kPreflight: return {Probe::kPreflight};
    case Phase::kVerify: return tier.verify;
    case Phase::kExpand:
    case Phase::kShift:
    case Phase::kTerminate:
    case Phase::kContract:
    case Phase::kObserve: return state.rollback_run ? ProbeSet() : tier.observe_probes;
    default: return {};
  }
}

std::optional<TimePoint> WakeAt(const Context& context) {
  const TierState& state = context.state;
  std::optional<TimePoint> wake;
  const auto at = [&](const Watched& watched, TimePoint since, Duration window) {
    const TimePoint due = context.now + UntilDue(context.now, watched, since, window);
    wake = wake ? std::min(*wake, due) : due;
  };
  const PhaseRow& row = RowOf(state.phase);
  const Watched& transition = context.evidence.transition;
  if (state.deadline) at(transition, state.phase_started_at, *state.deadline - state.phase_started_at);
  if (state.window_started_at && row.window != nullptr) {
    at(context.evidence.state, *state.window_started_at, row.window(context.tier, state));
  }
  if (state.phase == Phase::kAbortPre) at(transition, state.phase_started_at, context.tier.abort_delay);
  if (state.phase == Phase::kRetain && state.retain_until) {
    at(transition, state.phase_started_at, *state.retain_until - state.phase_started_at);
  }
  if (state.phase == Phase::kApprove && context.tier.next_window) {
    wake = wake ? std::min(*wake, *context.tier.next_window) : *context.tier.next_window;
  }
  return wake;
}

void Report(const Context& context, const Gates& gates, Decision& decision) {
  const TierState& state = context.state;
  if (const auto chain = ChainOf(state.phase); chain && state.serving && state.phase != Phase::kStable) {
    decision.state.gates = Ask(gates[*chain], context).gates;
  }
  if (state.hold) decision.notes.push_back({true, false, state.hold->reason, state.hold->message});
  if (state.serving && state.candidate && state.candidate->slot != state.serving->slot) {
    decision.share_percent = SharePercent(context.Serving().in_slices, context.Candidate().in_slices);
  }
}

}  // namespace

bool IsFrozen(const TierState& state) {
  return state.hold && (state.hold->reason == kHoldForeignOwner || state.hold->reason == kHoldAmbiguous);
}

void Say(std::vector<Note>& notes, bool warning, std::string reason, std::string message) {
  notes.push_back({warning, true, std::move(reason), std::move(message)});
}

Decision Advance(const TierInput& tier, const SlotsSeen& seen, const TierState& state, const Evidence& evidence, TimePoint now,
                 const Gates& gates) {
  const Context context{tier, seen, state, evidence, now};
  const bool stopped = tier.paused || IsFrozen(state);
  Decision decision;
  for (const Rule& rule : kRules) {
    if (stopped && !rule.while_stopped) continue;
    auto next = rule.next(context, gates, decision.notes);
    if (!next || SameIntent(*next, state)) continue;
    decision.state = *std::move(next);
    decision.record = true;
    // Whatever the rule: a way back never begins without a word.
    if (decision.state.abort && decision.state.abort != state.abort) {
      Say(decision.notes, true, decision.state.abort->reason, decision.state.abort->message + ": going back");
    }
    return decision;
  }
  decision.state = state;
  Report(context, gates, decision);
  if (!tier.paused && state.phase != Phase::kUnresolved) decision.want = WantedOf(context, gates, decision.notes);
  decision.probes = ProbesOf(tier, state);
  if (state.candidate) decision.probe_revision = state.candidate->revision.hash;
  decision.wake_at = WakeAt(context);
  return decision;
}

}  // namespace ingressfleet::plan::upgrade
