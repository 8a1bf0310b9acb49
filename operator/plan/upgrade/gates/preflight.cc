#include <fmt/format.h>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

// Flip drops what the balancer still sends to the old nodes, so it needs a policy under which every node serves.
Answer CutoverPossible(const Context& context) {
  if (context.state.cutover == CutoverMode::kFlip && context.tier.local_traffic_policy) {
    return Answer::Fail("CutoverImpossible", fmt::format("tier {}: cutover Flip loses connections with externalTrafficPolicy "
                                                         "Local; use ExpandContract",
                                                         context.tier.name));
  }
  return Answer::Pass();
}

Answer Compatible(const Context& context) { return AskProbe(context, Probe::kPreflight, {Probe::kPreflight}); }

constexpr Gate kGates[] = {
    {"cutover-possible", "the cutover mode fits the tier's publishing", CutoverPossible},
    {"compatible", "the class's controller string is one that the new engine obeys", Compatible},
};
constexpr GateGroup kGroups[] = {{Chain::kPreflight, kGates}};

}  // namespace

std::span<const GateGroup> PreflightGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
