#pragma once
// Steps 2 to 6 in one call: the operator, `ingressfleet plan` and the golden tests run the same code.

#include <map>
#include <string>
#include <vector>

#include "api/field_error.h"
#include "plan/diff/diff.h"
#include "plan/observe.h"
#include "plan/render/render.h"
#include "plan/resolve.h"
#include "plan/snapshot.h"

namespace ingressfleet::plan {

/// A fleet object as the intermediate representation, or why it is refused.
Resolution Accept(const kube::Object& fleet, const ClusterFacts& facts);

struct Plan {
  std::map<std::string, ObservedTier> observed;
  std::map<std::string, TierDecision> decisions;
  std::vector<DesiredStage> desired;
  Difference difference;
  Prune prune;
  effect::Batch ingress_status;
};

/// What should be done for an accepted fleet that is not being deleted.
Plan MakePlan(const ResolvedFleet& fleet, const Snapshot& snapshot);

/// What should be done for a fleet that is being deleted, by labels alone: an invalid specification can be deleted too. First
/// the default mark goes, then (when no Ingress uses the classes) everything in order. Nothing pending: the finalizer may go.
Prune MakeDeletionPlan(const Snapshot& snapshot);

/// The server-side apply that sets or removes our finalizer.
effect::Change FinalizerChange(const kube::Object& fleet, bool present);
bool HasFinalizer(const kube::Object& fleet);

}  // namespace ingressfleet::plan
