#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {

kube::Object RenderIngressClass(const ResolvedTier& tier) {
  kube::Object ingress_class = TierObject(kube::kIngressClass, tier, tier.class_name);
  if (tier.is_default_class) {
    ingress_class.body()["metadata"]["annotations"][std::string(kDefaultClassAnnotation)] = "true";
  }
  ingress_class.body()["spec"] = {{"controller", tier.controller_value}};
  return ingress_class;
}

}  // namespace ingressfleet::plan
