#pragma once
// Is what we want already true in what lives? The question behind "an idle operator writes nothing".

#include <string>

#include "kube/object.h"

namespace ingressfleet::kube {

/// True when every field of `desired` stands in `live` with an equal value. Extra fields of `live` (defaults, other writers'
/// fields, status) do not count. Lists whose elements carry a merge key of the Kubernetes API (name, containerPort, port,
/// type, ip, key, mountPath, …) are compared element by key, so that server-side defaults and foreign additions in such lists
/// do not count either; all other lists are atomic: equal length and order. An empty map or list in `desired` is covered
/// by a missing one in `live` (the API server drops empties).
///
/// It does not see fields that `desired` no longer has: pair it with the hash of the body that was applied last.
bool Covers(const Json& desired, const Json& live);

/// The first difference, for drift reports: "/spec/replicas: 3, want 2". Empty when covered.
std::string FirstDifference(const Json& desired, const Json& live);

}  // namespace ingressfleet::kube
