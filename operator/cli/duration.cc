#include <charconv>

#include "cli/commands.h"

namespace ingressfleet::cli {

std::optional<std::chrono::seconds> ParseDuration(const std::string& text) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at == end) return std::nullopt;
  std::chrono::seconds sum{0};
  while (at != end) {
    std::int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number < 0 || number > kMost) return std::nullopt;
    const bool bare = next == end;
    if (bare && at != text.data()) return std::nullopt;
    const char unit = bare ? 's' : *next;
    if (unit != 's' && unit != 'm' && unit != 'h') return std::nullopt;
    sum += std::chrono::seconds(number * (unit == 'h' ? 3600 : unit == 'm' ? 60 : 1));
    at = bare ? end : next + 1;
  }
  return sum;
}

}  // namespace ingressfleet::cli
