#include "api/validate.h"

#include <algorithm>
#include <array>

#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

constexpr std::array kFleetRuleTables{FleetRules, PortRules, RolloutRules};
constexpr std::array kTierRuleTables{IdentityRules, ControllerRules, WorkloadRules, PublishingRules, AccessRules, UpgradeRules};

void Immutable(FieldErrors& errors, std::string path, const std::string& was, const std::string& is, std::string_view remedy) {
  if (was == is) return;
  errors.push_back({FieldError::Type::kImmutable, std::move(path), Quoted(is),
                    fmt::format("field is immutable (it is {}): {}", was.empty() ? "not set" : Quoted(was), remedy)});
}

void CheckTierUpdate(const Tier& was, const TierAt& is, FieldErrors& errors) {
  Immutable(errors, is.Path("ingressClass.name"), was.ingress_class.name, is.tier.ingress_class.name,
            "Ingresses name the class; add a tier with the new class, move the Ingresses, then remove this tier");
  Immutable(errors, is.Path("ingressClass.controllerValue"), was.ingress_class.controller_value,
            is.tier.ingress_class.controller_value,
            "an IngressClass cannot change its controller; add a tier with another class instead");
  const auto& had = was.publishing.load_balancer;
  const auto& has = is.tier.publishing.load_balancer;
  if (!had || !has) return;
  Immutable(errors, is.Path("publishing.loadBalancer.loadBalancerClass"), had->load_balancer_class, has->load_balancer_class,
            "a Service cannot change it; add a tier with the new class, or delete and recreate this one");
}

}  // namespace

std::string Quoted(std::string_view text) {
  return kube::Json(text).dump(-1, ' ', false, kube::Json::error_handler_t::replace);
}

FieldErrors Validate(const Fleet& fleet) {
  FieldErrors errors;
  for (const auto& table : kFleetRuleTables) {
    for (const FleetRule rule : table()) rule(fleet, errors);
  }
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    for (const auto& table : kTierRuleTables) {
      for (const TierRule rule : table()) rule({fleet, fleet.tiers[i], i}, errors);
    }
  }
  return errors;
}

FieldErrors ValidateUpdate(const Fleet& old_fleet, const Fleet& fleet) {
  FieldErrors errors;
  Immutable(errors, "spec.namespace", old_fleet.ns, fleet.ns,
            "everything runs there; delete the fleet and create it in the other namespace");
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    const auto was = std::find_if(old_fleet.tiers.begin(), old_fleet.tiers.end(),
                                  [&](const Tier& tier) { return tier.name == fleet.tiers[i].name; });
    if (was != old_fleet.tiers.end()) CheckTierUpdate(*was, {fleet, fleet.tiers[i], i}, errors);
  }
  return errors;
}

}  // namespace ingressfleet::api
