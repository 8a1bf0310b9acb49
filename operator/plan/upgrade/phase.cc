#include "plan/upgrade/phase.h"

#include <algorithm>
#include <cstdlib>

namespace ingressfleet::plan::upgrade {
namespace {

using std::chrono::seconds;
using Timeout = std::optional<Duration>;

template <int kSeconds>
Timeout Fixed(const TierInput&, const TierState&) {
  return seconds(kSeconds);
}

Duration StepPause(const TierInput& tier, const TierState& state) {
  const auto step = static_cast<std::size_t>(state.step);
  return step < tier.steps.size() ? tier.steps[step].pause : Duration(0);
}

// One row for each phase, in the order of the enumeration. `abort` = the phase itself: no way back from here (not needed, or
// already on it).
constexpr PhaseRow kRows[] = {
    {Phase::kNew, "New", TrafficRule::kKeep, "no status yet, or lost: rebuild it from labels and annotations", nullptr, "",
     nullptr, "", WayOut::kWait, WayOut::kWait, false, Phase::kNew, false, false},
    {Phase::kUnresolved, "Unresolved", TrafficRule::kKeep, "the objects do not say which slot serves: nothing is written",
     nullptr, "", nullptr, "", WayOut::kWait, WayOut::kWait, false, Phase::kUnresolved, false, false},
    {Phase::kInstall, "Install", TrafficRule::kNone,
     "create the entry with a selector that matches nothing, and the first slot", nullptr, "",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.progress_deadline; }, "progressDeadlineSeconds",
     WayOut::kWait, WayOut::kRearm, false, Phase::kInstall, false, false},
    {Phase::kStable, "Stable", TrafficRule::kServing, "repair drift, probe", nullptr, "", nullptr, "", WayOut::kWait,
     WayOut::kWait, false, Phase::kStable, false, false},
    {Phase::kPreflight, "Preflight", TrafficRule::kServing, "check the new revision against the tier; nothing is created",
     nullptr, "", Fixed<60>, "60 s", WayOut::kReject, WayOut::kReject, true, Phase::kAbortPre, true, false},
    {Phase::kProvision, "Provision", TrafficRule::kServing, "create the candidate slot and the preview Service", nullptr, "",
     Fixed<60>, "60 s", WayOut::kAbort, WayOut::kAbort, false, Phase::kAbortPre, true, false},
    {Phase::kWarm, "Warm", TrafficRule::kServing, "wait until the candidate is ready with configuration and access list loaded",
     [](const TierInput& tier, const TierState&) { return tier.min_ready; }, "minReadySeconds",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.progress_deadline; }, "progressDeadlineSeconds",
     WayOut::kAbort, WayOut::kAbort, false, Phase::kAbortPre, true, false},
    {Phase::kVerify, "Verify", TrafficRule::kServing, "compare both slots through the preview Service", nullptr, "", Fixed<600>,
     "600 s", WayOut::kAbort, WayOut::kAbort, true, Phase::kAbortPre, true, false},
    {Phase::kApprove, "Approve", TrafficRule::kServing, "wait for the approval that names the revision, and for the window",
     nullptr, "", [](const TierInput& tier, const TierState&) -> Timeout { return tier.approval_deadline; },
     "approvalDeadlineSeconds", WayOut::kAbort, WayOut::kAbort, false, Phase::kAbortPre, true, false},
    {Phase::kExpand, "Expand", TrafficRule::kBoth, "select both slots",
     [](const TierInput& tier, const TierState&) { return tier.expand_dwell; }, "admission time of the balancer",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.expand_dwell + seconds(300); }, "admission + 300 s",
     WayOut::kAbort, WayOut::kAbort, false, Phase::kAbortMid, true, true},
    {Phase::kShift, "Shift", TrafficRule::kBoth, "canary: candidate pods for the step's weight; last, full size", StepPause,
     "pauseSeconds of the step",
     [](const TierInput& tier, const TierState& state) -> Timeout { return StepPause(tier, state) + seconds(600); },
     "pauseSeconds + 600 s", WayOut::kAbort, WayOut::kAbort, true, Phase::kAbortMid, true, true},
    {Phase::kTerminate, "Terminate", TrafficRule::kBoth, "ExpandTerminate: end the serving slot's pods while both are selected",
     nullptr, "", [](const TierInput& tier, const TierState&) -> Timeout { return tier.termination_grace + seconds(60); },
     "termination grace + 60 s", WayOut::kAbort, WayOut::kAbort, false, Phase::kAbortMid, true, true},
    {Phase::kContract, "Contract", TrafficRule::kCandidate, "select the candidate only", nullptr, "", Fixed<120>, "120 s",
     WayOut::kAbort, WayOut::kAbort, false, Phase::kAbortPost, true, true},
    {Phase::kObserve, "Observe", TrafficRule::kCandidate, "watch the candidate under full traffic; the serving slot stays warm",
     [](const TierInput& tier, const TierState& state) { return state.rollback_run ? Duration(0) : tier.observe; },
     "observeSeconds (0 in a rollback)",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.observe + seconds(60); }, "observeSeconds + 60 s",
     WayOut::kAbort, WayOut::kAbort, true, Phase::kAbortPost, true, true},
    {Phase::kRetain, "Retain", TrafficRule::kServing, "promoted: the former slot stays warm for a rollback in a second",
     nullptr, "", nullptr, "", WayOut::kWait, WayOut::kWait, false, Phase::kRetain, false, false},
    {Phase::kDrain, "Drain", TrafficRule::kServing, "scale the former slot to 0; its pods finish their connections", nullptr,
     "", [](const TierInput& tier, const TierState&) -> Timeout { return tier.termination_grace + seconds(60); },
     "termination grace + 60 s", WayOut::kWait, WayOut::kProceed, false, Phase::kDrain, false, false},
    {Phase::kFinalize, "Finalize", TrafficRule::kServing, "delete the former slot and the preview Service", nullptr, "",
     Fixed<30>, "30 s", WayOut::kWait, WayOut::kRearm, false, Phase::kFinalize, false, false},
    {Phase::kRolling, "Rolling", TrafficRule::kServing, "RollingUpdate: replace the serving slot's pods in place",
     [](const TierInput& tier, const TierState&) { return tier.min_ready; }, "minReadySeconds",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.progress_deadline; }, "progressDeadlineSeconds",
     WayOut::kAbort, WayOut::kAbort, false, Phase::kRollingBack, true, false},
    {Phase::kRollingBack, "RollingBack", TrafficRule::kServing, "RollingUpdate: back to the former revision in place", nullptr,
     "", [](const TierInput& tier, const TierState&) -> Timeout { return tier.progress_deadline; }, "progressDeadlineSeconds",
     WayOut::kWait, WayOut::kRearm, false, Phase::kRollingBack, false, false},
    {Phase::kAbortPre, "AbortPre", TrafficRule::kServing, "delete the candidate after the time kept for its logs", nullptr, "",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.abort_delay + seconds(300); }, "abort delay + 300 s",
     WayOut::kWait, WayOut::kRearm, false, Phase::kAbortPre, false, false},
    {Phase::kAbortMid, "AbortMid", TrafficRule::kServing, "select the serving slot only, as soon as it has a ready pod",
     nullptr, "", Fixed<30>, "30 s", WayOut::kWait, WayOut::kRearm, false, Phase::kAbortMid, false, true},
    {Phase::kAbortPost, "AbortPost", TrafficRule::kBoth, "select both slots and bring the serving slot to full size",
     [](const TierInput& tier, const TierState&) { return tier.expand_dwell; }, "admission time of the balancer",
     [](const TierInput& tier, const TierState&) -> Timeout { return tier.expand_dwell + seconds(30); }, "admission + 30 s",
     WayOut::kWait, WayOut::kRearm, false, Phase::kAbortPost, false, true},
};
static_assert(std::size(kRows) == kPhaseCount);

