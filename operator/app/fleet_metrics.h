#pragma once
// The fleet's own metrics; names and meaning in docs/reference/metrics.md.

#include <string>

#include "api/status.h"
#include "effect/effect.h"
#include "io/metrics.h"
#include "plan/ir.h"

namespace ingressfleet::app {

/// Call once at start.
void RegisterFleetMetrics(io::Metrics& metrics);
void ExportFleet(io::Metrics& metrics, const plan::ResolvedFleet& fleet, const api::FleetStatus& status);
/// Removes every series of a fleet that is gone.
void ForgetFleet(io::Metrics& metrics, const std::string& fleet);
void CountWrites(io::Metrics& metrics, const std::string& fleet, const effect::Batch& batch, const effect::Outcome& outcome);
void CountStatusWrite(io::Metrics& metrics, const std::string& fleet);

}  // namespace ingressfleet::app
