#pragma once
// What a tier is expected to answer: every scheme, host and path of the Ingresses of its class. Pure.

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

#include "plan/ir.h"
#include "plan/snapshot.h"

namespace ingressfleet::plan::verify {

/// One question that an Ingress makes meaningful.
struct Target {
  bool tls = false;
  std::string host;     ///< concrete: a wildcard has got a first label
  std::string path;     ///< as a request line can hold it
  std::string ingress;  ///< "namespace/name" of the first one that names it; empty: the host that nobody names
  std::string version;  ///< of that Ingress: after a change it is another question

  std::string ToString() const;  ///< "https://shop.example.com/cart (Ingress shop/web)"
  friend auto operator<=>(const Target&, const Target&) = default;
};

struct Inventory {
  /// Sorted, no duplicates; a sample when there are more than the limit. The host that nobody names is always among them, by
  /// http and https: with it even a tier without Ingresses has something to answer.
  std::vector<Target> targets;
  std::string hash;       ///< of all targets, sampled or not; the same Ingresses give the same text
  std::size_t total = 0;  ///< how many there were before sampling
};

inline constexpr std::size_t kDefaultTargetLimit = 1'000;
/// A host that no Ingress names (RFC 2606 reserves the top level domain), and one for rules without a host.
inline constexpr std::string_view kUnknownHost = "ingressfleet-probe.invalid";
inline constexpr std::string_view kAnyHost = "any.ingressfleet-probe.invalid";

/// The sample takes one target of each Ingress first, as far as they fit, and ranks targets by a hash of their own: it is the
/// same in every process, and one more Ingress changes little of it.
Inventory MakeInventory(const ResolvedTier& tier, const Snapshot& snapshot, std::size_t limit = kDefaultTargetLimit);

}  // namespace ingressfleet::plan::verify
