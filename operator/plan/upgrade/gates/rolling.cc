#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

Answer RolledTo(const Context& context, const Revision& revision) {
  const SlotSeen& slot = context.Serving();
  const std::int64_t need = std::max<std::int64_t>(1, context.tier.replicas);
  if (slot.exists && slot.revision == revision.hash && slot.updated >= need) return Answer::Pass();
  return Answer::Wait("Rolling", fmt::format("{} has {} of {} pods of revision {}{}{}", context.ServingName(),
                                             slot.revision == revision.hash ? slot.updated : 0, need, revision.hash,
                                             slot.problem.empty() ? "" : ": ", slot.problem));
}

Answer RolledOut(const Context& context) { return RolledTo(context, context.state.candidate->revision); }
Answer RolledBack(const Context& context) { return RolledTo(context, context.state.serving->revision); }

constexpr Gate kRolling[] = {
    {"rolled-out", "all pods run the new revision and are available", RolledOut},
    {"no-restarts", "no container restarted since the window began", NoRestarts},
    {"config-loaded", "its pods report the revision's settings as loaded", CandidateConfigLoaded},
};
constexpr Gate kRollingBack[] = {{"rolled-back", "all pods run the former revision and are available", RolledBack}};
constexpr GateGroup kGroups[] = {{Chain::kRolling, kRolling}, {Chain::kRollingBack, kRollingBack}};

}  // namespace

std::span<const GateGroup> RollingGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
