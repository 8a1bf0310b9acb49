#include "app/report_pace.h"

#include <algorithm>

namespace ingressfleet::app {

void ReportPace::Written(const std::string& fleet, Now now) {
  const std::lock_guard lock(mutex_);
  written_[fleet] = now;
}

base::Duration ReportPace::Wait(const std::string& fleet, Now now) const {
  const std::lock_guard lock(mutex_);
  const auto found = written_.find(fleet);
  if (found == written_.end()) return base::Duration(0);
  // Rounded up: who comes back after this time must not be sent away again.
  return std::max(base::Duration(0), std::chrono::ceil<base::Duration>(found->second + kEvery - now));
}

void ReportPace::Forget(const std::string& fleet) {
  const std::lock_guard lock(mutex_);
  written_.erase(fleet);
}

}  // namespace ingressfleet::app
