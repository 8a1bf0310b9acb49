#include "base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace ingressfleet::base {
namespace {

class MachineClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
};

std::tm Utc(TimePoint time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

std::string FormatTime(TimePoint time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", Utc(time)); }

std::string FormatMicroTime(TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}000Z", Utc(time), (time - seconds).count());
}

Result<TimePoint> ParseTime(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  int consumed = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                  &parts.tm_min, &parts.tm_sec, &consumed) != 6) {
    return Fail(Code::kInvalid, fmt::format("\"{}\" is not an RFC 3339 time", text));
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  std::string_view rest = std::string_view(copy).substr(static_cast<std::size_t>(consumed));
  long milliseconds = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    long scale = 100;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      milliseconds += (rest.front() - '0') * scale;
      scale /= 10;
      rest.remove_prefix(1);
    }
  }
  if (rest != "Z") return Fail(Code::kInvalid, fmt::format("\"{}\" is not an RFC 3339 time in UTC", text));
  return TimePoint(std::chrono::seconds(timegm(&parts)) + Duration(milliseconds));
}

std::string FormatDuration(Duration duration) {
  const auto total = duration.count();
  if (total < 0) return "-" + FormatDuration(-duration);
  if (total < 1000) return fmt::format("{}ms", total);
  const auto seconds = total / 1000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) {
    return seconds % 60 ? fmt::format("{}m{}s", seconds / 60, seconds % 60) : fmt::format("{}m", seconds / 60);
  }
  const auto minutes = seconds / 60;
  return minutes % 60 ? fmt::format("{}h{}m", minutes / 60, minutes % 60) : fmt::format("{}h", minutes / 60);
}

}  // namespace ingressfleet::base
