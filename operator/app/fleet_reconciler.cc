#include "app/fleet_reconciler.h"

#include <fmt/format.h>

#include "app/fleet_events.h"
#include "app/fleet_metrics.h"
#include "base/log.h"
#include "io/perform.h"
#include "plan/names.h"
#include "plan/report/report.h"

namespace ingressfleet::app {
namespace {

void AppendOutcome(effect::Outcome& all, effect::Outcome more) {
  all.writes += more.writes;
  for (auto& failure : more.failures) all.failures.push_back(std::move(failure));
  for (auto& object : more.written) all.written.push_back(std::move(object));
}

/// A failure that time or a change elsewhere mends decides how soon the fleet is looked at again: the soonest wins.
std::optional<base::Error> MostUrgent(const effect::Outcome& outcome) {
  std::optional<base::Error> urgent;
  for (const effect::Failure& failure : outcome.failures) {
    if (!urgent || SettleError(failure.error).kind == Settlement::Kind::kRetry) urgent = failure.error;
  }
  return urgent;
}

Settlement Soonest(const effect::Outcome& outcome, const std::optional<base::TimePoint>& next, base::TimePoint now) {
  if (const auto error = MostUrgent(outcome)) return SettleError(*error);
  if (next) return Settlement::After(std::max<base::Duration>(*next - now, base::Duration(1000)));
  return Settlement::Done();
}

}  // namespace

FleetReconciler::FleetReconciler(io::Client& client, const Gatherer& gatherer, io::EventRecorder& events, io::Metrics& metrics)
    : client_(client), gatherer_(gatherer), events_(events), metrics_(metrics) {}

Settlement FleetReconciler::Reconcile(const std::string& fleet) {
  const std::optional<plan::Snapshot> snapshot = gatherer_.Gather(fleet);
  if (!snapshot) {
    ForgetFleet(metrics_, fleet);
    return Settlement::Done();
  }
  const plan::Resolution resolution = plan::Accept(*snapshot->fleet, snapshot->facts);
  const bool accepted = resolution.errors.empty();
  if (snapshot->fleet->IsDeleting()) return Delete(*snapshot, accepted ? &resolution.fleet : nullptr);
  if (!accepted) return Refuse(*snapshot, resolution.errors);
  return Maintain(*snapshot, resolution.fleet);
}

Settlement FleetReconciler::Refuse(const plan::Snapshot& snapshot, const api::FieldErrors& errors) {
  const plan::Report report = plan::ReportRefusal(snapshot, errors);
  if (const auto status = WriteStatus(snapshot, report.status); !status) return SettleError(status.error());
  return Settlement::Done();  // until the generation moves
}

Settlement FleetReconciler::Maintain(const plan::Snapshot& snapshot, const plan::ResolvedFleet& fleet) {
  plan::Plan plan = plan::MakePlan(fleet, snapshot);
  effect::Outcome outcome;
  if (!fleet.paused) {
    effect::Batch guard;
    if (!plan::HasFinalizer(*snapshot.fleet)) guard.stages = {{"finalizer", {plan::FinalizerChange(*snapshot.fleet, true)}}};
    AppendOutcome(outcome, Carry(snapshot, guard));
    if (outcome.ok()) AppendOutcome(outcome, Carry(snapshot, plan.difference.batch));
    if (outcome.ok()) AppendOutcome(outcome, Carry(snapshot, plan.prune.batch));
    AppendOutcome(outcome, Carry(snapshot, plan.ingress_status));
  }
  const plan::Report report = plan::ComputeReport({.snapshot = &snapshot,
                                                   .fleet = &fleet,
                                                   .observed = std::move(plan.observed),
                                                   .decisions = std::move(plan.decisions),
                                                   .difference = &plan.difference,
                                                   .prune = &plan.prune,
                                                   .outcome = fleet.paused ? nullptr : &outcome});
  ExportFleet(metrics_, fleet, report.status);
  if (const auto status = WriteStatus(snapshot, report.status); !status) return SettleError(status.error());
  return Soonest(outcome, report.next, snapshot.now);
}

Settlement FleetReconciler::Delete(const plan::Snapshot& snapshot, const plan::ResolvedFleet* fleet) {
  if (!plan::HasFinalizer(*snapshot.fleet)) return Settlement::Done();
  plan::Prune prune = plan::MakeDeletionPlan(snapshot);
  if (!prune.pending) {
    const auto outcome = Carry(snapshot, {{{"finalizer", {plan::FinalizerChange(*snapshot.fleet, false)}}}});
    ForgetFleet(metrics_, std::string(snapshot.fleet->Name()));
    return Soonest(outcome, std::nullopt, snapshot.now);
  }
  const effect::Outcome outcome = Carry(snapshot, prune.batch);
  if (fleet != nullptr) {
    plan::Difference none;
    plan::ReportInput input{.snapshot = &snapshot, .fleet = fleet, .difference = &none, .prune = &prune, .outcome = &outcome};
    for (const plan::ResolvedTier& tier : fleet->tiers) input.observed.emplace(tier.name, plan::Observe(tier, snapshot));
    const plan::Report report = plan::ComputeReport(input);
    if (const auto status = WriteStatus(snapshot, report.status); !status) return SettleError(status.error());
  }
  return Soonest(outcome, std::nullopt, snapshot.now);
}

effect::Outcome FleetReconciler::Carry(const plan::Snapshot& snapshot, const effect::Batch& batch) {
  if (batch.empty()) return {};
  effect::Outcome outcome = io::Perform(client_, batch);
  const std::string fleet(snapshot.fleet->Name());
  for (const effect::Stage& stage : batch.stages) {
    for (const effect::Change& change : stage.changes) {
      base::Log(base::LogLevel::kInfo, "write", {{"fleet", fleet}, {"stage", stage.name}, {"change", change.ToString()}});
    }
  }
  for (const effect::Failure& failure : outcome.failures) {
    base::Log(base::LogLevel::kWarn, "write refused", {{"fleet", fleet}, {"change", failure.change.ToString()}, {"error", failure.error.ToString()}});
  }
  RecordWrites(events_, *snapshot.fleet, batch, outcome);
  CountWrites(metrics_, fleet, batch, outcome);
  return outcome;
}

base::Status FleetReconciler::WriteStatus(const plan::Snapshot& snapshot, const api::FleetStatus& status) {
  const kube::Object body = plan::StatusObject(*snapshot.fleet, status);
  const kube::Json* live = snapshot.fleet->Find("/status");
  if (live != nullptr && *live == body.body()["status"]) return {};
  auto written = client_.Apply(body, {.field_manager = std::string(plan::kStatusManager), .force = true, .subresource = "status"});
  if (!written && written.error().code == base::Code::kNotFound) return {};  // it is gone
  if (!written) return base::Fail(written.error());
  RecordTransitions(events_, *snapshot.fleet, api::DecodeStatus(*snapshot.fleet), status);
  return {};
}

}  // namespace ingressfleet::app
