#pragma once
// The rules by which a state changes, in order of precedence. Each looks at the context and either returns the next state to
// record or nothing. At most one rule fires in a round: record first, act on what was recorded.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/upgrade/gate.h"

namespace ingressfleet::plan::upgrade {

struct Rule {
  bool while_stopped;  ///< also asked while the fleet is paused, and in a Hold that forbids to touch the entry
  std::optional<TierState> (*next)(const Context& context, const Gates& gates, std::vector<Note>& notes);
};

/// A Hold in which the entry is somebody else's, or nobody knows which slot serves.
bool IsFrozen(const TierState& state);
/// Enters a phase: next transition id, new deadline, no window.
TierState Enter(const Context& context, TierState next, Phase phase);

// rules_requests.cc
std::optional<TierState> RecordRequests(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> FollowPause(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> FollowRollback(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> FollowAbort(const Context& context, const Gates& gates, std::vector<Note>& notes);

// rules_world.cc
std::optional<TierState> Rebuild(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> NoticeCommit(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> NoticeDrift(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> KeepHealthySide(const Context& context, const Gates& gates, std::vector<Note>& notes);
std::optional<TierState> FollowSpec(const Context& context, const Gates& gates, std::vector<Note>& notes);

// rules_phase.cc
std::optional<TierState> LeavePhase(const Context& context, const Gates& gates, std::vector<Note>& notes);

/// Adds a note that becomes an Event.
void Say(std::vector<Note>& notes, bool warning, std::string reason, std::string message);

// moves.cc: whole changes of state that several rules make
struct Cause {
  std::string reason;
  std::string message;
  bool fails_revision = true;  ///< the candidate's revision is not tried again until its hash changes or a retry names it
};
/// Takes the way back that fits the phase.
TierState TurnBack(const Context& context, const Cause& cause);
/// After promotion: the former slot serves again and the newer one is the candidate to be got rid of.
TierState Demote(const Context& context, const Cause& cause);
TierState Promote(const Context& context);
TierState BackToStable(const Context& context, TierState next);
TierState HoldIn(const Context& context, std::string_view reason, std::string message);
/// The phase again from its beginning, without a hold.
TierState Rearm(const Context& context);
void AddFailed(TierState& state, const std::string& revision);
void AddHistory(const Context& context, TierState& state, const Revision& revision, std::string_view reason);

}  // namespace ingressfleet::plan::upgrade
