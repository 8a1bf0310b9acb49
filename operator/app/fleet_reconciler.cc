#include "app/fleet_reconciler.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/fleet_events.h"
#include "app/fleet_metrics.h"
#include "base/log.h"
#include "io/perform.h"
#include "plan/names.h"
#include "plan/report/report.h"

namespace ingressfleet::app {
namespace {

/// Phases that follow each other at once, without anything to wait for, are a handful.
constexpr int kRecordsPerPass = 12;

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

/// Somebody else wrote between our look and our write, as a workload's controller does all the time: there is nothing to report
/// before the next look.
bool OnlyOvertaken(const effect::Outcome& outcome) {
  return !outcome.ok() && std::all_of(outcome.failures.begin(), outcome.failures.end(), [](const effect::Failure& failure) {
    return failure.error.code == base::Code::kConflict;
  });
}

Settlement Soonest(const effect::Outcome& outcome, const std::optional<base::TimePoint>& next, base::TimePoint now) {
  if (const auto error = MostUrgent(outcome)) return SettleError(*error);
  if (next) return Settlement::After(std::max<base::Duration>(*next - now, base::Duration(1000)));
  return Settlement::Done();
}

std::optional<base::TimePoint> Sooner(const std::optional<base::TimePoint>& left, const std::optional<base::TimePoint>& right) {
  if (!left || !right) return left ? left : right;
  return std::min(*left, *right);
}

/// Resource versions of one object can be compared as numbers (KEP-5504); a text that is none loses, which is always safe: the
/// API server refuses what was decided on an old version.
std::uint64_t VersionNumber(const kube::Object& object) {
  const std::string_view text = object.ResourceVersion();
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

EvidenceRequest EvidenceRequestOf(const plan::ResolvedTier& tier, const plan::Snapshot& snapshot, const plan::Plan& plan) {
  const plan::upgrade::Decision& decision = plan.advances.at(tier.name).decision;
  const plan::ObservedTier& observed = plan.observed.at(tier.name);
  return {.tier = &tier,
          .snapshot = &snapshot,
          .probes = decision.probes,
          .revision = decision.probe_revision,
          .transition_id = decision.state.transition_id,
          .entry_address = observed.entry.cluster_ip,
          .preview_address = observed.preview_ip,
          .custom = plan::CustomProbesOf(tier),
          .metrics = plan::MetricsOf(tier),
          .budget = {}};
}

/// Whether there was anything to add.
bool AddFindings(const Findings& findings, plan::upgrade::Evidence& evidence) {
  bool any = false;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].revision.empty()) continue;
    evidence.findings[i] = findings[i];
    any = true;
  }
  return any;
}

}  // namespace

FleetReconciler::FleetReconciler(io::Client& client, const Gatherer& gatherer, EvidenceGatherer* evidence,
                                 io::EventRecorder& events, io::Metrics& metrics)
    : client_(client), gatherer_(gatherer), evidence_(evidence), events_(events), metrics_(metrics) {}

Settlement FleetReconciler::Reconcile(const std::string& fleet) {
  std::optional<plan::Snapshot> snapshot = gatherer_.Gather(fleet);
  if (!snapshot) {
    Forget(fleet);
    return Settlement::Done();
  }
  snapshot->fleet = Newest(snapshot->fleet);
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

Settlement FleetReconciler::Maintain(plan::Snapshot& snapshot, const plan::ResolvedFleet& fleet) {
  if (!fleet.paused && !plan::HasFinalizer(*snapshot.fleet)) {
    const effect::Outcome guarded = Carry(snapshot, {{{"finalizer", {plan::FinalizerChange(*snapshot.fleet, true)}}}});
    if (!guarded.ok()) return Soonest(guarded, std::nullopt, snapshot.now);
    Remember(guarded.written.front());
    snapshot.fleet = Newest(snapshot.fleet);
  }
  for (int round = 0; round < kRecordsPerPass; ++round) {
    plan::Plan plan = MakePlan(snapshot, fleet);
    if (!plan.record) return Act(snapshot, std::move(plan));
    if (const auto status = Record(snapshot, plan); !status) return SettleError(status.error());
  }
  return Settlement::After(std::chrono::seconds(1));
}

plan::Plan FleetReconciler::MakePlan(const plan::Snapshot& snapshot, const plan::ResolvedFleet& fleet) {
  plan::Knowledge knowledge = plan::KnowledgeOf(*snapshot.fleet);
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [tier, state] : knowledge.states) {
    plan::upgrade::Evidence& evidence = knowledge.evidence[tier];
    stopwatch_.Fill(fleet.name, tier, state, now, evidence);
    // Without what is known already, a window that began would seem interrupted, in every other pass.
    if (evidence_ != nullptr) AddFindings(evidence_->Known(fleet.name, tier), evidence);
  }
  plan::Plan plan = plan::MakePlan(fleet, snapshot, knowledge);
  if (plan.record || evidence_ == nullptr) return plan;
  // What is asked depends on where the tier stands; with what is known of it by now the decision may be another.
  bool news = false;
  for (const plan::ResolvedTier& specified : fleet.tiers) {
    const plan::ResolvedTier tier = plan::WithProbeSources(specified, plan.states.at(specified.name), snapshot);
    const Findings findings = evidence_->Gather(EvidenceRequestOf(tier, snapshot, plan));
    news = AddFindings(findings, knowledge.evidence[tier.name]) || news;
  }
  return news ? plan::MakePlan(fleet, snapshot, knowledge) : plan;
}

