#pragma once
// The names of our enums as they stand in YAML: one table each, read by decode, encode, the schema's parity test and by
// everyone who prints one. Pure.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "api/fleet.h"

namespace ingressfleet::api {

template <class E>
using EnumRow = std::pair<E, std::string_view>;

constexpr auto EnumTable(Engine) {
  return std::to_array<EnumRow<Engine>>({{Engine::kHAProxy, "HAProxy"},
                                         {Engine::kTraefik, "Traefik"},
                                         {Engine::kF5Nginx, "F5NGINX"},
                                         {Engine::kHAProxyTech, "HAProxyTech"},
                                         {Engine::kHAProxyIngress, "HAProxyIngress"},
                                         {Engine::kIngressNginx, "IngressNGINX"},
                                         {Engine::kCustom, "Custom"}});
}

constexpr auto EnumTable(WorkloadKind) {
  return std::to_array<EnumRow<WorkloadKind>>(
      {{WorkloadKind::kDeployment, "Deployment"}, {WorkloadKind::kDaemonSet, "DaemonSet"}});
}

constexpr auto EnumTable(PublishingType) {
  return std::to_array<EnumRow<PublishingType>>({{PublishingType::kLoadBalancer, "LoadBalancer"},
                                                 {PublishingType::kNodePort, "NodePort"},
                                                 {PublishingType::kHostNetwork, "HostNetwork"},
                                                 {PublishingType::kPrivate, "Private"}});
}

constexpr auto EnumTable(Scope) {
  return std::to_array<EnumRow<Scope>>({{Scope::kInternal, "Internal"}, {Scope::kExternal, "External"}});
}

constexpr auto EnumTable(Provider) {
  return std::to_array<EnumRow<Provider>>({{Provider::kAuto, "Auto"},
                                           {Provider::kAWS, "AWS"},
                                           {Provider::kGCP, "GCP"},
                                           {Provider::kAzure, "Azure"},
                                           {Provider::kMetalLB, "MetalLB"},
                                           {Provider::kGeneric, "Generic"}});
}

constexpr auto EnumTable(ExternalTrafficPolicy) {
  return std::to_array<EnumRow<ExternalTrafficPolicy>>(
      {{ExternalTrafficPolicy::kLocal, "Local"}, {ExternalTrafficPolicy::kCluster, "Cluster"}});
}

constexpr auto EnumTable(ListenerProtocol) {
  return std::to_array<EnumRow<ListenerProtocol>>({{ListenerProtocol::kTCP, "TCP"}, {ListenerProtocol::kPROXY, "PROXY"}});
}

constexpr auto EnumTable(EnforcementLayer) {
  return std::to_array<EnumRow<EnforcementLayer>>({{EnforcementLayer::kLoadBalancer, "LoadBalancer"},
                                                   {EnforcementLayer::kProxy, "Proxy"},
                                                   {EnforcementLayer::kNetworkPolicy, "NetworkPolicy"}});
}

constexpr auto EnumTable(DeletionPolicy) {
  return std::to_array<EnumRow<DeletionPolicy>>(
      {{DeletionPolicy::kWhenUnused, "WhenUnused"}, {DeletionPolicy::kForce, "Force"}});
}

constexpr auto EnumTable(UpgradeStrategy) {
  return std::to_array<EnumRow<UpgradeStrategy>>({{UpgradeStrategy::kBlueGreen, "BlueGreen"},
                                                  {UpgradeStrategy::kCanary, "Canary"},
                                                  {UpgradeStrategy::kRollingUpdate, "RollingUpdate"}});
}

constexpr auto EnumTable(Promotion) {
  return std::to_array<EnumRow<Promotion>>({{Promotion::kManual, "Manual"}, {Promotion::kAutomatic, "Automatic"}});
}

constexpr auto EnumTable(OnFailure) {
  return std::to_array<EnumRow<OnFailure>>({{OnFailure::kRollback, "Rollback"}, {OnFailure::kHold, "Hold"}});
}

constexpr auto EnumTable(Cutover) {
  return std::to_array<EnumRow<Cutover>>(
      {{Cutover::kExpandContract, "ExpandContract"}, {Cutover::kExpandTerminate, "ExpandTerminate"}, {Cutover::kFlip, "Flip"}});
}

/// In the order of a week, Monday first.
constexpr auto EnumTable(Weekday) {
  return std::to_array<EnumRow<Weekday>>({{Weekday::kMonday, "Monday"},
                                          {Weekday::kTuesday, "Tuesday"},
                                          {Weekday::kWednesday, "Wednesday"},
                                          {Weekday::kThursday, "Thursday"},
                                          {Weekday::kFriday, "Friday"},
                                          {Weekday::kSaturday, "Saturday"},
                                          {Weekday::kSunday, "Sunday"}});
}

/// "HAProxy" of Engine::kHAProxy.
template <class E>
requires std::is_enum_v<E>
constexpr std::string_view EnumName(E value) {
  for (const auto& [known, name] : EnumTable(E{})) {
    if (known == value) return name;
  }
  return "";
}

/// Nothing when no value has that name; names are case-sensitive.
template <class E>
requires std::is_enum_v<E>
constexpr std::optional<E> ParseEnum(std::string_view text) {
  for (const auto& [value, name] : EnumTable(E{})) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace ingressfleet::api
