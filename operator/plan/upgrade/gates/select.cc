#include <fmt/format.h>

#include "plan/upgrade/gates/gates.h"

// Before every write of the entry's selector to `context.to`.
namespace ingressfleet::plan::upgrade {
namespace {

bool OnTheWayBack(Phase phase) { return phase == Phase::kAbortMid || phase == Phase::kAbortPost; }

// The fence on slots: a slot that is about to carry traffic first gets this transition's id. From then on every older order to
// shrink or delete it, by whomever, fails: its resourceVersion has moved and its id is newer than the giver's.
Answer SlotsClaimed(const Context& context) {
  for (Slot slot : {Slot::kA, Slot::kB}) {
    if (!Selects(context.to, slot) || !context.seen[slot].exists) continue;
    const bool candidate = context.state.candidate && context.state.candidate->slot == slot;
    if (candidate && OnTheWayBack(context.state.phase)) continue;
    if (context.seen[slot].transition_id == context.state.transition_id) continue;
    return Answer::Wait("SlotNotClaimed",
                        fmt::format("{} does not carry transition {} yet", context.Name(slot), context.state.transition_id));
  }
  return Answer::Pass();
}

// Never from something ready to nothing ready. With nothing ready anywhere the selector stays wide, so that whichever slot
// comes back first serves, unless there is only the one slot.
Answer KeepsReady(const Context& context) {
  if (context.to == Traffic::kNone) {
    // By its annotation the entry was never exposed: then the selector is somebody else's, and nothing is better.
    const bool unexposed = context.state.phase == Phase::kInstall && context.seen.entry.committed == Traffic::kNone;
    return unexposed ? Answer::Pass() : Answer::Fail("SelectsNothing", "the tier has been exposed");
  }
  if (context.to == Traffic::kBoth) return Answer::Pass();
  const Slot slot = context.to == Traffic::kA ? Slot::kA : Slot::kB;
  const SlotSeen& other = context.seen[Other(slot)];
  const bool only_one = !other.exists && other.pods == 0;
  if (context.seen[slot].ready == 0 && !only_one) {
    return Answer::Wait("NothingReady",
                        fmt::format("{} has no ready pod: Service {} stays as it is", context.Name(slot), context.EntryName()));
  }
  const bool narrows = context.seen.entry.traffic == Traffic::kBoth && other.ready > 0;
  if (narrows && context.seen[slot].in_slices == 0) {
    return Answer::Wait("SlicesLag", fmt::format("{} is not in the slices of {} yet", context.Name(slot), context.EntryName()));
  }
  return Answer::Pass();
}

// Access lists before exposure: for a slot that is not selected now, and for an entry that selects nothing.
Answer AccessInForce(const Context& context) {
  const auto live = context.seen.entry.traffic;
  if (context.to != Traffic::kNone && live == Traffic::kNone && !context.seen.entry.access_in_force) {
    return Answer::Wait("AccessNotInForce", fmt::format("source ranges of Service {} are not in force", context.EntryName()));
  }
  for (Slot slot : {Slot::kA, Slot::kB}) {
    if (!Selects(context.to, slot) || (live && Selects(*live, slot)) || context.seen[slot].pods == 0) continue;
    if (!context.seen[slot].access_in_force) {
      return Answer::Wait("AccessNotInForce", fmt::format("pods of {} have not loaded the access list", context.Name(slot)));
    }
  }
  return Answer::Pass();
}

// Capacity: the one slot must be able to carry what two do.
Answer CoversServing(const Context& context) {
  if (context.state.phase != Phase::kContract) return Answer::Pass();
  return CandidateReady(context);
}

// With externalTrafficPolicy Local a node without an endpoint drops what the balancer still sends it.
Answer NodesCovered(const Context& context) {
  if (context.state.phase != Phase::kContract || !context.tier.local_traffic_policy) return Answer::Pass();
  for (const std::string& node : context.Serving().nodes) {
    if (context.Candidate().nodes.contains(node)) continue;
    return Answer::Wait("NodeNotCovered",
                        fmt::format("node {} runs {} but not {}: with externalTrafficPolicy Local it would drop "
                                    "connections",
                                    node, context.ServingName(), context.CandidateName()));
  }
  return Answer::Pass();
}

constexpr Gate kGates[] = {
    {"slots-claimed", "every slot to be selected carries this transition's id (on the way back: the serving one)",
     SlotsClaimed},
    {"keeps-ready", "the new selector selects a ready endpoint, or there is no other slot", KeepsReady},
    {"access-in-force", "newly selected slots hold the access list; so does the balancer at the first exposure", AccessInForce},
    {"covers-serving", "Contract: candidate pods ready >= serving pods ready", CoversServing},
    {"nodes-covered", "Contract with Local policy: candidate on every node of the serving slot", NodesCovered},
};
constexpr GateGroup kGroups[] = {{Chain::kSelect, kGates}};

}  // namespace

std::span<const GateGroup> SelectGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
