#pragma once
// Which tiers of a fleet may begin an upgrade now: order, how many at once, pause between them. A failure stops the train.

#include <string>
#include <vector>

#include "plan/upgrade/types.h"

namespace ingressfleet::plan::upgrade {

struct TrainRules {
  std::vector<std::string> order;  ///< tiers not named come last, by name
  std::int64_t max_concurrent = 1;
  Duration pause{0};
};

struct TrainCar {
  std::string name;
  bool running = false;  ///< an upgrade is under way (a held one too)
  bool waiting = false;  ///< another revision is wanted than the one that serves
  bool failed = false;   ///< the wanted revision has failed on this tier
  std::optional<TimePoint> finished_at;
};

/// How a tier's state looks to the train.
TrainCar CarOf(const TierInput& tier, const TierState& state);

struct Permission {
  std::string name;
  bool may_start = false;
  std::string reason;  ///< why not
};
/// One for each car, in the train's order.
std::vector<Permission> Dispatch(const TrainRules& rules, const std::vector<TrainCar>& cars, TimePoint now);

}  // namespace ingressfleet::plan::upgrade
