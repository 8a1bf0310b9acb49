#pragma once
// Revisions: everything of a tier whose change needs new pods, as it was rendered once. A slot keeps its revision's body until
// an upgrade replaces it, whatever the specification says by then and whichever operator version runs: so bodies are stored,
// as ControllerRevisions, like those of a StatefulSet. Pure.

#include <optional>
#include <string>

#include "kube/object.h"
#include "plan/ir.h"
#include "plan/snapshot.h"

namespace ingressfleet::plan {

/// One slot of a revision. Both slots' bodies are stored: names in arguments and selectors differ.
struct SlotBody {
  std::string kind;                        ///< Deployment or DaemonSet
  kube::Json spec = kube::Json::object();  ///< of the workload, without replicas
  kube::StringMap settings;                ///< data of the slot's ConfigMap

  friend bool operator==(const SlotBody&, const SlotBody&) = default;
};

struct RevisionBody {
  std::string hash;
  std::string engine;   ///< "HAProxy"
  std::string version;  ///< of the engine; empty when only an image was named
  SlotBody a;
  SlotBody b;

  const SlotBody& slot(Slot which) const { return which == Slot::kA ? a : b; }
  /// For people: "HAProxy 0.1.0", "Traefik registry.local/traefik:test".
  std::string Title() const;
};

/// What the specification asks for now.
RevisionBody MakeRevision(const ResolvedTier& tier);

/// The object that keeps it.
kube::Object RenderRevision(const ResolvedTier& tier, const RevisionBody& body);
/// nullopt when the object holds something else.
std::optional<RevisionBody> ParseRevision(const kube::Object& object);

/// A revision by its hash: the one that is wanted now, or a stored one; nullopt when neither.
std::optional<RevisionBody> FindRevision(const ResolvedTier& tier, const RevisionBody& desired, const std::string& hash,
                                         const Snapshot& snapshot);

}  // namespace ingressfleet::plan
