#pragma once
// How often the status of a fleet is reported. While something is under way its objects follow one another within milliseconds,
// and what is said between two of them is outdated before anybody reads it. The record of intent is never delayed.

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace ingressfleet::app {

/// Thread-safe. Losing it at a restart costs one early report.
class ReportPace {
 public:
  using Now = std::chrono::steady_clock::time_point;
  static constexpr base::Duration kEvery = std::chrono::seconds(1);

  /// The status of that fleet, its record of intent included, was written.
  void Written(const std::string& fleet, Now now);
  /// How long its next report has to wait; zero when it may be written now.
  base::Duration Wait(const std::string& fleet, Now now) const;
  void Forget(const std::string& fleet);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Now> written_;
};

}  // namespace ingressfleet::app
