#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/json.h"

namespace ingressfleet::base {
namespace {

LogFormat g_format = LogFormat::kText;  // written once by SetupLog, before any thread starts

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string TextLine(std::string_view message, const nlohmann::json& fields) {
  std::string line(message);
  for (const auto& [key, value] : fields.items()) {
    line += fmt::format(" {}={}", key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return line;
}

std::string JsonLine(LogLevel level, std::string_view message, const nlohmann::json& fields) {
  nlohmann::ordered_json line;
  line["time"] = FormatMicroTime(SystemClock().Now());
  line["level"] = spdlog::level::to_string_view(ToSpdlog(level)).data();
  line["msg"] = message;
  for (const auto& [key, value] : fields.items()) line[key] = value;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void SetupLog(LogFormat format, LogLevel level) {
  g_format = format;
  auto logger = spdlog::stderr_logger_mt("ingressfleet");
  logger->set_pattern(format == LogFormat::kJson ? "%v" : "%H:%M:%S.%e %L %v");
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void Log(LogLevel level, std::string_view message, const nlohmann::json& fields) {
  if (!spdlog::should_log(ToSpdlog(level))) return;
  spdlog::log(ToSpdlog(level), "{}",
              g_format == LogFormat::kJson ? JsonLine(level, message, fields) : TextLine(message, fields));
}

void Log(LogLevel level, std::string_view message) { Log(level, message, nlohmann::json::object()); }

}  // namespace ingressfleet::base
