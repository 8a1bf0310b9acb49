#include <fmt/format.h>

#include "plan/upgrade/gates/gates.h"

// Before `context.slot` is deleted or made smaller than the tier wants.
namespace ingressfleet::plan::upgrade {
namespace {

// The fence on the entry: it first gets this transition's id. From then on every older order to select something else fails.
Answer EntryFenced(const Context& context) {
  const EntrySeen& entry = context.seen.entry;
  if (!entry.exists || entry.transition_id == context.state.transition_id) return Answer::Pass();
  return Answer::Wait("EntryNotFenced", fmt::format("Service {} does not carry transition {} yet", context.EntryName(),
                                                    context.state.transition_id));
}

Answer NotSelected(const Context& context) {
  const EntrySeen& entry = context.seen.entry;
  if (!entry.exists) {
    return Answer::Wait("EntryMissing", fmt::format("Service {} is missing: nothing is removed", context.EntryName()));
  }
  if (!entry.traffic) {
    return Answer::Wait("SelectorForeign",
                        fmt::format("selector of Service {} is not ours: nothing is removed", context.EntryName()));
  }
  const bool terminate = context.state.phase == Phase::kTerminate && *entry.traffic == Traffic::kBoth;
  if (terminate) {
    Answer ready = CandidateReady(context);
    return ready.verdict == Verdict::kPass ? CandidateInSlices(context) : ready;
  }
  if (Selects(*entry.traffic, context.slot)) {
    return Answer::Wait("SlotSelected", fmt::format("Service {} selects {}", context.EntryName(), context.Name(context.slot)));
  }
  if (context.seen[context.slot].in_slices > 0) {
    return Answer::Wait("SlicesLag",
                        fmt::format("EndpointSlices of {} still list {}", context.EntryName(), context.Name(context.slot)));
  }
  return Answer::Pass();
}

// When one side is bad, the other one stays.
Answer NotLastReady(const Context& context) {
  if (context.seen[context.slot].ready == 0) return Answer::Pass();
  if (context.seen[Other(context.slot)].ready > 0) return Answer::Pass();
  return Answer::Wait("LastReadySlot", fmt::format("{} is kept: {} has no ready pod", context.Name(context.slot),
                                                   context.Name(Other(context.slot))));
}

constexpr Gate kGates[] = {
    {"entry-fenced", "the entry carries this transition's id", EntryFenced},
    {"not-selected", "the entry and its slices do not have the slot (Terminate: both selected, candidate ready and listed)",
     NotSelected},
    {"not-last-ready", "the other slot has a ready pod, or this one has none", NotLastReady},
};
constexpr GateGroup kGroups[] = {{Chain::kRemove, kGates}};

}  // namespace

std::span<const GateGroup> RemoveGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
