#pragma once
// Step 8 of the pipeline: what was observed → status. Conditions are states, not transitions; each is one function in
// tier_conditions.cc or fleet_conditions.cc.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/field_error.h"
#include "api/status.h"
#include "effect/effect.h"
#include "plan/diff/diff.h"
#include "plan/observe.h"
#include "plan/render/render.h"
#include "plan/tier_input.h"
#include "plan/tier_state.h"

namespace ingressfleet::plan {

/// All that a report is made of.
struct ReportInput {
  const Snapshot* snapshot = nullptr;
  const ResolvedFleet* fleet = nullptr;
  std::map<std::string, ObservedTier> observed;
  std::map<std::string, TierAdvance> advances;  ///< empty while the fleet is being deleted
  const Difference* difference = nullptr;
  const Prune* prune = nullptr;
  const effect::Outcome* outcome = nullptr;  ///< null when nothing was carried out (paused)
};

struct Report {
  api::FleetStatus status;
  /// When a condition will have been bad for its grace time, so that status must be computed again; nullopt = never by itself.
  std::optional<base::TimePoint> next;
};

/// Status of a fleet whose specification is accepted.
Report ComputeReport(const ReportInput& input);
/// The status as it was, with the record of intent of every tier; written before anything is done about it.
api::FleetStatus StatusWithStates(const kube::Object& fleet, const TierStates& states);
/// Status of a fleet whose specification is refused: what was known stays, Accepted turns False with the field errors.
Report ReportRefusal(const Snapshot& snapshot, const api::FieldErrors& errors);

/// The body for a server-side apply of the status subresource.
kube::Object StatusObject(const kube::Object& fleet, const api::FleetStatus& status);

// Conditions of a tier. `previous` is its last reported status (an empty one at first).
struct TierView {
  const ResolvedTier& tier;
  const ObservedTier& observed;
  const TierAdvance& advance;
  const api::TierStatus& previous;
  std::int64_t generation;
  const ReportInput& input;
};
std::vector<kube::Condition> ComputeTierConditions(const TierView& view);
/// Whether a tier's condition speaks of something wrong: most do when they are not True, DriftDetected when it is.
bool IsBad(const kube::Condition& condition);
/// Whether a condition that is not as one would like it speaks of work that goes on by itself.
bool IsProgress(const kube::Condition& condition);
/// How long a tier's condition may be bad before the fleet counts as degraded.
base::Duration GraceOf(const kube::Condition& condition);
/// The slot that answers requests, or will as the first one.
Slot ServingSlotOf(const TierView& view);

}  // namespace ingressfleet::plan