base::Status FleetReconciler::Record(plan::Snapshot& snapshot, const plan::Plan& plan) {
  const std::string fleet(snapshot.fleet->Name());
  const kube::ObjectPtr before = snapshot.fleet;
  if (const auto status = WriteStatus(snapshot, plan::StatusWithStates(*before, plan.states)); !status) return status;
  snapshot.fleet = Newest(before);
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [tier, state] : plan.states) stopwatch_.Recorded(fleet, tier, state, now);
  for (const auto& [tier, advance] : plan.advances) {
    for (const plan::upgrade::Note& note : advance.decision.notes) {
      if (!note.event) continue;
      const auto type = note.warning ? io::EventNote::Type::kWarning : io::EventNote::Type::kNormal;
      events_.Record(*before, {type, note.reason, note.message});
      base::Log(base::LogLevel::kInfo, "upgrade",
                {{"fleet", fleet}, {"tier", tier}, {"reason", note.reason}, {"message", note.message}});
    }
  }
  return {};
}

Settlement FleetReconciler::Act(const plan::Snapshot& snapshot, plan::Plan plan) {
  const plan::ResolvedFleet& fleet = plan.fleet;
  effect::Outcome outcome;
  if (!fleet.paused) {
    AppendOutcome(outcome, Carry(snapshot, plan.difference.batch));
    if (outcome.ok()) AppendOutcome(outcome, Carry(snapshot, plan.prune.batch));
    AppendOutcome(outcome, Carry(snapshot, plan.ingress_status));
  }
  if (OnlyOvertaken(outcome)) return Settlement::Retry();
  const plan::Report report = plan::ComputeReport({.snapshot = &snapshot,
                                                   .fleet = &fleet,
                                                   .observed = std::move(plan.observed),
                                                   .advances = std::move(plan.advances),
                                                   .difference = &plan.difference,
                                                   .prune = &plan.prune,
                                                   .outcome = fleet.paused ? nullptr : &outcome});
  ExportFleet(metrics_, fleet, report.status);
  std::optional<base::TimePoint> next = Sooner(report.next, plan.next);
  const base::Duration wait = pace_.Wait(fleet.name, std::chrono::steady_clock::now());
  if (outcome.ok() && wait > base::Duration(0)) return Soonest(outcome, Sooner(next, snapshot.now + wait), snapshot.now);
  const api::FleetStatus before = api::DecodeStatus(*snapshot.fleet);
  if (const auto status = WriteStatus(snapshot, report.status); !status) return SettleError(status.error());
  RecordTransitions(events_, *snapshot.fleet, before, report.status);
  return Soonest(outcome, next, snapshot.now);
}

Settlement FleetReconciler::Delete(const plan::Snapshot& snapshot, const plan::ResolvedFleet* fleet) {
  if (!plan::HasFinalizer(*snapshot.fleet)) return Settlement::Done();
  plan::Prune prune = plan::MakeDeletionPlan(snapshot);
  if (!prune.pending) {
    const auto outcome = Carry(snapshot, {{{"finalizer", {plan::FinalizerChange(*snapshot.fleet, false)}}}});
    Forget(std::string(snapshot.fleet->Name()));
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
    const bool overtaken = failure.error.code == base::Code::kConflict;
    base::Log(overtaken ? base::LogLevel::kInfo : base::LogLevel::kWarn, overtaken ? "write overtaken" : "write refused",
              {{"fleet", fleet}, {"change", failure.change.ToString()}, {"error", failure.error.ToString()}});
  }
  RecordWrites(events_, *snapshot.fleet, batch, outcome);
  CountWrites(metrics_, fleet, batch, outcome);
  return outcome;
}

base::Status FleetReconciler::WriteStatus(const plan::Snapshot& snapshot, const api::FleetStatus& status) {
  const kube::Object body = plan::StatusObject(*snapshot.fleet, status);
  const kube::Json* live = snapshot.fleet->Find("/status");
  if (live != nullptr && *live == body.body()["status"]) return {};
  auto written =
      client_.Apply(body, {.field_manager = std::string(plan::kStatusManager), .force = true, .subresource = "status"});
  if (!written && written.error().code == base::Code::kNotFound) return {};  // it is gone
  if (!written) return base::Fail(written.error());
  Remember(*written);
  const std::string fleet(snapshot.fleet->Name());
  pace_.Written(fleet, std::chrono::steady_clock::now());
  CountStatusWrite(metrics_, fleet);
  return {};
}

void FleetReconciler::Forget(const std::string& fleet) {
  ForgetFleet(metrics_, fleet);
  stopwatch_.Forget(fleet);
  pace_.Forget(fleet);
  if (evidence_ != nullptr) evidence_->Forget(fleet);
  const std::lock_guard lock(mutex_);
  written_.erase(fleet);
}

kube::ObjectPtr FleetReconciler::Newest(const kube::ObjectPtr& watched) {
  const std::lock_guard lock(mutex_);
  const auto found = written_.find(std::string(watched->Name()));
  if (found == written_.end() || found->second->Uid() != watched->Uid()) return watched;
  return VersionNumber(*found->second) > VersionNumber(*watched) ? found->second : watched;
}

void FleetReconciler::Remember(const kube::Object& written) {
  const std::lock_guard lock(mutex_);
  written_[std::string(written.Name())] = std::make_shared<kube::Object>(written);
}

}  // namespace ingressfleet::app
