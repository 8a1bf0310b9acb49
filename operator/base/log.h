#pragma once
// Structured logs: one JSON line per message on standard error, with key-value fields, or readable text for a terminal.
// Log once, at the top of the call chain. Never log a Secret's data, a token or a kubeconfig.

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace ingressfleet::base {

enum class LogFormat { kJson, kText };
enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// Call once, first in main. Thread-safe afterwards.
void SetupLog(LogFormat format, LogLevel level);

/// Fields are anything JSON can hold: Log(LogLevel::kInfo, "applied", {{"fleet", name}, {"writes", 3}}).
void Log(LogLevel level, std::string_view message, const nlohmann::json& fields);
void Log(LogLevel level, std::string_view message);

}  // namespace ingressfleet::base
