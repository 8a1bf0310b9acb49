#include "plan/preflight.h"

#include <fmt/format.h>

#include "plan/engine/engine.h"

namespace ingressfleet::plan {
namespace {

/// An IngressClass cannot change its controller: an engine that obeys only its own string can never serve a class of another.
std::string ClassProblem(const ResolvedTier& tier, const ObservedTier& observed) {
  const Engine& engine = *FindEngine(tier.controller.engine);
  if (engine.any_controller_string || !observed.class_exists || observed.class_controller == engine.fixed_controller_string)
    return {};
  return fmt::format(
      "{} obeys only classes of controller \"{}\", but IngressClass {} has \"{}\", and that cannot be changed: add a "
      "tier with this engine and its own class, move the Ingresses, then remove this tier",
      engine.name, engine.fixed_controller_string, tier.class_name, observed.class_controller);
}

std::string ForeignClassProblem(const ResolvedTier& tier, const ObservedTier& observed) {
  if (!observed.class_exists || observed.class_controller == tier.controller_value) return {};
  return fmt::format("IngressClass {} has controller \"{}\", this tier's is \"{}\"", tier.class_name, observed.class_controller,
                     tier.controller_value);
}

}  // namespace

upgrade::Finding Preflight(const ResolvedTier& tier, const ObservedTier& observed, const upgrade::TierState& state,
                           base::TimePoint now) {
  if (!state.candidate) return {};
  upgrade::Finding finding{.verdict = upgrade::Verdict::kPass,
                           .message = {},
                           .revision = state.candidate->revision.hash,
                           .transition_id = state.transition_id,
                           .observed_at = now};
  for (const auto& problem : {ClassProblem(tier, observed), ForeignClassProblem(tier, observed)}) {
    if (problem.empty()) continue;
    finding.verdict = upgrade::Verdict::kFail;
    finding.message = problem;
    break;
  }
  return finding;
}

}  // namespace ingressfleet::plan
