#include <fmt/format.h>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

// A rollback on order asks nobody: what is left behind is known to be worse.
ProbeSet Asked(const Context& context) { return context.state.rollback_run ? ProbeSet() : context.tier.observe_probes; }

Answer Budget(const Context& context) { return AskProbe(context, Probe::kBudget, Asked(context)); }
Answer EntryAnswers(const Context& context) { return AskProbe(context, Probe::kEntry, Asked(context)); }

Answer StillBoth(const Context& context) {
  if (context.seen.entry.exists && context.seen.entry.traffic == Traffic::kBoth) return Answer::Pass();
  return Answer::Wait("SelectorPending", fmt::format("Service {} does not select both slots", context.EntryName()));
}

Answer ServingGone(const Context& context) {
  if (context.Serving().pods == 0 && context.Serving().wanted == 0) return Answer::Pass();
  return Answer::Wait("ServingTerminating", fmt::format("{} still has {} pods", context.ServingName(), context.Serving().pods));
}

Answer CandidateListed(const Context& context) {
  if (context.Candidate().in_slices >= 1) return Answer::Pass();
  return Answer::Wait("SlicesLag",
                      fmt::format("EndpointSlices of {} list no endpoint of {}", context.EntryName(), context.CandidateName()));
}

constexpr Gate kExpand[] = {
    {"entry-committed", "the entry selects both slots, written by this transition", EntryCommitted},
    {"candidate-ready", "the candidate is still ready", CandidateReady},
    {"candidate-in-slices", "every needed candidate endpoint is in the entry's slices", CandidateInSlices},
    {"budget", "probe Budget passes, if asked for", Budget},
};
constexpr Gate kShift[] = {
    {"both-selected", "the entry selects both slots", StillBoth},
    {"candidate-ready", "the candidate has the step's pods", CandidateReady},
    {"candidate-in-slices", "every needed candidate endpoint is in the entry's slices", CandidateInSlices},
    {"budget", "probe Budget passes, if asked for", Budget},
};
constexpr Gate kTerminate[] = {
    {"candidate-ready", "the candidate is still ready", CandidateReady},
    {"serving-gone", "the serving slot has no pod left", ServingGone},
};
constexpr Gate kContract[] = {
    {"entry-committed", "the entry selects the candidate only, written by this transition", EntryCommitted},
    {"candidate-listed", "the candidate is in the entry's slices", CandidateListed},
    {"slices-only-selected", "nothing else is", OnlySelectedInSlices},
    {"entry-answers", "probe Entry passes, if asked for", EntryAnswers},
};
constexpr GateGroup kGroups[] = {
    {Chain::kExpand, kExpand}, {Chain::kShift, kShift}, {Chain::kTerminate, kTerminate}, {Chain::kContract, kContract}};

}  // namespace

std::span<const GateGroup> CutoverGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
