#include <fmt/format.h>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

Answer Approved(const Context& context) {
  if (context.tier.promotion == Promotion::kAutomatic || context.state.rollback_run) return Answer::Pass();
  const std::string& revision = context.state.candidate->revision.hash;
  if (context.state.approval && context.state.approval->revision == revision) return Answer::Pass();
  return Answer::Wait("ApprovalNeeded",
                      fmt::format("revision {} of tier {} is verified and waits: kubectl ingressfleet promote "
                                  "{} {}",
                                  revision, context.tier.name, context.tier.name, revision));
}

Answer WindowOpen(const Context& context) {
  if (context.tier.window_open || context.state.rollback_run) return Answer::Pass();
  return Answer::Wait("WindowClosed", fmt::format("tier {} waits for its maintenance window{}{}", context.tier.name,
                                                  context.tier.next_window ? ", next at " : "",
                                                  context.tier.next_window ? base::FormatTime(*context.tier.next_window) : ""));
}

Answer StillReady(const Context& context) {
  return context.state.strategy == Strategy::kRollingUpdate ? Answer::Pass() : CandidateReady(context);
}

constexpr Gate kGates[] = {
    {"approved", "promotion is automatic, or an approval names this revision", Approved},
    {"window-open", "a maintenance window is open, if there are any", WindowOpen},
    {"candidate-ready", "the candidate is still ready", StillReady},
};
constexpr GateGroup kGroups[] = {{Chain::kApprove, kGates}};

}  // namespace

std::span<const GateGroup> ApproveGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
