#include "cli/order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/tier_input.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::cli {
namespace {

constexpr VerbRow kVerbs[] = {
    {"promote", RequestKind::kPromote, "promote", true, true, "approved", "Approve a tier's candidate, by its revision."},
    {"abort", RequestKind::kAbort, "abort", false, true, "aborted", "Give up the upgrade under way: back to what serves."},
    {"rollback", RequestKind::kRollback, "rollback", true, true, "rolled back", "Go back to an earlier revision."},
    {"pause", RequestKind::kHold, "hold", false, false, "held", "Hold a tier's upgrade where it is."},
    {"resume", RequestKind::kResume, "resume", false, false, "resumed", "Let a held tier go on."},
    {"retry", RequestKind::kRetry, "retry", true, false, "allowed again",
     "Allow a revision that has failed to be tried again."},
};

using Verdict = OrderAnswer::Verdict;

OrderAnswer Refuse(std::string message) { return {Verdict::kRefuse, {}, std::move(message)}; }

OrderAnswer Write(std::string revision, std::vector<std::string> remarks = {}) {
  OrderAnswer answer{Verdict::kWrite, {}, {}};
  answer.order.revision = std::move(revision);
  answer.order.remarks = std::move(remarks);
  return answer;
}

OrderAnswer Already(std::string revision, std::string message) {
  OrderAnswer answer{Verdict::kAlready, {}, std::move(message)};
  answer.order.revision = std::move(revision);
  return answer;
}

/// One tier, where everything that is asked of it stands.
struct Subject {
  const OrderInput& input;
  const api::TierStatus& tier;
  const api::UpgradeStatus& upgrade;

