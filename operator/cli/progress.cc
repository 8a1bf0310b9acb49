#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingressfleet::cli {
namespace {

bool Has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string Serving(const api::TierStatus& tier) { return tier.serving ? tier.serving->revision : ""; }

/// The operator records every order, and does nothing but an Event about one that it cannot take. Whether it took it is read
/// off the record.
bool WasTaken(const Order& order, const api::TierStatus& tier) {
  const api::UpgradeStatus& upgrade = *tier.upgrade;
  const bool is_candidate = tier.candidate && tier.candidate->revision == order.revision;
  switch (order.kind) {
    case RequestKind::kPromote:
      return (upgrade.approval && upgrade.approval->revision == order.revision) || is_candidate ||
             Serving(tier) == order.revision;
    case RequestKind::kAbort: return order.revision.empty() || Serving(tier) != order.revision;
    case RequestKind::kRollback:
      return (upgrade.rollback && upgrade.rollback->revision == order.revision) || is_candidate ||
             Serving(tier) == order.revision;
    case RequestKind::kHold: return upgrade.hold.has_value();
    case RequestKind::kResume: return !upgrade.hold || upgrade.hold->reason != plan::upgrade::kHoldRequested;
    case RequestKind::kRetry: return !Has(tier.failed_revisions, order.revision);
  }
  return true;
}

Outcome Done(const Order& order, std::string_view what) { return {kExitDone, fmt::format("tier {} {}", order.tier, what)}; }

std::string WentBack(const Order& order, const api::TierStatus& tier) {
  const auto& abort = tier.upgrade->abort;
  return fmt::format("tier {} went back to {}: {}", order.tier, Serving(tier),
                     abort ? abort->message : fmt::format("revision {} does not serve", order.revision));
}

}  // namespace

Progress::Progress(Order order, WaitFor wait, bool written) : order_(std::move(order)), wait_(wait), handled_(!written) {}

Progress::Step Progress::See(const FleetView* fleet) {
  Step step;
  const api::TierStatus* const tier = fleet == nullptr ? nullptr : fleet->FindTier(order_.tier);
  if (tier == nullptr || !tier->upgrade) {
    step.outcome = Outcome{kExitFailed, fmt::format("tier {} is gone", order_.tier)};
    return step;
  }
  if (!handled_) step.outcome = Handled(*fleet, *tier, step);
  if (step.outcome || !handled_) return step;
  if (wait_ != WaitFor::kComplete) {
    step.outcome = Done(order_, RowOf(order_.kind).done);
    return step;
  }
  Tell(*tier, step);
  step.outcome = Completed(*tier);
  return step;
}

std::optional<Outcome> Progress::Handled(const FleetView& fleet, const api::TierStatus& tier, Step& step) {
  last_message_ = "the operator has not taken note of the order; is it running, and does it reach the API server?";
  const auto& handled = tier.upgrade->handled_requests;
  const auto found = handled.find(std::string(RowOf(order_.kind).record));
  if (found != handled.end() && found->second == order_.value) {
    handled_ = true;
    if (!WasTaken(order_, tier)) {
      return Outcome{
          kExitFailed,
          fmt::format("the operator did not take the order: tier {} is in {}{}{} (kubectl get events says why)", order_.tier,
                      tier.upgrade->phase, tier.upgrade->message.empty() ? "" : ": ", tier.upgrade->message)};
    }
    if (wait_ == WaitFor::kComplete) step.lines.emplace_back("the operator has taken the order");
    return std::nullopt;
  }
  const auto annotation = fleet.annotations.find(order_.key);
  const bool ours = annotation != fleet.annotations.end() && annotation->second == order_.value;
  seen_ = seen_ || ours;
  if (!seen_ || ours) return std::nullopt;
  return Outcome{kExitFailed,
                 fmt::format("another order took the place of this one before the operator saw it: {}",
                             annotation == fleet.annotations.end() ? "the annotation was removed" : annotation->second)};
}

void Progress::Tell(const api::TierStatus& tier, Step& step) {
  const api::UpgradeStatus& upgrade = *tier.upgrade;
  last_message_ =
      fmt::format("tier {} is in {}{}{}", order_.tier, upgrade.phase, upgrade.message.empty() ? "" : ": ", upgrade.message);
  const std::string where = upgrade.phase == "Shift" ? fmt::format("Shift {}", upgrade.step + 1) : upgrade.phase;
  if (where == told_) return;
  told_ = where;
  const std::string_view does = WhatPhaseDoes(upgrade.phase);
  const std::string share = tier.candidate && upgrade.candidate_share_percent > 0
                                ? fmt::format(" ({} % of new connections go to the candidate)", upgrade.candidate_share_percent)
                                : "";
  step.lines.push_back(fmt::format("{:<11} {}{}", where, does, share));
}

std::optional<Outcome> Progress::Completed(const api::TierStatus& tier) const {
  const api::UpgradeStatus& upgrade = *tier.upgrade;
  if (order_.kind == RequestKind::kHold || order_.kind == RequestKind::kResume) return Done(order_, RowOf(order_.kind).done);
  // A way back is finished in a hold too; everything else waits for a person.
  if (upgrade.hold && !IsGoingBack(tier)) {
    return Outcome{kExitFailed, fmt::format("tier {} is held in {} ({}): {}", order_.tier, upgrade.phase, upgrade.hold->reason,
                                            upgrade.hold->message)};
  }
  const bool stable = upgrade.phase == "Stable";
  if (order_.kind == RequestKind::kAbort) {
    if (stable) return Done(order_, fmt::format("is back at {}", Serving(tier)));
    return std::nullopt;
  }
  const bool serves = Serving(tier) == order_.revision;
  if (stable && serves) return Done(order_, fmt::format("serves {}", order_.revision));
  const bool failed = Has(tier.failed_revisions, order_.revision);
  const bool back = order_.kind != RequestKind::kRollback && IsGoingBack(tier);
  if (!serves && (failed || back)) return Outcome{kExitFailed, WentBack(order_, tier)};
  const bool pending = tier.candidate || upgrade.rollback || order_.kind == RequestKind::kRetry ||
                       (upgrade.approval && upgrade.approval->revision == order_.revision);
  if (stable && !pending) return Outcome{kExitFailed, WentBack(order_, tier)};
  return std::nullopt;
}

std::string Progress::WhenTimedOut() const { return last_message_; }

}  // namespace ingressfleet::cli
