#pragma once
// The fleets of tests/golden/cli: one for each situation that an upgrade can be found in.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "cli/fleet_view.h"
#include "kube/yaml.h"

namespace ingressfleet::cli {

inline constexpr const char* kOld = "5c1d0e99ab";
inline constexpr const char* kNew = "77aa013f5e";

inline base::TimePoint Now() { return *base::ParseTime("2026-03-01T12:10:00Z"); }

inline FleetView LoadFleet(const std::string& situation) {
  std::ifstream file(INGRESSFLEET_SOURCE_DIR "/tests/golden/cli/" + situation + ".yaml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto documents = kube::ParseYaml(text);
  if (!documents || documents->size() != 1) {
    ADD_FAILURE() << situation << ": not one document";
    return {};
  }
  return ViewOf(kube::Object(documents->front()));
}

inline api::TierStatus& Tier(FleetView& fleet) { return fleet.status.tiers.front(); }

inline PodView Pod(const std::string& slot, int number, bool ready) {
  return {.name = "public-" + slot + "-" + std::to_string(number),
          .tier = "public",
          .slot = slot,
          .revision = slot == "a" ? kOld : kNew,
          .node = "n1",
          .state = ready ? "Running" : "CrashLoopBackOff",
          .ready = ready,
          .restarts = ready ? 0 : 3,
          .created = Now() - std::chrono::minutes(5)};
}

}  // namespace ingressfleet::cli