bool NodesCovered(const SlotsSeen& seen, const TierState& state) {
  const auto& serving = seen[state.serving->slot].nodes;
  const auto& candidate = seen[state.candidate->slot].nodes;
  return std::includes(candidate.begin(), candidate.end(), serving.begin(), serving.end());
}

Phase CutoverFrom(const TierInput& tier, const SlotsSeen& seen, const TierState& state) {
  const bool terminate = state.cutover == CutoverMode::kExpandTerminate ||
                         (tier.local_traffic_policy && state.serving && state.candidate && !NodesCovered(seen, state));
  return terminate ? Phase::kTerminate : Phase::kContract;
}

Phase AfterApprove(const TierState& state) {
  if (state.strategy == Strategy::kRollingUpdate) return Phase::kRolling;
  return state.cutover == CutoverMode::kFlip ? Phase::kContract : Phase::kExpand;
}

}  // namespace

std::string_view TrafficRuleName(TrafficRule rule) {
  switch (rule) {
    case TrafficRule::kKeep: return "unchanged";
    case TrafficRule::kNone: return "none";
    case TrafficRule::kServing: return "serving";
    case TrafficRule::kBoth: return "both";
    case TrafficRule::kCandidate: return "candidate";
  }
  return "";
}

std::string_view WayOutName(WayOut way) {
  switch (way) {
    case WayOut::kWait: return "wait";
    case WayOut::kRearm: return "warn, wait on";
    case WayOut::kProceed: return "go on with a warning";
    case WayOut::kReject: return "reject";
    case WayOut::kAbort: return "abort";
  }
  return "";
}

