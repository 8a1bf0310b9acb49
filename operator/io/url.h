#pragma once
// Paths and queries of the Kubernetes API. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/kind.h"

namespace ingressfleet::io {

/// RFC 3986: everything but unreserved characters becomes %XX.
std::string PercentEncode(std::string_view text);

struct ResourcePath {
  const kube::KindInfo& kind;
  std::string_view ns;           ///< empty = all namespaces, or a cluster-scoped kind
  std::string_view name;         ///< empty = the collection
  std::string_view subresource;  ///< "status" or empty
};
std::string PathOf(const ResourcePath& resource);

/// "?a=1&b=2" without the pairs whose value is empty; "" when none is left.
std::string QueryOf(const std::vector<std::pair<std::string_view, std::string>>& pairs);

}  // namespace ingressfleet::io
