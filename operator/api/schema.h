#pragma once
// The schema as the code knows it, derived from api/fields.h: what the CRD must say (parity test) and reference docs can
// list. Pure.

#include <string>
#include <vector>

namespace ingressfleet::api {

struct SchemaNode {
  std::string path;                 ///< "spec.tiers[].controller.config{}"; [] = each element, {} = each value of a map
  std::string type;                 ///< as in OpenAPI: string, integer, boolean, object, array; or "quantity"
  std::vector<std::string> values;  ///< the values of an enum, in the order of its table

  friend bool operator==(const SchemaNode&, const SchemaNode&) = default;
};

/// Every node below and including `spec`, parents first.
std::vector<SchemaNode> SpecSchema();
/// Every node below and including `status`.
std::vector<SchemaNode> StatusSchema();

}  // namespace ingressfleet::api
