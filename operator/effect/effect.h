#pragma once
// Orders to the edges and what came back. Pure values, shared by plan/ (which makes them) and io/ (which carries them out).

#include <string>
#include <vector>

#include "base/result.h"
#include "kube/object.h"

namespace ingressfleet::effect {

enum class Verb { kCreate, kApply, kDelete };
std::string_view VerbName(Verb verb);  ///< "create", "apply", "delete"

struct Change {
  Verb verb = Verb::kApply;
  /// Create, apply: the body. With metadata.uid it applies only to that very object, with metadata.resourceVersion only to that
  /// version of it. Delete: names it; uid and resourceVersion are preconditions.
  kube::Object object;
  std::string field_manager;
  std::string subresource;  ///< "status" or empty
  std::string reason;       ///< for people and the plan: "missing", "drift: /spec/replicas: 1, want 2"
  /// Create: an object of that name without these labels is somebody else's; the change fails with kForeign then.
  kube::StringMap owner_labels;

  kube::ObjectKey Key() const { return object.Key(); }
  std::string ToString() const;  ///< "create Service ingress-fleet/public-entry (missing)"
};

/// Changes of one stage may be carried out in any order; the next stage only starts when all of this one succeeded.
struct Stage {
  std::string name;
  std::vector<Change> changes;
};

struct Batch {
  std::vector<Stage> stages;  ///< none of them empty

  bool empty() const { return stages.empty(); }
  std::size_t size() const;
};

struct Failure {
  Change change;
  base::Error error;
};

struct Outcome {
  std::size_t writes = 0;             ///< that the API server accepted
  std::vector<Failure> failures;      ///< in the order in which they happened; later stages were not started
  std::vector<kube::Object> written;  ///< what the server answered

  bool ok() const { return failures.empty(); }
};

}  // namespace ingressfleet::effect
