#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

template <Probe kProbe>
Answer Asked(const Context& context) {
  return AskProbe(context, kProbe, context.state.rollback_run ? ProbeSet() : context.tier.observe_probes);
}

constexpr Gate kGates[] = {
    {"candidate-ready", "the candidate has at least as many ready pods as the serving slot", CandidateReady},
    {"slices-only-selected", "only the candidate is in the entry's slices", OnlySelectedInSlices},
    {"entry-answers", "probe Entry passes, if asked for", Asked<Probe::kEntry>},
    {"budget", "probe Budget passes, if asked for", Asked<Probe::kBudget>},
    {"metrics", "probe Metrics passes, if asked for", Asked<Probe::kMetrics>},
};
constexpr GateGroup kGroups[] = {{Chain::kObserve, kGates}};

}  // namespace

std::span<const GateGroup> ObserveGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
