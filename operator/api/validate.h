#pragma once
// What the values of a fleet must satisfy (step 2 of a reconcile). The CRD carries what a schema or CEL can say; this is all of
// it, also for objects that no API server has seen. Pure. The rules are in api/rules/, one small function each.

#include "api/field_error.h"
#include "api/fleet.h"

namespace ingressfleet::api {

/// Every broken rule of a fleet after Default(), in the order of the rule tables: fleet rules, then tier by tier. Paths are
/// those of the merged document (`spec.tiers[i]…`); AttributeToDefaults() moves the inherited ones.
FieldErrors Validate(const Fleet& fleet);

/// What may not change while a fleet exists: the namespace, and of a tier that stays (same name) the class name, the
/// controller value and the loadBalancerClass. Both fleets after Default(). A renamed tier is one removed and one added.
FieldErrors ValidateUpdate(const Fleet& old_fleet, const Fleet& fleet);

}  // namespace ingressfleet::api
