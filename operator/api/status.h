#pragma once
// status of an IngressFleet as C++ values: what was observed, never what is wanted. Field names are those of
// crds/ingressfleet.yaml (parity test). Pure values; encoding is deterministic.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kube/condition.h"
#include "kube/object.h"

namespace ingressfleet::api {

/// One of the two places a tier's workload can live in, and what runs there.
struct SlotStatus {
  std::string slot;      ///< "a" or "b"
  std::string revision;  ///< hash of all that needs a rollout
  std::string version;   ///< of the engine
};

struct TierStatus {
  std::string name;
  std::vector<kube::Condition> conditions;
  std::string engine;
  std::string version;
  std::string image;
  std::vector<std::string> addresses;                             ///< where clients reach the tier: IP addresses or host names
  std::optional<std::vector<std::string>> allowed_source_ranges;  ///< in force; not said = everyone, empty = nobody
  std::int64_t replicas = 0;
  std::int64_t ready_replicas = 0;
  std::int64_t ingresses = 0;  ///< how many Ingresses the tier serves
  std::optional<SlotStatus> serving;
  std::optional<SlotStatus> candidate;
};

struct DefaultClassStatus {
  std::string effective;             ///< the class that class-less Ingresses get now
  std::vector<std::string> foreign;  ///< default classes that are not ours
};

/// Ingresses without a class.
struct UnclassifiedStatus {
  std::int64_t count = 0;
  std::vector<std::string> first;  ///< "namespace/name" of the first few
};

struct Conflict {
  std::string object;   ///< "IngressClass public"
  std::string message;  ///< who else claims it, and the remedy
};

/// One line each, for `kubectl get -o wide`.
struct StatusSummary {
  std::string tiers;
  std::string addresses;
  std::string versions;
};

struct FleetStatus {
  std::int64_t observed_generation = 0;
  std::vector<kube::Condition> conditions;
  DefaultClassStatus default_class;
  std::optional<UnclassifiedStatus> unclassified;
  std::vector<Conflict> conflicts;
  std::vector<TierStatus> tiers;
  StatusSummary summary;
};

/// The value for `status`. Empty texts and lists are left out; numbers always stand there.
kube::Json EncodeStatus(const FleetStatus& status);
/// Reads what an operator of this or another version wrote: unknown fields and fields of another type are passed over.
FleetStatus DecodeStatus(const kube::Object& fleet);

/// The summary lines from the tiers' status: "private, public", "private 10.0.0.7, public 203.0.113.7",
/// "HAProxy 0.1.0" or, when tiers differ, "private HAProxy 0.1.0, public Traefik 3.4.0".
StatusSummary Summarize(const std::vector<TierStatus>& tiers);

}  // namespace ingressfleet::api
