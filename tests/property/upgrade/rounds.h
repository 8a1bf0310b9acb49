#pragma once
// What every test of the model does with the world of world.h: rounds without faults, the end that each run must come to, and
// the size of a run.

#include <cstdint>
#include <optional>
#include <string>

#include "property/upgrade/world.h"

namespace ingressfleet::plan::upgrade::model {

inline constexpr std::int64_t kDefaultSteps = 1'000'000;
inline constexpr std::int64_t kDefaultStates = 60'000;

/// A size or a seed that whoever runs the test has chosen.
std::int64_t FromEnvironment(const char* name, std::int64_t otherwise);

/// Both workloads and their pods take a step.
void StepPods(World& world);
/// Everybody does his work, once; no faults.
void FairRound(World& world);
/// Where an upgrade may rest: served and up to date (or the wanted revision has failed), or held for a named reason.
std::optional<std::string> RestOf(World& world);
/// Faults stop; the tier must come to rest. Empty = it did not.
std::string Settle(World& world);
/// One line, for whoever reads why a run has failed.
std::string Describe(const World& world);

}  // namespace ingressfleet::plan::upgrade::model
