#pragma once
// Waiting that ends at once when a stop is requested.

#include <chrono>
#include <stop_token>

namespace ingressfleet::io {

/// Sleeps for `duration`; false when `stop` was requested before or meanwhile.
bool SleepFor(std::chrono::milliseconds duration, const std::stop_token& stop);

/// Milliseconds of the machine's monotonic clock: what timeouts, back-offs and lease expiry are judged by.
std::chrono::milliseconds MonotonicNow();

}  // namespace ingressfleet::io
