#pragma once
// Two answers to one question: the serving slot's and the candidate's. Pure.

#include <string>

#include "effect/probe.h"
#include "plan/verify/inventory.h"

namespace ingressfleet::plan::verify {

/// Shown by our proxies to connections that claim a source: the Service port behind the route ("shop/web:80"), "none" for a
/// route that leads nowhere, empty for a request that was refused before it was routed.
inline constexpr const char* kRouteHeader = "x-ingressfleet-route";

enum class Likeness {
  kEqual,  ///< the candidate answers like the serving slot, or better
  kDifferent,
  kInconclusive,  ///< an answer is missing
};

struct Comparison {
  Likeness answer = Likeness::kInconclusive;       ///< status class, redirect, route
  Likeness certificate = Likeness::kInconclusive;  ///< kEqual for http
  std::string message;                             ///< target and both answers; empty when they are equal
  std::string certificate_message;                 ///< the same of the certificates
};

/// A serving side that fails (5xx, no answer) is not held against a candidate that does the same or better.
Comparison Compare(const Target& target, const effect::ProbeAnswer& serving, const effect::ProbeAnswer& candidate);

/// The Service port that answered, as far as the proxy tells it; else empty.
std::string ServiceOf(const effect::ProbeAnswer& answer);
/// Whether the access list refused: status 403 before routing.
bool IsRefused(const effect::ProbeAnswer& answer);
/// "301 to https://a.test/", "connection closed", "200 from shop/web:80": one answer for people.
std::string Describe(const effect::ProbeAnswer& answer);

}  // namespace ingressfleet::plan::verify
