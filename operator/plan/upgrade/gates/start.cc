#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/gates/gates.h"

// What must hold before an upgrade begins. A rollback on order is one too, to `rollback->revision`; it does not wait for the
// train and a former failure of that revision does not matter: somebody has named it. Whether the serving slot is alive is not
// asked: when it is dead, another revision is the remedy.
namespace ingressfleet::plan::upgrade {
namespace {

std::string Goal(const Context& context) {
  return context.state.rollback ? context.state.rollback->revision : context.tier.desired.hash;
}

Answer NewRevision(const Context& context) {
  if (!Goal(context).empty() && Goal(context) != context.state.serving->revision.hash) return Answer::Pass();
  return Answer::Wait("UpToDate",
                      fmt::format("{} serves revision {}", context.ServingName(), context.state.serving->revision.hash));
}

Answer NotFailed(const Context& context) {
  const auto& failed = context.state.failed_revisions;
  if (context.state.rollback || std::find(failed.begin(), failed.end(), Goal(context)) == failed.end()) return Answer::Pass();
  return Answer::Wait("RevisionFailed", fmt::format("revision {} failed before or was rolled back; change the specification or "
                                                    "retry {} by name",
                                                    Goal(context), Goal(context)));
}

Answer Exposed(const Context& context) {
  const Traffic wanted = Only(context.state.serving->slot);
  if (!context.seen.entry.exists)
    return Answer::Wait("EntryMissing", fmt::format("Service {} does not exist", context.EntryName()));
  if (context.seen.entry.traffic == wanted && context.state.committed == wanted) return Answer::Pass();
  if (context.Serving().ready == 0) return Answer::Pass();  // cannot be selected: another revision is the remedy
  return Answer::Wait("NotExposed",
                      fmt::format("Service {} does not select {} yet", context.EntryName(), context.ServingName()));
}

// Not an upgrade's fault, so it does not begin rather than fail.
Answer SlotFree(const Context& context) { return OtherSlotGone(context); }

Answer Permitted(const Context& context) {
  if (context.tier.may_start || context.state.rollback) return Answer::Pass();
  return Answer::Wait("TrainWaiting", fmt::format("tier {} waits for its turn in the fleet's rollout", context.tier.name));
}

constexpr Gate kGates[] = {
    {"new-revision", "another revision is wanted than the one that serves", NewRevision},
    {"not-failed", "that revision has not failed before, or a retry named it", NotFailed},
    {"exposed", "the entry selects the serving slot and nothing else, or that slot is dead", Exposed},
    {"slot-free", "the other slot is gone, pods and all", SlotFree},
    {"permitted", "the fleet's train lets this tier begin", Permitted},
};
constexpr GateGroup kGroups[] = {{Chain::kStart, kGates}};

}  // namespace

std::span<const GateGroup> StartGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