std::span<const PhaseRow> AllPhases() { return kRows; }

const PhaseRow& RowOf(Phase phase) { return kRows[static_cast<std::size_t>(phase)]; }

std::string_view PhaseName(Phase phase) { return RowOf(phase).name; }

std::optional<Phase> ParsePhase(std::string_view name) {
  for (const PhaseRow& row : kRows) {
    if (row.name == name) return row.phase;
  }
  return std::nullopt;
}

std::optional<Traffic> TargetTraffic(const TierState& state) {
  const TrafficRule rule = RowOf(state.phase).traffic;
  if (rule == TrafficRule::kNone) return Traffic::kNone;
  if (rule == TrafficRule::kBoth) return Traffic::kBoth;
  if (rule == TrafficRule::kServing && state.serving) return Only(state.serving->slot);
  if (rule == TrafficRule::kCandidate && state.candidate) return Only(state.candidate->slot);
  return std::nullopt;
}

Phase Successor(const TierInput& tier, const SlotsSeen& seen, const TierState& state) {
  switch (state.phase) {
    case Phase::kNew: return Phase::kNew;
    case Phase::kUnresolved: return Phase::kUnresolved;
    case Phase::kInstall: return Phase::kStable;
    case Phase::kStable: return Phase::kPreflight;
    case Phase::kPreflight: return state.strategy == Strategy::kRollingUpdate ? Phase::kApprove : Phase::kProvision;
    case Phase::kProvision: return Phase::kWarm;
    case Phase::kWarm: return Phase::kVerify;
    case Phase::kVerify: return Phase::kApprove;
    case Phase::kApprove: return AfterApprove(state);
    case Phase::kExpand:
      if (state.strategy == Strategy::kCanary && !state.rollback_run) return Phase::kShift;
      return CutoverFrom(tier, seen, state);
    case Phase::kShift:
      if (static_cast<std::size_t>(state.step) < tier.steps.size()) return Phase::kShift;
      return CutoverFrom(tier, seen, state);
    case Phase::kTerminate: return Phase::kContract;
    case Phase::kContract: return Phase::kObserve;
    case Phase::kObserve: return Phase::kRetain;
    case Phase::kRetain: return Phase::kDrain;
    case Phase::kDrain: return Phase::kFinalize;
    case Phase::kAbortPost: return Phase::kAbortMid;
    case Phase::kAbortMid: return Phase::kAbortPre;
    case Phase::kFinalize:
    case Phase::kRolling:
    case Phase::kRollingBack:
    case Phase::kAbortPre: return Phase::kStable;
  }
  std::abort();
}

bool Selects(Traffic traffic, Slot slot) { return traffic == Traffic::kBoth || traffic == Only(slot); }

}  // namespace ingressfleet::plan::upgrade
