#include "plan/upgrade/train.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {
namespace {

bool IsRunning(Phase phase) {
  return RowOf(phase).forward || phase == Phase::kAbortPre || phase == Phase::kAbortMid || phase == Phase::kAbortPost ||
         phase == Phase::kRollingBack;
}

std::size_t Rank(const TrainRules& rules, const std::string& name) {
  return static_cast<std::size_t>(std::find(rules.order.begin(), rules.order.end(), name) - rules.order.begin());
}

std::vector<TrainCar> InOrder(const TrainRules& rules, std::vector<TrainCar> cars) {
  std::sort(cars.begin(), cars.end(), [&](const TrainCar& left, const TrainCar& right) {
    return std::pair(Rank(rules, left.name), left.name) < std::pair(Rank(rules, right.name), right.name);
  });
  return cars;
}

std::optional<TimePoint> LastFinished(const std::vector<TrainCar>& cars) {
  std::optional<TimePoint> last;
  for (const TrainCar& car : cars) {
    if (car.finished_at && (!last || *car.finished_at > *last)) last = car.finished_at;
  }
  return last;
}

}  // namespace

TrainCar CarOf(const TierInput& tier, const TierState& state) {
  TrainCar car{tier.name, IsRunning(state.phase), false, false, state.finished_at};
  if (!state.serving || state.phase == Phase::kInstall) return car;
  const auto& failed = state.failed_revisions;
  const bool differs = !tier.desired.hash.empty() && tier.desired.hash != state.serving->revision.hash;
  car.failed = differs && std::find(failed.begin(), failed.end(), tier.desired.hash) != failed.end();
  car.waiting = differs && !car.failed && !car.running;
  return car;
}

std::vector<Permission> Dispatch(const TrainRules& rules, const std::vector<TrainCar>& cars, TimePoint now) {
  const std::vector<TrainCar> ordered = InOrder(rules, cars);
  const auto failed = std::find_if(ordered.begin(), ordered.end(), [](const TrainCar& car) { return car.failed; });
  const auto last = LastFinished(ordered);
  const bool resting = last && now < *last + rules.pause && now >= *last;
  std::int64_t running = std::count_if(ordered.begin(), ordered.end(), [](const TrainCar& car) { return car.running; });
  std::vector<Permission> permissions;
  for (const TrainCar& car : ordered) {
    Permission permission{car.name, false, ""};
    if (!car.waiting)
      permission.reason = car.running ? "is under way" : "has nothing to do";
    else if (failed != ordered.end())
      permission.reason = fmt::format("tier {} failed; retry or change its revision", failed->name);
    else if (running >= std::max<std::int64_t>(1, rules.max_concurrent))
      permission.reason = "waits for the tiers before it";
    else if (resting)
      permission.reason = fmt::format("waits until {}", base::FormatTime(*last + rules.pause));
    else
      permission.may_start = true;
    if (permission.may_start) ++running;
    permissions.push_back(std::move(permission));
  }
  return permissions;
}

}  // namespace ingressfleet::plan::upgrade