  std::string Serving() const { return tier.serving ? tier.serving->revision : ""; }
  std::string Candidate() const { return tier.candidate ? tier.candidate->revision : ""; }
  bool IsHeldFor(std::string_view reason) const { return upgrade.hold && upgrade.hold->reason == reason; }
};

std::string ListOf(const api::TierStatus& tier) {
  std::vector<std::string> all;
  for (const KnownRevision& known : KnownRevisions(tier)) all.push_back(fmt::format("{} ({})", known.revision, known.what));
  return all.empty() ? "none" : fmt::format("{}", fmt::join(all, ", "));
}

std::vector<std::string> HoldRemark(const Subject& subject) {
  if (!subject.upgrade.hold) return {};
  return {fmt::format("the tier is held ({}), so that nothing moves yet: {}", subject.upgrade.hold->reason,
                      subject.upgrade.hold->message)};
}

OrderAnswer Promote(const Subject& subject) {
  const std::string candidate = subject.Candidate();
  const std::string& wanted = subject.input.revision;
  if (candidate.empty() || IsGoingBack(subject.tier)) {
    const std::string next = IsGoingBack(subject.tier) ? "" : WantedRevision(subject.tier);
    const auto& failed = subject.tier.failed_revisions;
    if (!wanted.empty() && wanted == next && wanted != subject.Serving() &&
        std::find(failed.begin(), failed.end(), wanted) == failed.end()) {
      return Write(wanted, {"there is no candidate yet; the approval counts when its turn comes"});
    }
    return Refuse(fmt::format("there is nothing to promote: the tier is in {} and {}", subject.upgrade.phase,
                              candidate.empty() ? "has no candidate" : fmt::format("its candidate {} is given up", candidate)));
  }
  if (!wanted.empty() && wanted != candidate) {
    return Refuse(
        fmt::format("revision {} is not the candidate, {} is: promote that one, by name or without one", wanted, candidate));
  }
  if (subject.upgrade.approval && subject.upgrade.approval->revision == candidate) {
    return Already(candidate, fmt::format("revision {} is approved already, by {} at {}", candidate,
                                          subject.upgrade.approval->by, subject.upgrade.approval->at));
  }
  const auto phase = plan::upgrade::ParsePhase(subject.upgrade.phase);
  if (phase && *phase > plan::upgrade::Phase::kApprove) {
    return Already(candidate,
                   fmt::format("revision {} is past its approval: the tier is in {}", candidate, subject.upgrade.phase));
  }
  return Write(candidate, HoldRemark(subject));
}

OrderAnswer Abort(const Subject& subject) {
  if (IsGoingBack(subject.tier))
    return Already(subject.Candidate(), fmt::format("the tier is on its way back already, in {}", subject.upgrade.phase));
  if (!IsForward(subject.tier)) {
    const bool warm = subject.tier.previous.has_value();
    return Refuse(fmt::format("there is no upgrade to abort: the tier is in {}{}", subject.upgrade.phase,
                              warm ? fmt::format("; to go back to {}, use rollback", subject.tier.previous->revision) : ""));
  }
  return Write(subject.Candidate());
}

std::string DefaultRollback(const Subject& subject) {
  if (subject.tier.previous && subject.tier.previous->revision != subject.Serving()) return subject.tier.previous->revision;
  for (const api::HistoryStatus& entry : subject.tier.history) {
    if (entry.revision != subject.Serving()) return entry.revision;
  }
  return "";
}

OrderAnswer Rollback(const Subject& subject) {
  const std::string& named = subject.input.revision;
  if (named.empty() && IsForward(subject.tier)) {
    return Refuse(fmt::format("an upgrade to {} is under way ({}): use abort to go back to {}, or name the revision to go to",
                              subject.Candidate(), subject.upgrade.phase, subject.Serving()));
  }
  const std::string revision = named.empty() ? DefaultRollback(subject) : named;
  if (revision.empty()) return Refuse("there is no earlier revision in the tier's history");
  const auto& history = subject.tier.history;
  const bool known = revision == subject.Serving() || (subject.tier.previous && subject.tier.previous->revision == revision) ||
                     std::any_of(history.begin(), history.end(), [&](const auto& entry) { return entry.revision == revision; });
  if (!known)
    return Refuse(fmt::format("revision {} is not in the tier's history; known are: {}", revision, ListOf(subject.tier)));
  if (revision == subject.Serving() && !IsForward(subject.tier))
    return Refuse(fmt::format("revision {} serves already", revision));
  return Write(revision, HoldRemark(subject));
}

OrderAnswer Pause(const Subject& subject) {
  if (const auto& hold = subject.upgrade.hold) {
    return Refuse(fmt::format("the tier is held already ({}, since {}): {}", hold->reason, hold->at, hold->message));
  }
  std::vector<std::string> remarks;
  if (!IsForward(subject.tier)) remarks.emplace_back("no upgrade is under way; none will begin until resume");
  return Write("", remarks);
}

OrderAnswer Resume(const Subject& subject) {
  if (!subject.upgrade.hold) return Refuse("the tier is not held");
  for (const std::string_view reason : {plan::upgrade::kHoldPaused, plan::upgrade::kHoldAmbiguous}) {
    if (subject.IsHeldFor(reason))
      return Refuse(fmt::format("resume does not end a hold for {}: {}", reason, subject.upgrade.hold->message));
  }
  return Write("");
}

OrderAnswer Retry(const Subject& subject) {
  const auto& failed = subject.tier.failed_revisions;
  if (failed.empty()) return Refuse("no revision of the tier has failed");
  const auto has_failed = [&](const std::string& revision) {
    return std::find(failed.begin(), failed.end(), revision) != failed.end();
  };
  std::string revision = subject.input.revision;
  const std::string wanted = WantedRevision(subject.tier);
  if (revision.empty() && has_failed(wanted)) revision = wanted;
  if (revision.empty()) {
    return Refuse(fmt::format("the revision that the specification asks for has not failed; name one of those that have: {}",
                              fmt::join(failed, ", ")));
  }
  if (!has_failed(revision))
    return Refuse(fmt::format("revision {} has not failed; these have: {}", revision, fmt::join(failed, ", ")));
  std::vector<std::string> remarks;
  if (!wanted.empty() && wanted != revision) {
    remarks.push_back(fmt::format("the specification asks for {}; {} is tried when it asks for that again", wanted, revision));
  }
  return Write(revision, remarks);
}

OrderAnswer Judge(const Subject& subject) {
  switch (subject.input.kind) {
    case RequestKind::kPromote: return Promote(subject);
    case RequestKind::kAbort: return Abort(subject);
    case RequestKind::kRollback: return Rollback(subject);
    case RequestKind::kHold: return Pause(subject);
    case RequestKind::kResume: return Resume(subject);
    case RequestKind::kRetry: return Retry(subject);
  }
  return Refuse("unknown order");
}

/// Why no order can be taken at all; empty when one can.
std::string Obstacle(const OrderInput& input, const api::TierStatus* tier) {
  const FleetView& fleet = *input.fleet;
  if (fleet.deleting) return fmt::format("fleet {} is being deleted", fleet.name);
  const kube::Condition* const accepted = kube::FindCondition(fleet.status.conditions, "Accepted");
  if (accepted != nullptr && accepted->status == kube::ConditionStatus::kFalse) {
    return fmt::format("the specification of fleet {} is refused, and no order is taken until it is right: {}", fleet.name,
                       accepted->message);
  }
  if (tier == nullptr || !tier->upgrade || tier->upgrade->phase.empty()) {
    return fmt::format("the operator has reported nothing of tier {} yet; is it running?", input.tier);
  }
  return "";
}

/// The operator reads the name up to the comma.
std::string Sanitized(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ',' || static_cast<unsigned char>(c) < 0x20; }, ';');
  return name;
}

