#pragma once
// Step 3 of the pipeline: a valid fleet + what is known of the cluster + the registries → the intermediate representation.

#include <string>
#include <vector>

#include "api/field_error.h"
#include "api/fleet.h"
#include "plan/ir.h"

namespace ingressfleet::plan {

struct ClusterFacts {
  std::vector<std::string> provider_ids;  ///< spec.providerID of the nodes; empty ones left out
  std::string image_repository = "ingressfleet";
  std::vector<std::string> operator_addresses;  ///< of the operator's own pod: where probes come from
};

struct Resolution {
  ResolvedFleet fleet;      ///< only meaningful without errors
  api::FieldErrors errors;  ///< what registries refuse: an unknown engine version, a provider's limits
};

/// Total: any validated and defaulted fleet (api/validate.h) gives a result; the order of tiers has no influence.
Resolution Resolve(const api::Fleet& fleet, const ClusterFacts& facts);

}  // namespace ingressfleet::plan
