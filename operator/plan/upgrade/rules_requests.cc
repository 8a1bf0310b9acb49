#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/phase.h"
#include "plan/upgrade/rules.h"

// What people order. Recording comes first and acts on nothing but the record.
namespace ingressfleet::plan::upgrade {
namespace {

using Notes = std::vector<Note>;

void RecordHold(const Context& context, const Request& request, TierState& next, Notes& notes) {
  if (next.hold) return;
  next.hold = HoldRecord{
      std::string(kHoldRequested),
      fmt::format("tier {} is held by {}: kubectl ingressfleet resume {}", context.tier.name, request.by, context.tier.name),
      context.now};
  next.window_started_at.reset();
  Say(notes, false, "Held", next.hold->message);
}

void RecordResume(const Context& context, const Request&, TierState& next, Notes& notes) {
  if (!next.hold || next.hold->reason == kHoldPaused || next.hold->reason == kHoldAmbiguous) {
    if (next.hold) Say(notes, true, "CannotResume", next.hold->message);
    return;
  }
  next.hold.reset();
  next.drift_repairs.clear();
  next.drift_open = false;
  next = Enter(context, std::move(next), next.phase);
  Say(notes, false, "Resumed", fmt::format("tier {} goes on in {}", context.tier.name, PhaseName(next.phase)));
}

void RecordAbort(const Context& context, const Request& request, TierState& next, Notes& notes) {
  if (!RowOf(next.phase).forward) {
    Say(notes, true, "NothingToAbort",
        fmt::format("tier {} is in {}: there is no upgrade to abort; use rollback to go back to an earlier revision",
                    context.tier.name, PhaseName(next.phase)));
    return;
  }
  next.abort = AbortRecord{std::string(kHoldRequested), fmt::format("aborted by {}", request.by), context.now};
}

void RecordPromote(const Context& context, const Request& request, TierState& next, Notes& notes) {
  const bool of_candidate = next.candidate && next.candidate->revision.hash == request.revision;
  const bool of_next = !next.candidate && context.tier.desired.hash == request.revision;
  if (request.revision.empty() || !(of_candidate || of_next)) {
    Say(notes, true, "ApprovalIgnored",
        fmt::format("approval names revision {}, but tier {} has candidate {}: approve that one by name", request.revision,
                    context.tier.name, next.candidate ? next.candidate->revision.hash : "none"));
    return;
  }
  next.approval = Approval{request.revision, request.by, context.now};
  Say(notes, false, "Approved", fmt::format("revision {} approved by {}", request.revision, request.by));
}

bool IsKnown(const TierState& state, const std::string& revision) {
  if (state.serving && state.serving->revision.hash == revision) return true;
  if (state.previous && state.previous->revision.hash == revision) return true;
  return std::any_of(state.history.begin(), state.history.end(),
                     [&](const HistoryEntry& entry) { return entry.revision.hash == revision; });
}

void RecordRollback(const Context& context, const Request& request, TierState& next, Notes& notes) {
  if (!IsKnown(next, request.revision)) {
    Say(notes, true, "RollbackIgnored",
        fmt::format("revision {} is not in the history of tier {}; see status.tiers[].history", request.revision,
                    context.tier.name));
    return;
  }
  next.rollback = request;
}

void RecordRetry(const Context& context, const Request& request, TierState& next, Notes& notes) {
  if (std::erase(next.failed_revisions, request.revision) > 0) {
    Say(notes, false, "RetryAllowed",
        fmt::format("revision {} of tier {} may be tried again", request.revision, context.tier.name));
    return;
  }
  Say(notes, true, "RetryIgnored", fmt::format("revision {} of tier {} has not failed", request.revision, context.tier.name));
}

// Resume after hold, so that both at once mean "go on".
struct Recorder {
  RequestKind kind;
  void (*record)(const Context& context, const Request& request, TierState& next, Notes& notes);
};
constexpr Recorder kRecorders[] = {
    {RequestKind::kHold, RecordHold},       {RequestKind::kResume, RecordResume},     {RequestKind::kAbort, RecordAbort},
    {RequestKind::kPromote, RecordPromote}, {RequestKind::kRollback, RecordRollback}, {RequestKind::kRetry, RecordRetry},
};

}  // namespace

std::optional<TierState> RecordRequests(const Context& context, const Gates&, Notes& notes) {
  TierState next = context.state;
  bool any = false;
  for (const Recorder& recorder : kRecorders) {
    const auto index = static_cast<std::size_t>(recorder.kind);
    const auto& request = context.tier.requests[index];
    if (!request || request->id.empty() || request->id == next.handled[index]) continue;
    recorder.record(context, *request, next, notes);
    next.handled[index] = request->id;
    any = true;
  }
  if (!any) return std::nullopt;
  return next;
}

// A pause is a Hold that comes and goes with the switch, so that no deadline runs out meanwhile.
std::optional<TierState> FollowPause(const Context& context, const Gates&, Notes&) {
  const auto& hold = context.state.hold;
  if (context.tier.paused && !hold) {
    return HoldIn(context, kHoldPaused,
                  fmt::format("the fleet of tier {} is paused: set spec.paused to false", context.tier.name));
  }
  if (!context.tier.paused && hold && hold->reason == kHoldPaused) return Rearm(context);
  return std::nullopt;
}

std::optional<TierState> FollowAbort(const Context& context, const Gates&, Notes&) {
  if (!context.state.abort || !RowOf(context.state.phase).forward) return std::nullopt;
  return TurnBack(context, {context.state.abort->reason, context.state.abort->message, true});
}

std::optional<TierState> FollowRollback(const Context& context, const Gates&, Notes&) {
  const TierState& state = context.state;
  if (!state.rollback || !state.serving) return std::nullopt;
  const std::string& to = state.rollback->revision;
  const Cause cause{"RolledBack", fmt::format("rolled back to {} by {}", to, state.rollback->by), true};
  std::optional<TierState> next;
  if (state.previous && state.previous->revision.hash == to && context.Previous().exists &&
      (state.phase == Phase::kRetain || state.phase == Phase::kDrain)) {
    next = Demote(context, cause);
  } else if (state.serving->revision.hash == to && RowOf(state.phase).forward) {
    next = TurnBack(context, cause);
  } else if (state.serving->revision.hash == to && state.phase == Phase::kStable) {
    next = state;
  }
  if (next) next->rollback.reset();
  return next;
}

}  // namespace ingressfleet::plan::upgrade
