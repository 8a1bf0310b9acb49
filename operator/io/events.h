#pragma once
// Kubernetes Events (core/v1), aggregated and limited as client-go does: the same event again raises its count, more than 10
// similar ones within 10 minutes are folded, each object has a burst of 25. Writing is asynchronous and may be dropped: an
// event is a message to people, never state.

#include <memory>
#include <string>

#include "base/clock.h"
#include "io/client.h"
#include "kube/object.h"

namespace ingressfleet::io {

struct EventNote {
  enum class Type { kNormal, kWarning };
  Type type = Type::kNormal;
  std::string reason;   ///< CamelCase
  std::string message;  ///< at most 1,024 bytes are kept
};

class EventRecorder {
 public:
  /// `component` is the reporting controller ("ingressfleet-operator"), `instance` the pod or host.
  EventRecorder(Client& client, std::string component, std::string instance);
  ~EventRecorder();  ///< writes what waits, for at most a second

  /// `regarding` needs kind, apiVersion, name, namespace and uid. Cluster-scoped objects' events go to namespace "default".
  void Record(const kube::Object& regarding, EventNote note);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingressfleet::io
