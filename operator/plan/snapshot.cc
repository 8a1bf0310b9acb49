#include "plan/snapshot.h"

namespace ingressfleet::plan {

kube::ObjectPtr Snapshot::Find(const kube::KindInfo& kind, std::string_view ns, std::string_view name) const {
  const auto found = objects.find({std::string(kind.kind), kind.namespaced ? std::string(ns) : "", std::string(name)});
  return found == objects.end() ? nullptr : found->second;
}

}  // namespace ingressfleet::plan
