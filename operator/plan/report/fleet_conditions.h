#pragma once
// Conditions of the whole fleet.

#include "plan/report/report.h"

namespace ingressfleet::plan {

struct FleetView {
  const ReportInput& input;
  const api::FleetStatus& status;  ///< with the tiers computed already
};

std::vector<kube::Condition> ComputeFleetConditions(const FleetView& view);
/// Accepted=False with the first few field errors.
kube::Condition RefusedCondition(const api::FieldErrors& errors);

}  // namespace ingressfleet::plan
