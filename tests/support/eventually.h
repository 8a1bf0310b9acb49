#pragma once
// Waiting for a condition with a deadline, instead of sleeping and hoping.

#include <chrono>
#include <functional>
#include <thread>

namespace ingressfleet::testing {

/// True as soon as `condition` is; false when it is still false at the deadline.
inline bool Eventually(const std::function<bool()>& condition, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace ingressfleet::testing
