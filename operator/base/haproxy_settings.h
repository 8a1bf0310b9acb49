#pragma once
// The engine settings of our own engine (HAProxy), one table: the operator validates a fleet with it, the proxy reads its
// mounted ConfigMap with it, so that what the one accepts the other understands. Pure.

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingressfleet::base {

struct HaproxySettings {
  std::chrono::milliseconds timeout_client{60'000};
  std::chrono::milliseconds timeout_server{60'000};
  std::chrono::milliseconds timeout_connect{2'000};  ///< pods are near: room for one lost SYN, then another pod is tried
  std::chrono::milliseconds timeout_tunnel{3'600'000};
  int max_connections = 20'000;
  int threads = 0;  ///< 0 = as many as the container may use processors
  int pool_size = 512;
  bool access_log = false;

  friend bool operator==(const HaproxySettings&, const HaproxySettings&) = default;
};

struct SettingError {
  std::string key;
  std::string value;
  std::string rule;  ///< "must be a duration between 1s and 24h, e.g. 30s"

  /// `timeoutClient: Invalid value: "abc": must be …`
  std::string ToString() const;
  friend bool operator==(const SettingError&, const SettingError&) = default;
};

/// Every error of the map, in the order of its keys: unknown keys (the rule lists the known ones) and bad values.
std::vector<SettingError> ValidateSettings(const std::map<std::string, std::string>& settings);
/// kInvalid carries all errors, separated by "; ". Missing keys keep their default.
Result<HaproxySettings> ParseSettings(const std::map<std::string, std::string>& settings);
/// The known keys, for documentation and error texts.
std::vector<std::string_view> SettingKeys();

}  // namespace ingressfleet::base
