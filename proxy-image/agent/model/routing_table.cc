#include "model/routing_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace ingressfleet::agent {
namespace {

std::string TargetText(const Route& route) {
  if (route.target == kNotFound) return "404";
  if (route.target == kUnavailable) return fmt::format("503  ({})", route.ingress);
  return fmt::format("{}  ({})", route.target, route.ingress);
}

}  // namespace

std::string RoutingTable::Print() const {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "ingresses: {}\nallowed: {}\ntrusted: {}\n", ingresses, fmt::join(allowed_source_ranges, " "),
                 fmt::join(trusted_proxies, " "));
  if (!probe_sources.empty()) fmt::format_to(out, "probes: {}\n", fmt::join(probe_sources, " "));
  fmt::format_to(out, "\nroutes:\n");
  for (const auto& [key, route] : routes) fmt::format_to(out, "  {}  ->  {}\n", key, TargetText(route));
  fmt::format_to(out, "\nbackends:\n");
  for (const auto& [id, endpoints] : backends) fmt::format_to(out, "  {}: {}\n", id, fmt::join(endpoints, " "));
  fmt::format_to(out, "\ncertificates:\n");
  for (const auto& [file, use] : certificates) fmt::format_to(out, "  {}: {}\n", use.secret, fmt::join(use.hosts, " "));
  fmt::format_to(out, "\nproblems:\n");
  for (const Problem& problem : problems) {
    fmt::format_to(out, "  {}: {}: {}\n", problem.ingress.empty() ? "-" : problem.ingress, problem.reason, problem.message);
  }
  return text;
}

}  // namespace ingressfleet::agent
