#pragma once
// The reconcile of one fleet: reads like the list in docs/explanation/architecture.md.

#include <map>
#include <mutex>
#include <string>

#include "app/evidence.h"
#include "app/gatherer.h"
#include "app/report_pace.h"
#include "app/settle.h"
#include "app/stopwatch.h"
#include "io/client.h"
#include "io/events.h"
#include "io/metrics.h"
#include "plan/pipeline.h"

namespace ingressfleet::app {

/// One per process; Reconcile may run for different fleets at once, never for the same (the queue sees to it). State lives in
/// the API: what is kept here only says how long we have watched and which version of a fleet we wrote last.
class FleetReconciler {
 public:
  /// `evidence` may be null: then nothing is asked, and upgrades wait for what they cannot know.
  FleetReconciler(io::Client& client, const Gatherer& gatherer, EvidenceGatherer* evidence, io::EventRecorder& events,
                  io::Metrics& metrics);

  Settlement Reconcile(const std::string& fleet);

 private:
  Settlement Refuse(const plan::Snapshot& snapshot, const api::FieldErrors& errors);
  Settlement Maintain(plan::Snapshot& snapshot, const plan::ResolvedFleet& fleet);
  Settlement Delete(const plan::Snapshot& snapshot, const plan::ResolvedFleet* fleet);
  plan::Plan MakePlan(const plan::Snapshot& snapshot, const plan::ResolvedFleet& fleet);
  /// Makes the changed intent of a plan last, and `snapshot` the one it was written to.
  base::Status Record(plan::Snapshot& snapshot, const plan::Plan& plan);
  Settlement Act(const plan::Snapshot& snapshot, plan::Plan plan);
  effect::Outcome Carry(const plan::Snapshot& snapshot, const effect::Batch& batch);
  base::Status WriteStatus(const plan::Snapshot& snapshot, const api::FleetStatus& status);
  void Forget(const std::string& fleet);

  /// The newer of what the watch has told and what the API server answered to our last write.
  kube::ObjectPtr Newest(const kube::ObjectPtr& watched);
  void Remember(const kube::Object& written);

  io::Client& client_;
  const Gatherer& gatherer_;
  EvidenceGatherer* evidence_;
  io::EventRecorder& events_;
  io::Metrics& metrics_;
  Stopwatch stopwatch_;
  ReportPace pace_;
  std::mutex mutex_;
  std::map<std::string, kube::ObjectPtr> written_;  ///< by fleet name, guarded by mutex_
};

}  // namespace ingressfleet::app
