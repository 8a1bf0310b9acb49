#pragma once
// Step 6 of the pipeline: desired × live → the writes that are needed, in order. Pure.
//
// Ownership: an object belongs to a fleet by its labels. What lacks them is foreign: never applied to, never deleted; a name
// collision becomes a Conflict that names both sides. A namespace that exists already is used as it is.

#include <functional>
#include <string>
#include <vector>

#include "api/status.h"
#include "effect/effect.h"
#include "plan/render/render.h"
#include "plan/snapshot.h"

namespace ingressfleet::plan {

struct Difference {
  effect::Batch batch;
  std::vector<api::Conflict> conflicts;
};

/// Changes that make `desired` true. An object that is covered by what lives and whose applied hash is the same is left alone:
/// nothing to do gives an empty batch.
Difference Diff(const std::string& fleet, const std::vector<DesiredStage>& desired, const Snapshot& snapshot);

/// A tier whose objects should go, and whether they may.
struct Removal {
  std::string tier;
  std::vector<std::string> users;  ///< "namespace/name" of Ingresses that still use its class; nothing is deleted while any do
};

struct Prune {
  effect::Batch batch;
  std::vector<Removal> blocked;
  bool pending = false;  ///< objects are still there (also while they are being deleted)
};

/// Deletes this fleet's objects that `desired` does not name: workloads first, then what they used, the entry Service, the
/// class last; each stage only when the one before is gone, tier by tier. `force` ignores Ingresses that still use a class.
/// Objects for which `keep` says so are left alone; a null function keeps nothing.
using KeepFunction = std::function<bool(const kube::Object&)>;
Prune PruneObjects(const std::string& fleet, const std::vector<DesiredStage>& desired, const Snapshot& snapshot, bool force,
                   const KeepFunction& keep);

/// "namespace/name" of the Ingresses that use the class by field or, without the field, by the old annotation.
std::vector<std::string> IngressesOf(const Snapshot& snapshot, std::string_view class_name);
std::string_view ClassOf(const kube::Object& ingress);

}  // namespace ingressfleet::plan
