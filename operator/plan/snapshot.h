#pragma once
// Step 1's result: everything outside, gathered into one value. The pure functions below read nothing else.

#include <map>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"
#include "plan/resolve.h"

namespace ingressfleet::plan {

struct Snapshot {
  kube::ObjectPtr fleet;  ///< never null
  /// All fleets of the cluster, this one included: who else claims a class.
  std::vector<kube::ObjectPtr> fleets;
  /// Objects of the kinds that a fleet owns: those with our managed-by label, and all IngressClasses and Namespaces.
  std::map<kube::ObjectKey, kube::ObjectPtr> objects;
  std::vector<kube::ObjectPtr> ingresses;        ///< all of the cluster
  std::vector<kube::ObjectPtr> pods;             ///< of this fleet's slots
  std::vector<kube::ObjectPtr> endpoint_slices;  ///< of this fleet's Services
  ClusterFacts facts;
  base::TimePoint now{};

  /// nullptr when there is none.
  kube::ObjectPtr Find(const kube::KindInfo& kind, std::string_view ns, std::string_view name) const;
};

}  // namespace ingressfleet::plan
