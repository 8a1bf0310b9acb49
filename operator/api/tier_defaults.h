#pragma once
// spec.tierDefaults: how it is merged under each tier, and where an error in it is reported. Pure.

#include "api/field_error.h"
#include "kube/object.h"

namespace ingressfleet::api {

/// One tier (JSON) over the defaults (JSON): maps merge key by key with the tier's value winning, everything else (lists
/// too) is replaced. What belongs to a choice that the tier made differently is not inherited:
///   * publishing: members of another `type` (loadBalancer, nodePort, hostNetwork, externalTrafficPolicy);
///   * controller: version, image and config, when tier and defaults name different engines;
///   * workload.replicas, when the tier runs as a DaemonSet.
/// Without this a tier could never deviate: there is no way to unsay an inherited field.
kube::Json MergeTier(const kube::Json& defaults, const kube::Json& tier);

/// Errors at `spec.tiers[i].x` whose field the tier has from spec.tierDefaults become one error at `spec.tierDefaults.x`.
FieldErrors AttributeToDefaults(FieldErrors errors, const kube::Json& spec);

}  // namespace ingressfleet::api
