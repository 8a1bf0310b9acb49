#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

Answer EntryExists(const Context& context) {
  if (context.seen.entry.exists) return Answer::Pass();
  return Answer::Wait("EntryPending", fmt::format("Service {} does not exist yet", context.EntryName()));
}

Answer SlotHasRevision(const Context& context) {
  if (context.Serving().exists && context.Serving().revision == context.state.serving->revision.hash) return Answer::Pass();
  return Answer::Wait("SlotPending", fmt::format("{} does not run revision {} yet", context.ServingName(),
                                                 context.state.serving->revision.hash));
}

// All pods, or after the progress deadline at least one: before the first exposure a part is better than nothing.
Answer SlotReady(const Context& context) {
  const std::int64_t need = DeadlinePassed(context) ? 1 : std::max<std::int64_t>(1, context.tier.replicas);
  const std::int64_t ready = std::min(context.Serving().available, context.Serving().updated);
  if (ready >= need) return Answer::Pass();
  return Answer::Wait("SlotNotReady",
                      fmt::format("{} has {} of {} available pods; see its pods' events", context.ServingName(), ready, need));
}

Answer AccessInForce(const Context& context) {
  if (!context.Serving().access_in_force) {
    return Answer::Wait("AccessNotInForce", fmt::format("pods of {} have not loaded the access list; nothing is exposed before",
                                                        context.ServingName()));
  }
  if (!context.seen.entry.access_in_force) {
    return Answer::Wait(
        "AccessNotInForce",
        fmt::format("source ranges of Service {} are not in force; nothing is exposed before", context.EntryName()));
  }
  return Answer::Pass();
}

constexpr Gate kGates[] = {
    {"entry-exists", "the entry Service exists, with a selector that matches nothing", EntryExists},
    {"slot-has-revision", "the first slot runs the wanted revision", SlotHasRevision},
    {"slot-ready", "all its pods are available; after the deadline, one", SlotReady},
    {"access-in-force", "its pods and the balancer hold the access list", AccessInForce},
};
constexpr GateGroup kGroups[] = {{Chain::kInstall, kGates}};

}  // namespace

std::span<const GateGroup> InstallGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