void Complete(const OrderInput& input, Order& order) {
  order.kind = input.kind;
  order.tier = input.tier;
  order.key = plan::RequestAnnotation(input.kind, input.tier);
  const std::string_view first = order.revision.empty() ? RowOf(input.kind).record : std::string_view(order.revision);
  const auto value = [&](const std::string& time) { return fmt::format("{} by {}, {}", first, Sanitized(input.by), time); };
  order.value = value(base::FormatTime(input.now));
  // A text that is there already would be no new order.
  const auto present = input.fleet->annotations.find(order.key);
  if (present != input.fleet->annotations.end() && present->second == order.value)
    order.value = value(base::FormatMicroTime(input.now));
}

}  // namespace

std::span<const VerbRow> AllVerbs() { return kVerbs; }

const VerbRow& RowOf(RequestKind kind) {
  return *std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& row) { return row.kind == kind; });
}

OrderAnswer DecideOrder(const OrderInput& input) {
  const api::TierStatus* const tier = input.fleet->FindTier(input.tier);
  if (const std::string obstacle = Obstacle(input, tier); !obstacle.empty()) return Refuse(obstacle);
  OrderAnswer answer = Judge({input, *tier, *tier->upgrade});
  if (answer.verdict != Verdict::kRefuse) Complete(input, answer.order);
  return answer;
}

kube::Object OrderBody(const FleetView& fleet, const Order& order) {
  kube::Object body(kube::kIngressFleet, "", fleet.name);
  body.body()["metadata"]["uid"] = fleet.uid;
  body.body()["metadata"]["annotations"][order.key] = order.value;
  return body;
}

std::string OrderFieldManager(const Order& order) {
  return fmt::format("kubectl-ingressfleet-{}-{}", RowOf(order.kind).record, order.tier);
}

std::vector<KnownRevision> KnownRevisions(const api::TierStatus& tier) {
  std::vector<KnownRevision> all;
  const auto add = [&](const std::string& revision, const std::string& version, std::string_view what) {
    const auto same = [&](const KnownRevision& known) { return known.revision == revision; };
    if (revision.empty() || std::any_of(all.begin(), all.end(), same)) return;
    all.push_back({revision, version.empty() ? std::string(what) : fmt::format("{}, {}", version, what)});
  };
  if (tier.serving) add(tier.serving->revision, tier.serving->version, "serving");
  if (tier.candidate) add(tier.candidate->revision, tier.candidate->version, "candidate");
  if (tier.previous) add(tier.previous->revision, tier.previous->version, "warm");
  for (const api::HistoryStatus& entry : tier.history) add(entry.revision, entry.version, "served before");
  for (const std::string& revision : tier.failed_revisions) add(revision, "", "failed");
  return all;
}

}  // namespace ingressfleet::cli
