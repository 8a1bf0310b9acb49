#pragma once
// Steps 2 to 6 in one call: the operator, `ingressfleet plan` and the golden tests run the same code.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/field_error.h"
#include "plan/diff/diff.h"
#include "plan/observe.h"
#include "plan/render/render.h"
#include "plan/resolve.h"
#include "plan/snapshot.h"
#include "plan/tier_input.h"
#include "plan/tier_state.h"

namespace ingressfleet::plan {

/// A fleet object as the intermediate representation, or why it is refused.
Resolution Accept(const kube::Object& fleet, const ClusterFacts& facts);

struct Plan {
  ResolvedFleet fleet;  ///< with what an upgrade under way adds to it: what is written, and what status is judged by
  std::map<std::string, ObservedTier> observed;
  std::map<std::string, TierAdvance> advances;
  /// The intent of some tier changed: `states` must be in the status before anything else is done, and all that follows is
  /// empty.
  bool record = false;
  TierStates states;
  std::vector<DesiredStage> desired;
  Difference difference;
  Prune prune;
  effect::Batch ingress_status;
  std::optional<base::TimePoint> next;  ///< when time alone may change the plan
};

/// What is known beside the snapshot: the record of intent as it was read with the fleet, and what was found out in the
/// background, by tier name.
struct Knowledge {
  TierStates states;
  std::map<std::string, upgrade::Evidence> evidence;
};
/// The record that the fleet object carries, and no evidence.
Knowledge KnowledgeOf(const kube::Object& fleet);

/// What should be done for an accepted fleet that is not being deleted. When it says `record`, nothing else.
Plan MakePlan(const ResolvedFleet& fleet, const Snapshot& snapshot, const Knowledge& knowledge);

/// The plan once every record has been made: what a cluster that answers all writes would be asked for next.
Plan MakeSettledPlan(const ResolvedFleet& fleet, const Snapshot& snapshot);

/// The tier as its pods should find it while an upgrade is under way: probes may come from the operator's pod.
ResolvedTier WithProbeSources(ResolvedTier tier, const upgrade::TierState& state, const Snapshot& snapshot);

/// What should be done for a fleet that is being deleted, by labels alone: an invalid specification can be deleted too. First
/// the default mark goes, then (when no Ingress uses the classes) everything in order. Nothing pending: the finalizer may go.
Prune MakeDeletionPlan(const Snapshot& snapshot);

/// The server-side apply that sets or removes our finalizer.
effect::Change FinalizerChange(const kube::Object& fleet, bool present);
bool HasFinalizer(const kube::Object& fleet);

}  // namespace ingressfleet::plan
