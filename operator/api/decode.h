#pragma once
// An IngressFleet object as a typed Fleet (step 2 of a reconcile). Pure.

#include <optional>

#include "api/field_error.h"
#include "api/fleet.h"
#include "kube/object.h"

namespace ingressfleet::api {

/// Either a fleet or errors, never both, never neither.
struct Decoded {
  std::optional<Fleet> fleet;
  FieldErrors errors;
};

/// Reads metadata and spec, with spec.tierDefaults merged under each tier (api/tier_defaults.h). Finds every field that does
/// not exist, has the wrong type or names no value of its enum; what the values mean is Validate's business.
Decoded DecodeFleet(const kube::Object& object);

/// The whole of step 2: Decode ▸ Default ▸ Validate. Errors in spec.tierDefaults are reported there, once.
Decoded AcceptFleet(const kube::Object& object);

}  // namespace ingressfleet::api
