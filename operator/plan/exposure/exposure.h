#pragma once
// How a tier is reached: one file per publishing type. A new type = one file + one line in registry.cc. Pure and total:
// a request that validate() refuses still gives a result, and then the more private one.

#include <span>
#include <string>
#include <vector>

#include "api/field_error.h"
#include "plan/balancer/balancer.h"
#include "plan/ir.h"

namespace ingressfleet::plan {

struct ExposureRequest {
  const api::Tier* tier = nullptr;         ///< defaults filled in
  const Balancer* balancer = nullptr;      ///< only with type LoadBalancer; nullptr is Generic
  std::vector<std::string> source_ranges;  ///< canonical
};

struct ExposureResult {
  EntryService entry;
  Listeners listeners;
  Enforcement enforcement;
  bool external = false;
};

struct Exposure {
  api::PublishingType type;
  std::string_view name;  ///< as in the API: "HostNetwork"
  ExposureResult (*resolve)(const ExposureRequest& request);
  /// What the type itself refuses (not the balancer's errors). `path` is the tier's: "spec.tiers[0]".
  api::FieldErrors (*validate)(const ExposureRequest& request, const std::string& path);
  /// Allowed and yet worth knowing: whole sentences for plan and status.
  std::vector<std::string> (*notices)(const ExposureRequest& request);
};

/// What a LoadBalancer tier asks of its balancer. Its own errors come from there:
/// `request.balancer->validate(BalancerRequestOf(request), path + ".publishing.loadBalancer")`.
BalancerRequest BalancerRequestOf(const ExposureRequest& request);

std::span<const Exposure* const> AllExposures();
const Exposure& ExposureOf(api::PublishingType type);

}  // namespace ingressfleet::plan
