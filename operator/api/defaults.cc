#include "api/defaults.h"

#include <fmt/format.h>

namespace ingressfleet::api {
namespace {

template <class T, class Value>
void Fill(std::optional<T>& member, Value value) {
  if (!member) member = value;
}

void Fill(std::string& member, std::string value) {
  if (member.empty()) member = std::move(value);
}

bool IsType(const Tier& tier, PublishingType type) { return tier.publishing.type == type; }

void DefaultClassNames(const Fleet& fleet, Tier& tier) {
  Fill(tier.ingress_class.name, tier.name);
  Fill(tier.ingress_class.controller_value, fmt::format("ingressfleet.io/{}-{}", fleet.name, tier.name));
}

void DefaultWorkload(Tier& tier) {
  Workload& workload = tier.workload;
  Fill(workload.kind, IsType(tier, PublishingType::kHostNetwork) ? WorkloadKind::kDaemonSet : WorkloadKind::kDeployment);
  if (workload.kind == WorkloadKind::kDeployment) Fill(workload.replicas, 2);
  Fill(workload.shutdown.pre_stop_delay_seconds, 15);
  Fill(workload.shutdown.drain_seconds, 300);
}

void DefaultPublishing(Tier& tier) {
  Publishing& publishing = tier.publishing;
  Fill(publishing.protocol, ListenerProtocol::kTCP);
  if (publishing.load_balancer) Fill(publishing.load_balancer->provider, Provider::kAuto);
  if (IsType(tier, PublishingType::kLoadBalancer) || IsType(tier, PublishingType::kNodePort)) {
    Fill(publishing.external_traffic_policy, ExternalTrafficPolicy::kLocal);
  }
  if (IsType(tier, PublishingType::kNodePort)) Fill(publishing.node_port, NodePort{});
  if (IsType(tier, PublishingType::kHostNetwork)) {
    Fill(publishing.host_network, HostNetwork{});
    Fill(publishing.host_network->http_port, 80);
    Fill(publishing.host_network->https_port, 443);
  }
}

void DefaultAccess(Tier& tier) {
  std::vector<EnforcementLayer> layers{EnforcementLayer::kProxy};
  if (IsType(tier, PublishingType::kLoadBalancer)) layers.insert(layers.begin(), EnforcementLayer::kLoadBalancer);
  Fill(tier.access.enforcement, std::move(layers));
}

void DefaultUpgrade(Tier& tier) {
  Upgrade& upgrade = tier.upgrade;
  // On the nodes' own ports there is no room for a second slot.
  const bool host_network = IsType(tier, PublishingType::kHostNetwork);
  Fill(upgrade.strategy, host_network ? UpgradeStrategy::kRollingUpdate : UpgradeStrategy::kBlueGreen);
  Fill(upgrade.promotion, Promotion::kAutomatic);
  Fill(upgrade.verify.parity, true);
  Fill(upgrade.verify.access, true);
  Fill(upgrade.min_ready_seconds, 30);
  Fill(upgrade.observe_seconds, 300);
  Fill(upgrade.retain_seconds, 900);
  Fill(upgrade.abort_delay_seconds, 30);
  Fill(upgrade.progress_deadline_seconds, 600);
  Fill(upgrade.on_failure, OnFailure::kRollback);
  Fill(upgrade.history_limit, 10);
  for (CanaryStep& step : upgrade.steps) Fill(step.pause_seconds, 0);
  Fill(tier.publishing.cutover, Cutover::kExpandContract);
}

}  // namespace

void Default(Fleet& fleet) {
  Fill(fleet.deletion_policy, DeletionPolicy::kWhenUnused);
  Fill(fleet.rollout.max_concurrent_tiers, 1);
  Fill(fleet.rollout.pause_between_tiers_seconds, 0);
  for (Tier& tier : fleet.tiers) {
    DefaultClassNames(fleet, tier);
    DefaultWorkload(tier);
    DefaultPublishing(tier);
    DefaultAccess(tier);
    DefaultUpgrade(tier);
    Fill(tier.controller.image_pull_policy, "IfNotPresent");
    Fill(tier.network_policy, false);
    if (auto& certificate = tier.tls.default_certificate_ref) Fill(certificate->ns, fleet.ns);
  }
}

}  // namespace ingressfleet::api
