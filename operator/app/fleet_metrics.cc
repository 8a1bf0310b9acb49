#include "app/fleet_metrics.h"

#include <array>

namespace ingressfleet::app {
namespace {

constexpr std::array kRows{
    io::MetricRow{"ingressfleet_fleet_condition", io::MetricType::kGauge, "Condition of a fleet: 1 True, 0 False, -1 Unknown."},
    io::MetricRow{"ingressfleet_tier_condition", io::MetricType::kGauge, "Condition of a tier: 1 True, 0 False, -1 Unknown."},
    io::MetricRow{"ingressfleet_tier_ready_replicas", io::MetricType::kGauge, "Ready controller pods of a tier."},
    io::MetricRow{"ingressfleet_tier_ingresses", io::MetricType::kGauge, "Ingresses that use the tier's class."},
    io::MetricRow{"ingressfleet_unclassified_ingresses", io::MetricType::kGauge, "Ingresses of the cluster without a class."},
    io::MetricRow{"ingressfleet_foreign_default_classes", io::MetricType::kGauge,
                  "Default IngressClasses that are not the fleet's."},
    io::MetricRow{"ingressfleet_writes_total", io::MetricType::kCounter,
                  "Writes of objects by verb and kind, and of the fleet's status."},
    io::MetricRow{"ingressfleet_write_errors_total", io::MetricType::kCounter, "Writes that were refused, by error code."},
    io::MetricRow{"ingressfleet_drift_repairs_total", io::MetricType::kCounter,
                  "Fields or objects put back after somebody else changed them, by kind."},
};

double Value(const kube::Condition& condition) {
  switch (condition.status) {
    case kube::ConditionStatus::kTrue: return 1;
    case kube::ConditionStatus::kFalse: return 0;
    case kube::ConditionStatus::kUnknown: return -1;
  }
  return -1;
}

}  // namespace

void RegisterFleetMetrics(io::Metrics& metrics) { metrics.Register(kRows); }

void ExportFleet(io::Metrics& metrics, const plan::ResolvedFleet& fleet, const api::FleetStatus& status) {
  for (const kube::Condition& condition : status.conditions) {
    metrics.Set("ingressfleet_fleet_condition", {{"fleet", fleet.name}, {"condition", condition.type}}, Value(condition));
  }
  for (const api::TierStatus& tier : status.tiers) {
    const io::Labels labels{{"fleet", fleet.name}, {"tier", tier.name}};
    for (const kube::Condition& condition : tier.conditions) {
      metrics.Set("ingressfleet_tier_condition", {{"fleet", fleet.name}, {"tier", tier.name}, {"condition", condition.type}},
                  Value(condition));
    }
    metrics.Set("ingressfleet_tier_ready_replicas", labels, static_cast<double>(tier.ready_replicas));
    metrics.Set("ingressfleet_tier_ingresses", labels, static_cast<double>(tier.ingresses));
  }
  const io::Labels labels{{"fleet", fleet.name}};
  metrics.Set("ingressfleet_unclassified_ingresses", labels,
              static_cast<double>(status.unclassified.value_or(api::UnclassifiedStatus()).count));
  metrics.Set("ingressfleet_foreign_default_classes", labels, static_cast<double>(status.default_class.foreign.size()));
}

void ForgetFleet(io::Metrics& metrics, const std::string& fleet) {
  for (const io::MetricRow& row : kRows) metrics.Remove(std::string(row.name), {{"fleet", fleet}});
}

void CountWrites(io::Metrics& metrics, const std::string& fleet, const effect::Batch& batch, const effect::Outcome& outcome) {
  for (const effect::Stage& stage : batch.stages) {
    for (const effect::Change& change : stage.changes) {
      const std::string kind = change.Key().kind;
      metrics.Count("ingressfleet_writes_total",
                    {{"fleet", fleet}, {"verb", std::string(effect::VerbName(change.verb))}, {"kind", kind}});
      if (change.reason.starts_with("drift: "))
        metrics.Count("ingressfleet_drift_repairs_total", {{"fleet", fleet}, {"kind", kind}});
    }
  }
  for (const effect::Failure& failure : outcome.failures) {
    metrics.Count("ingressfleet_write_errors_total",
                  {{"fleet", fleet}, {"code", std::string(base::CodeName(failure.error.code))}});
  }
}

void CountStatusWrite(io::Metrics& metrics, const std::string& fleet) {
  metrics.Count("ingressfleet_writes_total",
                {{"fleet", fleet}, {"verb", "status"}, {"kind", std::string(kube::kIngressFleet.kind)}});
}

}  // namespace ingressfleet::app
