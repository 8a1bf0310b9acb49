// Private: reachable from inside the cluster only (and through whatever the user puts in front of the Service).

#include "plan/exposure/parts.h"

namespace ingressfleet::plan {
namespace {

ExposureResult Resolve(const ExposureRequest& request) {
  const api::Tier& tier = TierOf(request);
  ExposureResult result;
  result.listeners = PodListeners(tier);
  result.enforcement = EnforcementWithoutBalancer(tier);
  return result;
}

api::FieldErrors Validate(const ExposureRequest& request, const std::string& path) {
  api::FieldErrors errors;
  CheckListIsHeld(request, Resolve(request).enforcement, path, errors);
  return errors;
}

std::vector<std::string> Notices(const ExposureRequest&) { return {}; }

}  // namespace

extern const Exposure kPrivateExposure{
    .type = api::PublishingType::kPrivate,
    .name = "Private",
    .resolve = Resolve,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
