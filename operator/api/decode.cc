#include "api/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/defaults.h"
#include "api/reader.h"
#include "api/tier_defaults.h"
#include "api/validate.h"

namespace ingressfleet::api {
namespace {

using kube::Json;

constexpr std::array<std::string_view, 5> kTopLevel{"apiVersion", "kind", "metadata", "spec", "status"};

void CheckIdentity(const kube::Object& object, FieldErrors& errors) {
  const auto expect = [&](const char* path, std::string_view is, std::string_view wanted) {
    if (is == wanted) return;
    errors.push_back({FieldError::Type::kNotSupported, path, Json(is).dump(), fmt::format("must be {}", wanted)});
  };
  expect("apiVersion", object.ApiVersion(), kube::kIngressFleet.api_version);
  expect("kind", object.Kind(), kube::kIngressFleet.kind);
  for (const auto& [name, value] : object.body().items()) {
    if (std::find(kTopLevel.begin(), kTopLevel.end(), name) != kTopLevel.end()) continue;
    errors.push_back({FieldError::Type::kUnknown, name, "", "everything a user declares stands below spec"});
  }
}

/// The spec with tierDefaults merged away. Only for a spec that was read without errors.
Json Merged(const Json& spec) {
  const auto defaults = spec.find("tierDefaults");
  if (defaults == spec.end()) return spec;
  Json merged = spec;
  if (merged.contains("tiers")) {
    for (Json& tier : merged["tiers"]) tier = MergeTier(*defaults, tier);
  }
  merged.erase("tierDefaults");
  return merged;
}

FleetSpec ReadSpec(const Json& spec, FieldErrors& errors) {
  FleetSpec read;
  Reader::ReadAll(spec, "spec", read, errors);
  return read;
}

}  // namespace

Decoded DecodeFleet(const kube::Object& object) {
  Decoded decoded;
  if (!object.body().is_object()) {
    decoded.errors.push_back({FieldError::Type::kInvalid, "", "", "must be an IngressFleet object"});
    return decoded;
  }
  CheckIdentity(object, decoded.errors);
  const Json* spec = object.Find("/spec");
  if (spec == nullptr) {
    decoded.errors.push_back({FieldError::Type::kRequired, "spec", "", "declare the tiers of the fleet in spec.tiers"});
    return decoded;
  }
  ReadSpec(*spec, decoded.errors);  // as written, so that each error is found once, where it stands
  if (!decoded.errors.empty()) return decoded;

  Fleet fleet = ReadSpec(Merged(*spec), decoded.errors).fleet;
  fleet.name = object.Name();
  fleet.uid = object.Uid();
  fleet.generation = object.Generation();
  fleet.deleting = object.IsDeleting();
  decoded.fleet = std::move(fleet);
  return decoded;
}

Decoded AcceptFleet(const kube::Object& object) {
  Decoded decoded = DecodeFleet(object);
  if (!decoded.fleet) return decoded;
  Default(*decoded.fleet);
  decoded.errors = AttributeToDefaults(Validate(*decoded.fleet), object.body()["spec"]);
  if (!decoded.errors.empty()) decoded.fleet.reset();
  return decoded;
}

}  // namespace ingressfleet::api
