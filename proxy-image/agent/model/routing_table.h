#pragma once
// What the proxy should do, before anything about how: the printable middle of the pipeline.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/certificate.h"
#include "model/objects.h"

namespace ingressfleet::agent {

/// Route targets that are no backend.
inline constexpr std::string_view kNotFound = "n";     ///< 404
inline constexpr std::string_view kUnavailable = "u";  ///< 503

struct Route {
  std::string target;  ///< key of RoutingTable::backends, kNotFound or kUnavailable
  ObjectName ingress;  ///< where it comes from; empty for the 404 of a host

  friend bool operator==(const Route&, const Route&) = default;
};

/// A certificate and the server names that get it.
struct CertificateUse {
  ObjectName secret;
  std::vector<std::string> hosts;  ///< sorted
  CertificatePtr certificate;
};

/// Something that a person should know and mend. `ingress` is empty when it concerns the whole proxy.
struct Problem {
  ObjectName ingress;
  std::string reason;  ///< stable CamelCase
  std::string message;

  friend auto operator<=>(const Problem&, const Problem&) = default;
};

struct RoutingTable {
  std::map<std::string, Route> routes;                       ///< by route key (model/grammar.h)
  std::map<std::string, std::vector<std::string>> backends;  ///< "namespace/service:port" → sorted "address:port"
  std::map<std::string, CertificateUse> certificates;        ///< by file stem
  CertificatePtr default_certificate;
  std::vector<std::string> allowed_source_ranges;
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> probe_sources;
  std::vector<Problem> problems;  ///< sorted, no duplicates
  std::size_t ingresses = 0;      ///< how many are served

  /// Text for people and golden files; the same table gives the same bytes. No key material.
  std::string Print() const;
};

}  // namespace ingressfleet::agent
