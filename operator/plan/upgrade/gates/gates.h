#pragma once
// The groups of gates, and questions that several groups ask. One file for each group; registry.cc lists them.

#include "plan/upgrade/canary.h"
#include "plan/upgrade/gate.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {

/// A finding counts when it is about the candidate's revision and this transition, and not older than this.
inline constexpr Duration kEvidenceMaxAge = std::chrono::seconds(90);

/// Pass when the tier does not ask for the probe, else what a current finding says.
Answer AskProbe(const Context& context, Probe probe, ProbeSet asked);
/// The entry selects what the phase wants, written by this very transition.
Answer EntryCommitted(const Context& context);
/// As many ready candidate pods as this state needs.
Answer CandidateReady(const Context& context);
/// As many of them in the entry's slices.
Answer CandidateInSlices(const Context& context);
/// The candidate's ready pods run the candidate's settings.
Answer CandidateConfigLoaded(const Context& context);
/// Only the slot that the entry selects is left in the entry's slices.
Answer OnlySelectedInSlices(const Context& context);
/// No pod restarted since the phase's window began.
Answer NoRestarts(const Context& context);
/// The slot beside the serving one is gone, pods and all, and so is the preview Service.
Answer OtherSlotGone(const Context& context);

std::span<const GateGroup> InstallGates();
std::span<const GateGroup> StartGates();
std::span<const GateGroup> PreflightGates();
std::span<const GateGroup> WarmGates();
std::span<const GateGroup> VerifyGates();
std::span<const GateGroup> ApproveGates();
std::span<const GateGroup> CutoverGates();
std::span<const GateGroup> ObserveGates();
std::span<const GateGroup> RetireGates();
std::span<const GateGroup> RollingGates();
std::span<const GateGroup> AbortGates();
std::span<const GateGroup> SelectGates();
std::span<const GateGroup> RemoveGates();

}  // namespace ingressfleet::plan::upgrade
