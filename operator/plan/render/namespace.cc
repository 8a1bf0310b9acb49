#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {

kube::Object RenderNamespace(const ResolvedFleet& fleet) {
  kube::Object object(kube::kNamespace, "", fleet.ns);
  object.body()["metadata"]["labels"] = FleetLabels(fleet.name);
  return object;
}

}  // namespace ingressfleet::plan
