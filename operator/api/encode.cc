#include "api/encode.h"

#include "api/writer.h"

namespace ingressfleet::api {

kube::Object EncodeFleet(const Fleet& fleet) {
  kube::Object object(kube::kIngressFleet, "", fleet.name);
  FleetSpec spec{fleet, std::nullopt};
  object.body()["spec"] = Writer::ToJson(spec);
  return object;
}

}  // namespace ingressfleet::api
