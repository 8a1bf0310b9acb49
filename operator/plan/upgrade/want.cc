#include "plan/upgrade/want.h"

#include <algorithm>

#include "plan/upgrade/canary.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {
namespace {

enum class Role { kNone, kServing, kCandidate, kPrevious };

Role RoleOf(const TierState& state, Slot slot) {
  if (state.serving && state.serving->slot == slot) return Role::kServing;
  if (state.candidate && state.candidate->slot == slot) return Role::kCandidate;
  if (state.previous && state.previous->slot == slot) return Role::kPrevious;
  return Role::kNone;
}

bool Frozen(const TierState& state) { return state.hold && state.hold->reason == kHoldForeignOwner; }

WantedSlot Keep() { return {}; }
WantedSlot Delete() {
  WantedSlot wanted;
  wanted.action = SlotAction::kDelete;
  return wanted;
}

WantedSlot Ensure(const Context& context, Slot slot, const std::string& revision, std::int64_t replicas) {
  const SlotSeen& live = context.seen[slot];
  WantedSlot wanted;
  wanted.action = SlotAction::kEnsure;
  wanted.revision = revision;
  wanted.replicas = replicas;
  wanted.transition_id = live.exists ? live.transition_id : context.state.transition_id;
  return wanted;
}

WantedSlot WantServing(const Context& context, Slot slot) {
  const TierState& state = context.state;
  const Phase phase = state.phase;
  const bool terminated = state.cutover == CutoverMode::kExpandTerminate &&
                          (phase == Phase::kTerminate || phase == Phase::kContract || phase == Phase::kObserve);
  const std::string& revision = phase == Phase::kRolling ? state.candidate->revision.hash : state.serving->revision.hash;
  return Ensure(context, slot, revision, terminated ? 0 : std::max<std::int64_t>(1, context.tier.replicas));
}

// After the candidate has got traffic it is never made again: if it vanishes, the way back is taken.
WantedSlot WantCandidate(const Context& context, Slot slot) {
  const TierState& state = context.state;
  const SlotSeen& live = context.seen[slot];
  if (state.phase == Phase::kAbortPre) {
    const bool delay_over = Due(context.now, context.evidence.transition, state.phase_started_at, context.tier.abort_delay);
    return live.exists && delay_over ? Delete() : Keep();
  }
  if (!RowOf(state.phase).forward || state.phase == Phase::kPreflight) return Keep();
  if (!live.exists && state.phase != Phase::kProvision) return Keep();
  const std::int64_t need = CandidateNeed(context.tier, context.seen, state);
  const bool same = live.exists && live.revision == state.candidate->revision.hash;
  return Ensure(context, slot, state.candidate->revision.hash, same ? std::max(need, live.wanted) : need);
}

WantedSlot WantPrevious(const Context& context, Slot slot) {
  const TierState& state = context.state;
  const SlotSeen& live = context.seen[slot];
  if (!live.exists) return Keep();
  if (state.phase == Phase::kFinalize) return Delete();
  const bool empty = state.phase == Phase::kDrain || state.cutover == CutoverMode::kExpandTerminate;
  WantedSlot wanted =
      Ensure(context, slot, state.previous->revision.hash, empty ? 0 : std::max<std::int64_t>(1, context.tier.replicas));
  wanted.retain_until = state.retain_until;
  return wanted;
}

WantedSlot WantLeftover(const Context& context, Slot slot) { return context.seen[slot].exists ? Delete() : Keep(); }

WantedSlot WantSlot(const Context& context, Slot slot) {
  switch (RoleOf(context.state, slot)) {
    case Role::kServing: return WantServing(context, slot);
    case Role::kCandidate: return WantCandidate(context, slot);
    case Role::kPrevious: return WantPrevious(context, slot);
    case Role::kNone: return WantLeftover(context, slot);
  }
  return Keep();
}

// Whether it takes pods away that the tier is entitled to: then the gates of kRemove are asked.
bool Removes(const Context& context, Slot slot, const WantedSlot& wanted) {
  if (wanted.action == SlotAction::kDelete) return true;
  const std::int64_t entitled = std::max<std::int64_t>(1, context.tier.replicas);
  return wanted.action == SlotAction::kEnsure && wanted.replicas < context.seen[slot].wanted && wanted.replicas < entitled;
}

void Explain(const Answer& answer, std::vector<Note>& notes) { notes.push_back({false, false, answer.reason, answer.message}); }

/// Returns whether the entry must be fenced before the slot can be removed.
bool GuardRemoval(const Context& context, const Gates& gates, WantedSlot& wanted, std::vector<Note>& notes) {
  const ChainResult asked = Ask(gates[Chain::kRemove], context);
  if (asked.verdict == Verdict::kPass && !Frozen(context.state)) return false;
  Explain(asked.first, notes);
  if (wanted.action == SlotAction::kDelete) {
    wanted = Keep();
  } else {
    wanted.replicas = context.seen[context.slot].wanted;
  }
  return context.seen.entry.exists && context.seen.entry.transition_id != context.state.transition_id;
}

bool Commits(Phase phase) {
  return phase == Phase::kExpand || phase == Phase::kContract || phase == Phase::kAbortMid || phase == Phase::kAbortPost;
}

void ClaimSlots(const Context& context, Want& want) {
  for (Slot slot : {Slot::kA, Slot::kB}) {
    if (!Selects(context.to, slot) || want[slot].action != SlotAction::kEnsure) continue;
    want[slot].transition_id = context.state.transition_id;
  }
}

std::string ServingAnnotation(const TierState& state) { return state.serving ? state.serving->revision.hash : std::string(); }

WantedEntry WantEntry(const Context& context, const Gates& gates, bool fence, Want& want, std::vector<Note>& notes) {
  const EntrySeen& live = context.seen.entry;
  const TierState& state = context.state;
  WantedEntry entry;
  if (Frozen(state)) return entry;
  // A lost entry has lost its address already; without a new one the tier stays dark. AddressStable tells when it differs.
  if (!live.exists) return {SlotAction::kEnsure, Traffic::kNone, state.transition_id, ServingAnnotation(state)};
  const auto target = TargetTraffic(state);
  Traffic traffic = live.traffic.value_or(Traffic::kNone);  // only kept when it is ours, see below
  const bool move = target && (live.traffic != *target || live.committed != live.traffic ||
                               (Commits(state.phase) && live.transition_id != state.transition_id));
  bool moving = false;
  if (move) {
    Context selecting = context;
    selecting.to = *target;
    ClaimSlots(selecting, want);
    const bool only_none = *target == Traffic::kNone && live.traffic == Traffic::kNone;
    const ChainResult asked = Ask(gates[Chain::kSelect], selecting);
    moving = only_none || asked.verdict == Verdict::kPass;
    if (moving) traffic = *target;
    if (!moving) Explain(asked.first, notes);
  }
  if (!moving && live.committed != live.traffic) return entry;  // any write would make somebody else's selector ours
  const std::string annotation = ServingAnnotation(state);
  const bool write = moving || fence || live.serving_revision != annotation;
  return {SlotAction::kEnsure, traffic, write ? state.transition_id : live.transition_id, annotation};
}

bool WantsPreview(Phase phase) {
  const bool upgrading = RowOf(phase).forward && phase != Phase::kPreflight;
  return upgrading || phase == Phase::kAbortMid || phase == Phase::kAbortPost || phase == Phase::kRetain ||
         phase == Phase::kDrain;
}

}  // namespace

Want WantedOf(const Context& context, const Gates& gates, std::vector<Note>& notes) {
  Want want;
  bool fence = false;
  for (Slot slot : {Slot::kA, Slot::kB}) {
    want[slot] = WantSlot(context, slot);
    Context removing = context;
    removing.slot = slot;
    if (Removes(context, slot, want[slot])) fence |= GuardRemoval(removing, gates, want[slot], notes);
  }
  want.entry = WantEntry(context, gates, fence, want, notes);
  const TierState& state = context.state;
  want.preview = WantsPreview(state.phase) && state.strategy != Strategy::kRollingUpdate;
  want.freeze_entry = RowOf(state.phase).freezes_entry;
  return want;
}

}  // namespace ingressfleet::plan::upgrade
