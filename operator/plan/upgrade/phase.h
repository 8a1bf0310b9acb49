#pragma once
// The phases as one table. A row says what the entry Service selects, which chain of gates must pass to leave, how long that
// may take and what happens then. docs/reference/upgrade-phases.md is checked against it.

#include <optional>
#include <span>
#include <string_view>

#include "plan/upgrade/types.h"

namespace ingressfleet::plan::upgrade {

/// What the entry Service selects in a phase, in terms of roles.
enum class TrafficRule { kKeep, kNone, kServing, kBoth, kCandidate };
std::string_view TrafficRuleName(TrafficRule rule);

/// What a failed gate or a passed deadline leads to.
enum class WayOut {
  kWait,     ///< stay; the note says for what
  kRearm,    ///< stay, warn, start the time again
  kProceed,  ///< go on with a warning
  kReject,   ///< back to Stable, nothing was created
  kAbort,    ///< the way back that fits the phase (AbortPhaseOf)
};
std::string_view WayOutName(WayOut way);

struct PhaseRow {
  Phase phase;
  std::string_view name;
  TrafficRule traffic;
  std::string_view does;
  /// How long all gates must pass without a break; nullptr = once is enough.
  Duration (*window)(const TierInput& tier, const TierState& state);
  std::string_view window_text;
  /// Absolute deadline from the phase's start; nullptr = none.
  std::optional<Duration> (*timeout)(const TierInput& tier, const TierState& state);
  std::string_view timeout_text;
  WayOut on_fail;
  WayOut on_timeout;
  bool hold_if_inconclusive;  ///< a deadline that passes for want of evidence means Hold, not `on_timeout`
  Phase abort;                ///< phase of the way back; the phase itself = cannot be aborted
  bool forward;               ///< belongs to an upgrade that a spec change or an abort may stop
  bool freezes_entry;         ///< no load balancer attribute may be edited meanwhile
};

std::span<const PhaseRow> AllPhases();
const PhaseRow& RowOf(Phase phase);
std::string_view PhaseName(Phase phase);
std::optional<Phase> ParsePhase(std::string_view name);

/// What the entry should select in this state; nothing: leave it.
std::optional<Traffic> TargetTraffic(const TierState& state);
/// The phase after this one when its gates have passed.
Phase Successor(const TierInput& tier, const SlotsSeen& seen, const TierState& state);

/// Whether `traffic` selects `slot`.
bool Selects(Traffic traffic, Slot slot);

}  // namespace ingressfleet::plan::upgrade
