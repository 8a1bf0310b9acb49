#include "io/wait.h"

#include <condition_variable>
#include <mutex>

namespace ingressfleet::io {

bool SleepFor(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  return !wake.wait_for(lock, stop, duration, [&stop] { return stop.stop_requested(); });
}

std::chrono::milliseconds MonotonicNow() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace ingressfleet::io
