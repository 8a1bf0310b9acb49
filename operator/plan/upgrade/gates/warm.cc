#include <fmt/format.h>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

Answer CandidateExists(const Context& context) {
  if (context.Candidate().exists && context.Candidate().revision == context.state.candidate->revision.hash)
    return Answer::Pass();
  return Answer::Wait("CandidatePending", fmt::format("{} does not exist with revision {} yet", context.CandidateName(),
                                                      context.state.candidate->revision.hash));
}

Answer PreviewExists(const Context& context) {
  if (context.seen.preview_exists) return Answer::Pass();
  return Answer::Wait("PreviewPending", fmt::format("Service {}-preview does not exist yet", context.tier.name));
}

Answer AccessLoaded(const Context& context) {
  if (context.Candidate().access_in_force) return Answer::Pass();
  return Answer::Wait("AccessNotInForce", fmt::format("pods of {} have not loaded the access list", context.CandidateName()));
}

constexpr Gate kProvision[] = {
    {"candidate-exists", "the candidate's workload exists with the right revision", CandidateExists},
    {"preview-exists", "the preview Service exists", PreviewExists},
};
constexpr Gate kWarm[] = {
    {"candidate-exists", "the candidate's workload exists with the right revision", CandidateExists},
    {"candidate-ready", "as many ready pods as the step needs, at least as many as the serving slot has", CandidateReady},
    {"no-restarts", "no container restarted since the window began", NoRestarts},
    {"config-loaded", "its pods report the revision's settings as loaded", CandidateConfigLoaded},
    {"access-loaded", "its pods hold the access list", AccessLoaded},
};
constexpr GateGroup kGroups[] = {{Chain::kProvision, kProvision}, {Chain::kWarm, kWarm}};

}  // namespace

std::span<const GateGroup> WarmGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
