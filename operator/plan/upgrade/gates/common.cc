#include <fmt/format.h>

#include <chrono>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {

Answer AskProbe(const Context& context, Probe probe, ProbeSet asked) {
  if (!asked.Has(probe)) return Answer::Pass();
  const Finding& finding = context.evidence[probe];
  const std::string name(ProbeName(probe));
  const std::string& revision = context.state.candidate ? context.state.candidate->revision.hash : std::string();
  const bool current = finding.revision == revision && finding.transition_id == context.state.transition_id &&
                       std::chrono::abs(context.now - finding.observed_at) <= kEvidenceMaxAge;
  if (!current || finding.verdict == Verdict::kUnknown) {
    return Answer::Inconclusive(
        name + "Unknown", fmt::format("no current {} result for revision {} ({}){}{}; check what gathers it", name, revision,
                                      context.CandidateName(), finding.message.empty() ? "" : ": ", finding.message));
  }
  if (finding.verdict == Verdict::kPass) return Answer::Pass();
  return Answer::Fail(name + "Failed",
                      fmt::format("{} (revision {}) failed {}: {}", context.CandidateName(), revision, name, finding.message));
}

Answer EntryCommitted(const Context& context) {
  const auto target = TargetTraffic(context.state);
  const EntrySeen& entry = context.seen.entry;
  if (target && entry.exists && entry.traffic == *target && entry.transition_id == context.state.transition_id) {
    return Answer::Pass();
  }
  return Answer::Wait("SelectorPending", fmt::format("Service {} does not select {} yet", context.EntryName(),
                                                     target ? TrafficName(*target) : "anything known"));
}

Answer CandidateReady(const Context& context) {
  const std::int64_t need = CandidateNeed(context.tier, context.seen, context.state);
  if (context.Candidate().ready >= need) return Answer::Pass();
  const std::string& problem = context.Candidate().problem;
  return Answer::Wait(
      "CandidateNotReady",
      fmt::format("{} has {} of {} ready pods (revision {}){}{}", context.CandidateName(), context.Candidate().ready, need,
                  context.state.candidate ? context.state.candidate->revision.hash : "", problem.empty() ? "" : ": ", problem));
}

// Ready pods are not enough: the balancer and kube-proxy know only what the slices say, and those lag the selector.
Answer CandidateInSlices(const Context& context) {
  const std::int64_t need = CandidateNeed(context.tier, context.seen, context.state);
  if (context.Candidate().in_slices >= need) return Answer::Pass();
  return Answer::Wait("SlicesLag", fmt::format("EndpointSlices of {} list {} of {} endpoints of {}", context.EntryName(),
                                               context.Candidate().in_slices, need, context.CandidateName()));
}

Answer CandidateConfigLoaded(const Context& context) {
  if (context.state.candidate && context.Candidate().live_config == context.state.candidate->revision.hash)
    return Answer::Pass();
  return Answer::Wait("ConfigNotLoaded",
                      fmt::format("pods of {} do not report the settings of revision {} as loaded", context.CandidateName(),
                                  context.state.candidate ? context.state.candidate->revision.hash : ""));
}

Answer OnlySelectedInSlices(const Context& context) {
  const auto target = TargetTraffic(context.state);
  if (!target || *target == Traffic::kBoth) return Answer::Pass();
  for (Slot slot : {Slot::kA, Slot::kB}) {
    if (Selects(*target, slot) || context.seen[slot].in_slices == 0) continue;
    return Answer::Wait("SlicesLag", fmt::format("EndpointSlices of {} still list {} endpoints of {}", context.EntryName(),
                                                 context.seen[slot].in_slices, context.Name(slot)));
  }
  return Answer::Pass();
}

Answer NoRestarts(const Context& context) {
  if (!context.state.window_started_at || context.Candidate().restarts <= context.state.restart_baseline) return Answer::Pass();
  return Answer::Wait("Restarted",
                      fmt::format("a container of {} restarted; see kubectl logs --previous", context.CandidateName()));
}

Answer OtherSlotGone(const Context& context) {
  const Slot other = context.state.serving ? Other(context.state.serving->slot) : Slot::kB;
  const SlotSeen& slot = context.seen[other];
  if (!slot.exists && slot.pods == 0 && !context.seen.preview_exists) return Answer::Pass();
  return Answer::Wait("SlotNotGone", fmt::format("{} still has {}", context.Name(other),
                                                 slot.exists     ? "its workload"
                                                 : slot.pods > 0 ? "terminating pods"
                                                                 : "its preview Service"));
}

}  // namespace ingressfleet::plan::upgrade
