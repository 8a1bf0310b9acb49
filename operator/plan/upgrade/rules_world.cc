#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/phase.h"
#include "plan/upgrade/recover.h"
#include "plan/upgrade/rules.h"

// What the world does to us: a lost record, an edited entry, a side that dies, a new specification.
namespace ingressfleet::plan::upgrade {
namespace {

using Notes = std::vector<Note>;

constexpr Duration kDriftWindow = std::chrono::minutes(10);
constexpr std::size_t kDriftLimit = 3;

bool BothSelected(Phase phase) { return phase == Phase::kExpand || phase == Phase::kShift || phase == Phase::kTerminate; }
bool CandidateSelected(Phase phase) { return phase == Phase::kContract || phase == Phase::kObserve; }
bool BeforeTraffic(Phase phase) { return phase == Phase::kWarm || phase == Phase::kVerify || phase == Phase::kApprove; }
bool IsRequested(const TierState& state) { return state.hold && state.hold->reason == kHoldRequested; }

}  // namespace

std::optional<TierState> Rebuild(const Context& context, const Gates&, Notes& notes) {
  const bool unresolved = context.state.phase == Phase::kUnresolved;
  if (!unresolved && !MustRecover(context.seen, context.state)) return std::nullopt;
  TierState next = Recover(context.tier, context.seen, context.state, context.now);
  if (unresolved && next.phase == Phase::kUnresolved) return std::nullopt;
  if (next.phase != Phase::kInstall) {
    Say(notes, true, "StatusRebuilt",
        fmt::format("status of tier {} was lost or outdated; rebuilt from labels and annotations as {}", context.tier.name,
                    PhaseName(next.phase)));
  }
  return next;
}

std::optional<TierState> NoticeCommit(const Context& context, const Gates&, Notes&) {
  const EntrySeen& live = context.seen.entry;
  const auto target = TargetTraffic(context.state);
  const bool ours = live.exists && target && live.traffic == *target && live.committed == live.traffic;
  if (!ours || (context.state.committed == *target && !context.state.drift_open)) return std::nullopt;
  TierState next = context.state;
  next.committed = *target;
  next.committed_id = live.transition_id;
  next.drift_open = false;
  return next;
}

// We write selector and annotation together, so a difference is somebody else's edit.
std::optional<TierState> NoticeDrift(const Context& context, const Gates&, Notes& notes) {
  const EntrySeen& live = context.seen.entry;
  if (!live.exists || live.traffic == live.committed || context.state.drift_open) return std::nullopt;
  if (!TargetTraffic(context.state)) return std::nullopt;
  TierState next = context.state;
  std::erase_if(next.drift_repairs, [&](TimePoint at) { return context.now - at > kDriftWindow; });
  next.drift_repairs.push_back(context.now);
  next.drift_open = true;
  Say(notes, true, "SelectorDrift",
      fmt::format("selector of Service {} was edited by somebody else; it is put back", context.EntryName()));
  if (next.drift_repairs.size() <= kDriftLimit) return next;
  next.drift_repairs.clear();
  next.drift_open = false;
  next.window_started_at.reset();
  next.hold =
      HoldRecord{std::string(kHoldForeignOwner),
                 fmt::format("somebody keeps editing the selector of Service {}: stop them (a GitOps tool that applies the "
                             "Service?), then kubectl ingressfleet resume {}",
                             context.EntryName(), context.tier.name),
                 context.now};
  return next;
}

// Works in a Hold too: holding is about going forward. When both sides are dead, the way back also brings up the serving one.
std::optional<TierState> KeepHealthySide(const Context& context, const Gates&, Notes& notes) {
  const TierState& state = context.state;
  const Phase phase = state.phase;
  std::optional<TierState> next;
  if ((BothSelected(phase) || CandidateSelected(phase)) && context.Candidate().ready == 0) {
    next = TurnBack(context, {"CandidateDead", fmt::format("{} has no ready pod", context.CandidateName()), true});
  } else if (phase == Phase::kAbortPost && context.Candidate().ready == 0 && context.Serving().ready > 0) {
    return Enter(context, state, Phase::kAbortMid);
  } else if ((phase == Phase::kRetain || phase == Phase::kDrain) && context.Serving().ready == 0 && context.Previous().exists &&
             (context.Previous().ready > 0 || phase == Phase::kDrain)) {
    next = Demote(context, {"ServingDead", fmt::format("{} has no ready pod", context.ServingName()), true});
  } else if (BeforeTraffic(phase) && state.strategy != Strategy::kRollingUpdate && !context.Candidate().exists) {
    Say(notes, true, "CandidateDeleted",
        fmt::format("{} was deleted by somebody else; it is made and verified again", context.CandidateName()));
    return Enter(context, state, Phase::kProvision);
  }
  return next;
}

std::optional<TierState> FollowSpec(const Context& context, const Gates&, Notes&) {
  const TierState& state = context.state;
  const std::string& desired = context.tier.desired.hash;
  if (IsRequested(state)) return std::nullopt;
  if (state.phase == Phase::kInstall && state.serving && state.serving->revision != context.tier.desired) {
    TierState next = state;
    next.serving->revision = context.tier.desired;
    return Enter(context, std::move(next), Phase::kInstall);
  }
  // A rollback on order is finished first: going back from it would lead to what was left on purpose.
  if (RowOf(state.phase).forward && !state.rollback_run && desired != state.started_for) {
    return TurnBack(context, {"SpecChanged",
                              fmt::format("revision {} replaces candidate {}", desired,
                                          state.candidate ? state.candidate->revision.hash : ""),
                              false});
  }
  const bool undone =
      state.phase == Phase::kRetain && state.previous && desired == state.previous->revision.hash &&
      context.Previous().exists && desired != state.serving->revision.hash &&
      std::find(state.failed_revisions.begin(), state.failed_revisions.end(), desired) == state.failed_revisions.end();
  // Only when the specification went back: after a rollback run it names what was left, and that has failed.
  if (undone && !state.rollback_run) {
    return Demote(context, {"SpecReverted", fmt::format("the specification is back at {}", desired), false});
  }
  return std::nullopt;
}

}  // namespace ingressfleet::plan::upgrade
