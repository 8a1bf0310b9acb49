#include "plan/resolve.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cidr.h"
#include "plan/balancer/balancer.h"
#include "plan/engine/engine.h"
#include "plan/exposure/exposure.h"
#include "plan/tier_input.h"

namespace ingressfleet::plan {
namespace {

using api::FieldError;
using api::FieldErrors;

void Append(FieldErrors& errors, FieldErrors more) {
  errors.insert(errors.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::vector<std::string> CanonicalRanges(const std::vector<std::string>& ranges) {
  std::vector<std::string> canonical;
  for (const std::string& range : ranges) {
    if (const auto cidr = base::Cidr::Parse(range)) canonical.push_back(cidr->ToString());
  }
  std::sort(canonical.begin(), canonical.end());
  canonical.erase(std::unique(canonical.begin(), canonical.end()), canonical.end());
  return canonical;
}

/// Who may enter. A tier that is reachable from outside has to say so (api/validate.h); for any other, saying nothing means
/// everyone who can reach it.
std::vector<std::string> AllowedRanges(const api::Access& access) {
  if (!access.allowed_source_ranges) return {"0.0.0.0/0", "::/0"};
  return CanonicalRanges(*access.allowed_source_ranges);
}

const Engine* ResolveEngine(const api::Tier& tier, const std::string& path, FieldErrors& errors) {
  const Engine* engine = FindEngine(*tier.controller.engine);
  if (engine != nullptr) return engine;
  std::vector<std::string_view> names;
  for (const Engine* row : AllEngines()) names.push_back(row->name);
  errors.push_back({FieldError::Type::kNotSupported, path + ".controller.engine", "",
                    fmt::format("this version of the operator runs: {}", fmt::join(names, ", "))});
  return nullptr;
}

void ResolveController(const api::Tier& tier, const Engine& engine, const ClusterFacts& facts, const std::string& path,
                       ResolvedTier& resolved, FieldErrors& errors) {
  const api::Controller& controller = tier.controller;
  Append(errors, engine.validate(tier, resolved.ns, path));
  resolved.controller = {
      .engine = engine.engine,
      .version = controller.version,
      .image = controller.image.empty() ? engine.image(facts.image_repository, controller.version) : controller.image,
      .image_pull_policy = controller.image_pull_policy.empty() ? "IfNotPresent" : controller.image_pull_policy,
      .image_pull_secrets = controller.image_pull_secrets,
      .settings = engine.settings(tier)};
  if (resolved.controller.image.empty()) {
    errors.push_back({FieldError::Type::kRequired, path + ".controller.image", "",
                      fmt::format("no image is known for {} {}; name one", engine.name, controller.version)});
  }
  if (!engine.any_controller_string && tier.ingress_class.controller_value != engine.fixed_controller_string) {
    errors.push_back({FieldError::Type::kInvalid, path + ".ingressClass.controllerValue",
                      kube::Json(tier.ingress_class.controller_value).dump(),
                      fmt::format("{} obeys only \"{}\"", engine.name, engine.fixed_controller_string)});
  }
}

/// The provider of a LoadBalancer tier; nullptr (with an error) when the nodes contradict each other.
const Balancer* ResolveBalancer(const api::LoadBalancer& load_balancer, const ClusterFacts& facts, const std::string& path,
                                FieldErrors& errors) {
  if (*load_balancer.provider != api::Provider::kAuto) return &BalancerOf(*load_balancer.provider);
  const auto detected = DetectProvider(facts.provider_ids);
  if (detected) return &BalancerOf(*detected);
  errors.push_back({FieldError::Type::kInvalid, path + ".provider", "\"Auto\"", detected.error().message});
  return nullptr;
}

void ResolvePublishing(const api::Tier& tier, const Engine& engine, const ClusterFacts& facts, const std::string& path,
                       ResolvedTier& resolved, FieldErrors& errors) {
  const std::string publishing_path = path + ".publishing";
  ExposureRequest request{.tier = &tier, .balancer = nullptr, .source_ranges = resolved.allowed_source_ranges};
  if (*tier.publishing.type == api::PublishingType::kLoadBalancer) {
    const std::string balancer_path = publishing_path + ".loadBalancer";
    request.balancer = ResolveBalancer(*tier.publishing.load_balancer, facts, balancer_path, errors);
    if (request.balancer == nullptr) return;
    resolved.provider = request.balancer->provider;
    resolved.registration_seconds =
        tier.publishing.load_balancer->registration_seconds.value_or(request.balancer->registration_seconds);
    Append(errors, request.balancer->validate(BalancerRequestOf(request), balancer_path));
  }
  const Exposure& exposure = ExposureOf(*tier.publishing.type);
  Append(errors, exposure.validate(request, path));
  if (!errors.empty()) return;
  const ExposureResult result = exposure.resolve(request);
  resolved.publishing = exposure.type;
  resolved.entry = result.entry;
  resolved.listeners = result.listeners;
  resolved.enforcement = result.enforcement;
  resolved.external = result.external;
  resolved.notices = exposure.notices(request);
  for (std::string& notice : engine.notices(resolved)) resolved.notices.push_back(std::move(notice));
  if (resolved.listeners.host_network && !engine.supports_host_network) {
    errors.push_back({FieldError::Type::kNotSupported, publishing_path + ".type", "\"HostNetwork\"",
                      fmt::format("{} cannot listen on the node's own ports here", engine.name)});
  }
  if (resolved.listeners.proxy_protocol && !engine.supports_proxy_protocol) {
    errors.push_back({FieldError::Type::kNotSupported, publishing_path + ".protocol", "\"PROXY\"",
                      fmt::format("{} does not accept the PROXY protocol here", engine.name)});
  }
}

void ResolveWorkload(const api::Workload& workload, ResolvedTier& resolved) {
  resolved.workload_kind = *workload.kind;
  resolved.replicas = *workload.kind == api::WorkloadKind::kDaemonSet ? 0 : *workload.replicas;
  resolved.resources = workload.resources;
  resolved.node_selector = workload.node_selector;
  resolved.tolerations = workload.tolerations;
  resolved.pre_stop_delay_seconds = *workload.shutdown.pre_stop_delay_seconds;
  resolved.drain_seconds = *workload.shutdown.drain_seconds;
}

ResolvedTier ResolveTier(const api::Fleet& fleet, const api::Tier& tier, const ClusterFacts& facts, const std::string& path,
                         FieldErrors& errors) {
  ResolvedTier resolved;
  resolved.fleet = fleet.name;
  resolved.fleet_uid = fleet.uid;
  resolved.name = tier.name;
  resolved.ns = fleet.ns;
  resolved.class_name = tier.ingress_class.name;
  resolved.controller_value = tier.ingress_class.controller_value;
  resolved.is_default_class = fleet.default_class && fleet.default_class->tier_name == tier.name;
  resolved.allowed_source_ranges = AllowedRanges(tier.access);
  resolved.trusted_proxies = CanonicalRanges(tier.access.trusted_proxies);
  resolved.namespace_selector = tier.namespace_selector.value_or(kube::Json());
  if (const auto& certificate = tier.tls.default_certificate_ref) {
    resolved.default_certificate = fmt::format("{}/{}", certificate->ns, certificate->name);
  }
  resolved.network_policy = tier.network_policy.value_or(false);
  resolved.upgrade = tier.upgrade;
  resolved.cutover = *tier.publishing.cutover;
  ResolveWorkload(tier.workload, resolved);

  FieldErrors tier_errors = ValidateChecks(tier.upgrade.verify, path);
  if (const Engine* engine = ResolveEngine(tier, path, tier_errors)) {
    ResolveController(tier, *engine, facts, path, resolved, tier_errors);
    ResolvePublishing(tier, *engine, facts, path, resolved, tier_errors);
  }
  Append(errors, std::move(tier_errors));
  return resolved;
}

}  // namespace

Resolution Resolve(const api::Fleet& fleet, const ClusterFacts& facts) {
  Resolution resolution;
  ResolvedFleet& resolved = resolution.fleet;
  resolved.name = fleet.name;
  resolved.uid = fleet.uid;
  resolved.generation = fleet.generation;
  resolved.ns = fleet.ns;
  resolved.paused = fleet.paused;
  resolved.deleting = fleet.deleting;
  resolved.force_removal = fleet.deletion_policy == api::DeletionPolicy::kForce;
  resolved.rollout = fleet.rollout;
  if (fleet.default_class) resolved.default_tier = fleet.default_class->tier_name;
  for (std::size_t i = 0; i < fleet.tiers.size(); ++i) {
    resolved.tiers.push_back(ResolveTier(fleet, fleet.tiers[i], facts, fmt::format("spec.tiers[{}]", i), resolution.errors));
  }
  std::sort(resolved.tiers.begin(), resolved.tiers.end(),
            [](const ResolvedTier& left, const ResolvedTier& right) { return left.name < right.name; });
  return resolution;
}

}  // namespace ingressfleet::plan
