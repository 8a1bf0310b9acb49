#pragma once
// What the plugin knows of a fleet: the object, decoded as far as it is shown or decided upon, and its pods. Pure.

#include <optional>
#include <string>
#include <vector>

#include "api/fleet.h"
#include "api/status.h"
#include "base/clock.h"
#include "kube/object.h"

namespace ingressfleet::cli {

struct PodView {
  std::string name;
  std::string tier;
  std::string slot;
  std::string revision;
  std::string node;
  std::string state;  ///< "Running", "Pending", "CrashLoopBackOff", "Terminating"
  bool ready = false;
  std::int64_t restarts = 0;
  base::TimePoint created{};
};

struct FleetView {
  std::string name;
  std::string ns;  ///< where its pods are
  std::string uid;
  std::int64_t generation = 0;
  bool paused = false;
  bool deleting = false;
  kube::StringMap annotations;
  api::FleetStatus status;
  std::optional<std::vector<PodView>> pods;  ///< nothing: they could not be read

  const api::TierStatus* FindTier(std::string_view tier) const;
  /// The names of its tiers: as reported, and those of the specification that the operator has not reported yet.
  std::vector<std::string> TierNames() const;
  std::vector<std::string> tiers_in_spec;
};

FleetView ViewOf(const kube::Object& fleet);
PodView ViewOfPod(const kube::Object& pod);

/// The phase, with what is meant by "forward" taken from the operator's own table; false for a phase of another version.
bool IsForward(const api::TierStatus& tier);
/// On the way back to the serving slot.
bool IsGoingBack(const api::TierStatus& tier);
/// What the operator does in a phase ("wait until the candidate is ready …"); empty for a phase of another version.
std::string_view WhatPhaseDoes(std::string_view phase);
/// The revision that the specification asks for, as far as the status tells.
std::string WantedRevision(const api::TierStatus& tier);

}  // namespace ingressfleet::cli
