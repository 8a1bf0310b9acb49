#include "base/haproxy_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <optional>

#include "base/clock.h"

namespace ingressfleet::base {
namespace {

using std::chrono::milliseconds;

std::optional<long> ParseNumber(std::string_view text) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// One number and one unit: what HAProxy, people and this table all read the same way.
std::optional<milliseconds> ParseDuration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, long>, 4> kUnits{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const auto number = ParseNumber(text.substr(0, text.size() - unit.size()));
    if (number && *number >= 0 && *number < 1'000'000'000) return milliseconds(*number * factor);
  }
  return std::nullopt;
}

struct Row {
  std::string_view key;
  /// Writes the value and returns an empty text, or returns the rule that it breaks.
  std::string (*set)(std::string_view value, HaproxySettings& settings);
};

template <milliseconds HaproxySettings::*Member, long MinimumMs, long MaximumMs>
std::string SetDuration(std::string_view value, HaproxySettings& settings) {
  const auto duration = ParseDuration(value);
  if (!duration || duration->count() < MinimumMs || duration->count() > MaximumMs) {
    return fmt::format("must be a duration between {} and {}, e.g. 30s", FormatDuration(milliseconds(MinimumMs)),
                       FormatDuration(milliseconds(MaximumMs)));
  }
  settings.*Member = *duration;
  return "";
}

template <int HaproxySettings::*Member, int Minimum, int Maximum>
std::string SetNumber(std::string_view value, HaproxySettings& settings) {
  const auto number = ParseNumber(value);
  if (!number || *number < Minimum || *number > Maximum) {
    return fmt::format("must be a whole number between {} and {}", Minimum, Maximum);
  }
  settings.*Member = static_cast<int>(*number);
  return "";
}

std::string SetLogFormat(std::string_view value, HaproxySettings& settings) {
  if (value != "off" && value != "json") return "must be one of: off, json";
  settings.access_log = value == "json";
  return "";
}

constexpr std::array kRows{
    Row{"logFormat", SetLogFormat},
    Row{"maxConnections", SetNumber<&HaproxySettings::max_connections, 100, 1'000'000>},
    Row{"poolSize", SetNumber<&HaproxySettings::pool_size, 16, 50'000>},
    Row{"threads", SetNumber<&HaproxySettings::threads, 0, 64>},
    Row{"timeoutClient", SetDuration<&HaproxySettings::timeout_client, 1'000, 86'400'000>},
    Row{"timeoutConnect", SetDuration<&HaproxySettings::timeout_connect, 100, 300'000>},
    Row{"timeoutServer", SetDuration<&HaproxySettings::timeout_server, 1'000, 86'400'000>},
    Row{"timeoutTunnel", SetDuration<&HaproxySettings::timeout_tunnel, 1'000, 604'800'000>},
};

const Row* FindRow(std::string_view key) {
  for (const Row& row : kRows) {
    if (row.key == key) return &row;
  }
  return nullptr;
}

std::vector<SettingError> Read(const std::map<std::string, std::string>& settings, HaproxySettings& parsed) {
  std::vector<SettingError> errors;
  for (const auto& [key, value] : settings) {
    const Row* row = FindRow(key);
    const std::string rule = row == nullptr
                                 ? fmt::format("is not a setting of this engine; known: {}", fmt::join(SettingKeys(), ", "))
                                 : row->set(value, parsed);
    if (!rule.empty()) errors.push_back({key, value, rule});
  }
  return errors;
}

}  // namespace

std::string SettingError::ToString() const { return fmt::format("{}: Invalid value: \"{}\": {}", key, value, rule); }

std::vector<SettingError> ValidateSettings(const std::map<std::string, std::string>& settings) {
  HaproxySettings ignored;
  return Read(settings, ignored);
}

Result<HaproxySettings> ParseSettings(const std::map<std::string, std::string>& settings) {
  HaproxySettings parsed;
  const auto errors = Read(settings, parsed);
  if (errors.empty()) return parsed;
  std::vector<std::string> texts;
  for (const SettingError& error : errors) texts.push_back(error.ToString());
  return Fail(Code::kInvalid, fmt::format("{}", fmt::join(texts, "; ")));
}

std::vector<std::string_view> SettingKeys() {
  std::vector<std::string_view> keys;
  for (const Row& row : kRows) keys.push_back(row.key);
  return keys;
}

}  // namespace ingressfleet::base
