#pragma once
// YAML documents as JSON, for files a person wrote. Follows YAML 1.2's core schema, as kubectl's parser does in practice:
// unquoted true/false, null, integers and floats are typed, everything else is text.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/object.h"

namespace ingressfleet::kube {

/// Every non-empty document of a stream. kInvalid carries line and column. Anchors are followed; a file may not nest deeper
/// than 100 levels or expand to more than 1,000,000 nodes.
base::Result<std::vector<Json>> ParseYaml(std::string_view text);

}  // namespace ingressfleet::kube
