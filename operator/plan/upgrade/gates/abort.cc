#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/gates/gates.h"

// The way back. No gate here may ask anything of the candidate: it is the one that is broken.
namespace ingressfleet::plan::upgrade {
namespace {

// Full size, or one pod once the deadline has passed: a weak healthy slot is better than a broken one.
Answer ServingReady(const Context& context) {
  const std::int64_t need = DeadlinePassed(context) ? 1 : std::max<std::int64_t>(1, context.tier.replicas);
  if (context.Serving().ready >= need) return Answer::Pass();
  return Answer::Wait("ServingNotReady", fmt::format("{} has {} of {} ready pods; both slots stay selected until then",
                                                     context.ServingName(), context.Serving().ready, need));
}

Answer ServingInSlices(const Context& context) {
  if (context.Serving().in_slices >= 1) return Answer::Pass();
  return Answer::Wait("SlicesLag",
                      fmt::format("EndpointSlices of {} list no endpoint of {}", context.EntryName(), context.ServingName()));
}

constexpr Gate kAbortPost[] = {
    {"entry-committed", "the entry selects both slots, written by this transition", EntryCommitted},
    {"serving-ready", "the serving slot has all its pods ready; after the deadline, one", ServingReady},
    {"serving-in-slices", "the serving slot is in the entry's slices", ServingInSlices},
};
constexpr Gate kAbortMid[] = {
    {"entry-committed", "the entry selects the serving slot only, written by this transition", EntryCommitted},
    {"slices-only-selected", "nothing else is in the entry's slices", OnlySelectedInSlices},
};
constexpr Gate kAbortPre[] = {{"slot-gone", "the candidate and the preview Service are gone", OtherSlotGone}};
constexpr GateGroup kGroups[] = {{Chain::kAbortPost, kAbortPost}, {Chain::kAbortMid, kAbortMid}, {Chain::kAbortPre, kAbortPre}};

}  // namespace

std::span<const GateGroup> AbortGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
