#pragma once
// Which fleet and tier the words of a command line mean. Pure.

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/fleet_view.h"

namespace ingressfleet::cli {

struct Target {
  const FleetView* fleet = nullptr;
  std::string tier;  ///< empty = all of them; else one that the fleet has
};

/// "FLEET/TIER" or "TIER"; without a fleet there must be just one in the cluster. kInvalid when the words are ambiguous,
/// kNotFound when there is no such fleet or tier; both list what there is.
base::Result<Target> FindTier(const std::vector<FleetView>& fleets, const std::string& word);

/// For `status [FLEET] [TIER]`: no word = all fleets (one Target each); one = a fleet, FLEET/TIER, or a tier of the only
/// fleet.
base::Result<std::vector<Target>> FindShown(const std::vector<FleetView>& fleets, const std::vector<std::string>& words);

}  // namespace ingressfleet::cli
