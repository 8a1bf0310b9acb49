#pragma once
// What the upgrade machine is told: the specification, people's orders and what is there now, in its own words. Pure.

#include <string>

#include "api/field_error.h"
#include "plan/observe.h"
#include "plan/revision.h"
#include "plan/upgrade/types.h"
#include "plan/verify/checks.h"

namespace ingressfleet::plan {

/// Orders are annotations of the fleet, so that kubectl, the plugin and a GitOps repository give them the same way:
///   ingressfleet.io/promote-<tier>: "<revision> by jane@example.com, 2026-03-01T12:00:00Z"
/// The first word is the revision (promote, rollback, retry); hold, resume and abort take any text. A text that differs from
/// the last one is a new order.
inline constexpr std::string_view kRequestPrefix = "ingressfleet.io/";
upgrade::Requests ParseRequests(const kube::StringMap& annotations, const std::string& tier);
/// The annotation's key: "ingressfleet.io/promote-public".
std::string RequestAnnotation(upgrade::RequestKind kind, std::string_view tier);

/// Whether one of the windows is open, and when the next one opens. No windows: always open.
struct WindowState {
  bool open = true;
  std::optional<base::TimePoint> next;
};
WindowState WindowAt(const std::vector<api::MaintenanceWindow>& windows, base::TimePoint now);

/// What is wrong with the user's own checks; `path` is the tier's.
api::FieldErrors ValidateChecks(const api::Verify& checks, const std::string& path);
std::vector<verify::CustomProbe> CustomProbesOf(const ResolvedTier& tier);
std::vector<verify::MetricQuery> MetricsOf(const ResolvedTier& tier);

upgrade::TierInput InputOf(const ResolvedFleet& fleet, const ResolvedTier& tier, const RevisionBody& desired,
                           const ObservedTier& observed, const Snapshot& snapshot);

/// What the machine was told of a tier and what it decided.
struct TierAdvance {
  upgrade::TierInput input;
  upgrade::Decision decision;
  std::string waiting;  ///< why an upgrade that is wanted may not begin: the fleet's train; empty when it may
};

upgrade::SlotsSeen SeenOf(const ResolvedTier& tier, const ObservedTier& observed);

}  // namespace ingressfleet::plan
