#pragma once
// Time as the rest of the project uses it: wall clock in whole milliseconds, RFC 3339 text, a clock that tests can set.

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingressfleet::base {

using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

/// Source of the wall clock. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

/// The machine's clock; lives as long as the process.
const Clock& SystemClock();

/// "2026-03-01T12:00:00Z": what metav1.Time holds (whole seconds).
std::string FormatTime(TimePoint time);
/// "2026-03-01T12:00:00.123000Z": what metav1.MicroTime holds (Lease times).
std::string FormatMicroTime(TimePoint time);
/// Reads either form, with or without a fraction. Only UTC ("Z") is accepted: the API server never sends anything else.
Result<TimePoint> ParseTime(std::string_view text);

/// "850ms", "4s", "2m5s", "1h3m": short, for people.
std::string FormatDuration(Duration duration);

}  // namespace ingressfleet::base
