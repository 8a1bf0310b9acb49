#pragma once
// A person's order to the upgrade machine: whether it makes sense now, and the annotation that says it (plan/tier_input.h).
// The operator decides by itself what it takes; refusing here saves writing what it would only ignore. Pure.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/fleet_view.h"
#include "plan/upgrade/types.h"

namespace ingressfleet::cli {

using plan::upgrade::RequestKind;

struct VerbRow {
  std::string_view name;  ///< as typed: "pause"
  RequestKind kind;
  std::string_view record;  ///< as in status.tiers[].upgrade.handledRequests: "hold"
  bool names_revision;      ///< takes [REVISION]
  bool waits;               ///< by default until the operator has handled it
  std::string_view done;    ///< "promoted", for people
  std::string_view help;
};
std::span<const VerbRow> AllVerbs();
const VerbRow& RowOf(RequestKind kind);

struct OrderInput {
  RequestKind kind = RequestKind::kHold;
  const FleetView* fleet = nullptr;
  std::string tier;
  std::string revision;  ///< empty = the one that is meant by default
  std::string by;
  base::TimePoint now{};
};

struct Order {
  RequestKind kind = RequestKind::kHold;
  std::string tier;
  std::string revision;              ///< empty for hold and resume
  std::string key, value;            ///< the annotation
  std::vector<std::string> remarks;  ///< what the one who orders should know
};

struct OrderAnswer {
  enum class Verdict {
    kWrite,
    kAlready,  ///< somebody has ordered just this: there is nothing to write, but it may be waited for
    kRefuse,
  };
  Verdict verdict = Verdict::kRefuse;
  Order order;
  std::string message;  ///< why not
};

OrderAnswer DecideOrder(const OrderInput& input);

/// The body of the server-side apply. It carries the uid, so that a fleet of that name made meanwhile is not touched.
kube::Object OrderBody(const FleetView& fleet, const Order& order);
/// One for each verb and tier: an apply removes what its manager wrote before and does not write again.
std::string OrderFieldManager(const Order& order);

/// Every revision that the status knows, newest first: "5c1d0e99ab (HAProxy 0.1.0, serving)".
struct KnownRevision {
  std::string revision;
  std::string what;
};
std::vector<KnownRevision> KnownRevisions(const api::TierStatus& tier);

}  // namespace ingressfleet::cli
