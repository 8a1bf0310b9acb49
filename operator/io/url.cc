#include "io/url.h"

#include <fmt/format.h>

namespace ingressfleet::io {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string PathOf(const ResourcePath& resource) {
  std::string path = resource.kind.ApiPath();
  if (resource.kind.namespaced && !resource.ns.empty()) path += "/namespaces/" + PercentEncode(resource.ns);
  path.append("/").append(resource.kind.plural);
  if (!resource.name.empty()) path += "/" + PercentEncode(resource.name);
  if (!resource.subresource.empty()) path.append("/").append(resource.subresource);
  return path;
}

std::string QueryOf(const std::vector<std::pair<std::string_view, std::string>>& pairs) {
  std::string query;
  for (const auto& [key, value] : pairs) {
    if (!value.empty()) query += fmt::format("{}{}={}", query.empty() ? "?" : "&", key, PercentEncode(value));
  }
  return query;
}

}  // namespace ingressfleet::io
