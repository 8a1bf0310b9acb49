#pragma once
// The upgrade machine's memory and the resource's status: one is written as the other, without loss. Pure.

#include <map>
#include <string>

#include "api/status.h"
#include "plan/upgrade/types.h"

namespace ingressfleet::plan {

using TierStates = std::map<std::string, upgrade::TierState>;  ///< by tier name

/// What the status says; a tier without a record, or with one that cannot be read, is kNew and will be rebuilt from objects.
upgrade::TierState DecodeState(const api::TierStatus& status);
TierStates DecodeStates(const api::FleetStatus& status);

/// Puts the record into a tier's status; conditions and the other observed fields stay.
void EncodeState(const upgrade::TierState& state, api::TierStatus& status);

}  // namespace ingressfleet::plan
