#include "plan/upgrade/recover.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {
namespace {

std::int64_t NewestSeen(const SlotsSeen& seen) {
  return std::max({seen.entry.transition_id, seen.slots[0].transition_id, seen.slots[1].transition_id});
}

// The version text is only known for revisions that are still mentioned somewhere.
Revision KnownRevision(const TierInput& tier, const TierState& old, const std::string& hash) {
  if (hash == tier.desired.hash) return tier.desired;
  for (const HistoryEntry& entry : old.history) {
    if (entry.revision.hash == hash) return entry.revision;
  }
  return {hash, ""};
}

struct Builder {
  const TierInput& tier;
  const SlotsSeen& seen;
  const TierState& old;
  TierState state;

  Revision Known(const std::string& hash) const { return KnownRevision(tier, old, hash); }
  SlotRef Ref(Slot slot) const { return {slot, Known(seen[slot].revision)}; }
  SlotRef Fresh(Slot slot) const { return {slot, tier.desired}; }
  /// The slot as it is, or with the wanted revision when it has to be made.
  SlotRef RefOrFresh(Slot slot) const { return seen[slot].exists ? Ref(slot) : Fresh(slot); }

  TierState In(Phase phase) && {
    state.phase = phase;
    if (RowOf(phase).timeout != nullptr) {
      const auto timeout = RowOf(phase).timeout(tier, state);
      if (timeout) state.deadline = state.phase_started_at + *timeout;
    }
    return std::move(state);
  }

  TierState WayBack(Phase phase, Slot serving) && {
    state.serving = Ref(serving);
    if (seen[Other(serving)].exists) state.candidate = Ref(Other(serving));
    state.abort =
        AbortRecord{"StatusLost", "the upgrade's record was lost; it goes back to the serving slot and may begin again",
                    state.phase_started_at};
    return std::move(*this).In(phase);
  }

  TierState Unresolved(std::string why) && {
    const std::string annotate =
        seen.entry.exists
            ? fmt::format(
                  "set annotation ingressfleet.io/serving-revision on Service {}-entry to the revision that should serve, or ",
                  tier.name)
            : "";
    state.hold = HoldRecord{
        std::string(kHoldAmbiguous),
        fmt::format("tier {}: status is lost and {}; nothing is touched. To resolve it, {}delete the workload of the slot that "
                    "should not serve",
                    tier.name, why, annotate),
        state.phase_started_at};
    return std::move(*this).In(Phase::kUnresolved);
  }
};

/// The one slot whose revision the entry's annotation names.
std::optional<Slot> NamedSlot(const SlotsSeen& seen) {
  const std::string& serving = seen.entry.serving_revision;
  const bool is_a = !serving.empty() && seen[Slot::kA].revision == serving;
  const bool is_b = !serving.empty() && seen[Slot::kB].revision == serving;
  if (is_a == is_b) return std::nullopt;
  return is_a ? Slot::kA : Slot::kB;
}

TierState FromNone(Builder builder) {
  const bool a = builder.seen[Slot::kA].exists;
  const bool b = builder.seen[Slot::kB].exists;
  std::optional<Slot> slot = b ? Slot::kB : Slot::kA;
  if (a && b) slot = NamedSlot(builder.seen);
  if (!slot) return std::move(builder).Unresolved("two slots exist while nothing is selected");
  builder.state.serving = builder.RefOrFresh(*slot);
  return std::move(builder).In(Phase::kInstall);
}

TierState FromBothSelected(Builder builder) {
  const SlotSeen& a = builder.seen[Slot::kA];
  const SlotSeen& b = builder.seen[Slot::kB];
  if (a.exists != b.exists) return std::move(builder).WayBack(Phase::kAbortMid, a.exists ? Slot::kA : Slot::kB);
  if (!a.exists) {
    builder.state.serving = builder.Fresh(Slot::kA);
    return std::move(builder).In(Phase::kStable);
  }
  const std::optional<Slot> serving = NamedSlot(builder.seen);
  if (!serving) return std::move(builder).Unresolved("both slots are selected and no annotation says which one is new");
  // Forward would need proof that the candidate is good; back needs none.
  return std::move(builder).WayBack(Phase::kAbortPost, *serving);
}

TierState FromSelected(Builder builder, Slot selected) {
  const Slot other = Other(selected);
  const SlotSeen& live = builder.seen[selected];
  const SlotSeen& rest = builder.seen[other];
  const std::string& serving = builder.seen.entry.serving_revision;
  if (!rest.exists) {
    builder.state.serving = builder.RefOrFresh(selected);
    const bool rolling =
        builder.tier.strategy == Strategy::kRollingUpdate && live.exists && !serving.empty() && serving != live.revision;
    if (!rolling) return std::move(builder).In(Phase::kStable);
    // Half replaced in place: what the annotation names is the last revision known to be good.
    builder.state.strategy = Strategy::kRollingUpdate;
    builder.state.candidate = builder.state.serving;
    builder.state.serving->revision = builder.Known(serving);
    return std::move(builder).In(Phase::kRollingBack);
  }
  if (!live.exists) {
    if (serving == rest.revision) return std::move(builder).WayBack(Phase::kAbortPost, other);
    return std::move(builder).Unresolved("the selected slot does not exist while the other one does");
  }
  const bool promoted = serving == live.revision || serving.empty();
  if (promoted && rest.retain_until) {
    builder.state.serving = builder.Ref(selected);
    builder.state.previous = builder.Ref(other);
    builder.state.retain_until = rest.retain_until;
    return std::move(builder).In(Phase::kRetain);
  }
  if (promoted && !serving.empty()) return std::move(builder).WayBack(Phase::kAbortPre, selected);
  if (serving == rest.revision) {
    builder.state.serving = builder.Ref(other);
    builder.state.candidate = builder.Ref(selected);
    builder.state.started_for = live.revision;
    builder.state.cutover = builder.tier.cutover;
    return std::move(builder).In(Phase::kObserve);
  }
  return std::move(builder).Unresolved("annotation serving-revision fits neither slot");
}

}  // namespace

bool MustRecover(const SlotsSeen& seen, const TierState& state) {
  return state.phase == Phase::kNew || NewestSeen(seen) > state.transition_id;
}

TierState Recover(const TierInput& tier, const SlotsSeen& seen, const TierState& old, TimePoint now) {
  const std::int64_t newest = std::max(NewestSeen(seen), old.transition_id);
  Builder builder{tier, seen, old, {}};
  builder.state.transition_id = newest == 0 ? 1 : newest + kRecoverStride;
  builder.state.phase_started_at = now;
  builder.state.handled = old.handled;
  builder.state.failed_revisions = old.failed_revisions;
  builder.state.history = old.history;
  builder.state.finished_at = old.finished_at;
  builder.state.strategy = Strategy::kBlueGreen;
  if (!seen.entry.exists) return FromNone(std::move(builder));

  // The annotation is written together with the selector: where they differ, somebody else has edited the selector.
  const auto committed = seen.entry.committed ? seen.entry.committed : seen.entry.traffic;
  if (!committed) return std::move(builder).Unresolved("the entry's selector is none of ours");
  builder.state.committed = *committed;
  builder.state.committed_id = seen.entry.transition_id;
  switch (*committed) {
    case Traffic::kNone: return FromNone(std::move(builder));
    case Traffic::kA: return FromSelected(std::move(builder), Slot::kA);
    case Traffic::kB: return FromSelected(std::move(builder), Slot::kB);
    case Traffic::kBoth: return FromBothSelected(std::move(builder));
  }
  return std::move(builder).Unresolved("the entry's selector is none of ours");
}

}  // namespace ingressfleet::plan::upgrade
