#pragma once
// What is told to people as Kubernetes Events on the fleet: transitions of conditions, repairs, refused writes.

#include "api/status.h"
#include "effect/effect.h"
#include "io/events.h"

namespace ingressfleet::app {

void RecordTransitions(io::EventRecorder& events, const kube::Object& fleet, const api::FleetStatus& before,
                       const api::FleetStatus& after);
void RecordWrites(io::EventRecorder& events, const kube::Object& fleet, const effect::Batch& batch,
                  const effect::Outcome& outcome);

}  // namespace ingressfleet::app
