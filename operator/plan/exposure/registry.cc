#include <algorithm>
#include <array>

#include "plan/exposure/exposure.h"

namespace ingressfleet::plan {

extern const Exposure kLoadBalancerExposure;
extern const Exposure kNodePortExposure;
extern const Exposure kHostNetworkExposure;
extern const Exposure kPrivateExposure;

namespace {

constexpr std::array<const Exposure*, 4> kExposures{&kLoadBalancerExposure, &kNodePortExposure, &kHostNetworkExposure,
                                                    &kPrivateExposure};

}  // namespace

std::span<const Exposure* const> AllExposures() { return kExposures; }

const Exposure& ExposureOf(api::PublishingType type) {
  const auto* const found =
      std::find_if(kExposures.begin(), kExposures.end(), [&](const Exposure* row) { return row->type == type; });
  return found == kExposures.end() ? kPrivateExposure : **found;
}

}  // namespace ingressfleet::plan
