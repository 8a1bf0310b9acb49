#pragma once
// The reconcile of one fleet: reads like the list in docs/explanation/architecture.md.

#include <functional>
#include <optional>
#include <string>

#include "app/gatherer.h"
#include "app/settle.h"
#include "io/client.h"
#include "io/events.h"
#include "io/metrics.h"
#include "plan/pipeline.h"

namespace ingressfleet::app {

/// One per process; Reconcile may run for different fleets at once, never for the same (the queue sees to it). Keeps nothing
/// between two calls: state lives in the API.
class FleetReconciler {
 public:
  FleetReconciler(io::Client& client, const Gatherer& gatherer, io::EventRecorder& events, io::Metrics& metrics);

  Settlement Reconcile(const std::string& fleet);

 private:
  Settlement Refuse(const plan::Snapshot& snapshot, const api::FieldErrors& errors);
  Settlement Maintain(const plan::Snapshot& snapshot, const plan::ResolvedFleet& fleet);
  Settlement Delete(const plan::Snapshot& snapshot, const plan::ResolvedFleet* fleet);
  effect::Outcome Carry(const plan::Snapshot& snapshot, const effect::Batch& batch);
  base::Status WriteStatus(const plan::Snapshot& snapshot, const api::FleetStatus& status);

  io::Client& client_;
  const Gatherer& gatherer_;
  io::EventRecorder& events_;
  io::Metrics& metrics_;
};

}  // namespace ingressfleet::app
