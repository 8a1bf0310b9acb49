#pragma once
// A Fleet as an IngressFleet object: the inverse of DecodeFleet, for plans, tests and printing. Pure and deterministic.

#include "api/fleet.h"
#include "kube/object.h"

namespace ingressfleet::api {

/// apiVersion, kind, metadata.name and spec. tierDefaults were merged into the tiers, so they do not come back.
kube::Object EncodeFleet(const Fleet& fleet);

}  // namespace ingressfleet::api
