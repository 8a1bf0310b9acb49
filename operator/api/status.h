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
  std::string slot;          ///< "a" or "b"
  std::string revision;      ///< hash of all that needs a rollout
  std::string version;       ///< engine and version, "HAProxy 0.1.0"
  std::string retain_until;  ///< only of `previous`: until when it stays warm, RFC 3339
};

/// What a gate of the current phase says.
struct GateStatus {
  std::string name;
  std::string result;  ///< Pass, Fail or Unknown
  std::string reason;
  std::string message;
};

/// Something that was ordered or decided, and is remembered: an approval, an abort, a hold, a rollback.
struct DecisionStatus {
  std::string revision;
  std::string by;
  std::string id;  ///< of the request
  std::string reason;
  std::string message;
  std::string at;  ///< RFC 3339
};

/// Where an upgrade stands: the record of intent from which the operator goes on after a restart (plan/upgrade/types.h says
/// what each value means). Times are RFC 3339 with a fraction.
struct UpgradeStatus {
  std::string phase;
  std::string message;  ///< what it waits for, with the remedy
  std::string strategy;
  std::string cutover;
  std::int64_t step = 0;
  std::int64_t candidate_share_percent = 0;  ///< of new connections, by ready endpoints
  std::int64_t transition_id = 0;
  std::string phase_started_at;
  std::string deadline;
  std::string window_started_at;
  std::int64_t restart_baseline = 0;
  std::string started_for;
  bool rollback_run = false;
  std::string committed_traffic;  ///< none, a, b or ab
  std::int64_t committed_transition_id = 0;
  std::vector<std::string> drift_repairs;
  bool drift_open = false;
  std::vector<GateStatus> gates;
  std::optional<DecisionStatus> approval;
  std::optional<DecisionStatus> abort;
  std::optional<DecisionStatus> hold;
  std::optional<DecisionStatus> rollback;
  kube::StringMap handled_requests;  ///< the last one of each kind
  std::string finished_at;
};

struct HistoryStatus {
  std::string revision;
  std::string version;
  std::string reason;  ///< Installed, Promoted or RolledBack
  std::string at;
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
  std::optional<SlotStatus> previous;  ///< what served before and can serve again at once
  std::optional<UpgradeStatus> upgrade;
  std::vector<std::string> failed_revisions;
  std::vector<HistoryStatus> history;  ///< newest first
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
