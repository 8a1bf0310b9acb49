#include "run/options.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "haproxy/files.h"

namespace ingressfleet::agent {
namespace {

// A container's share, not the node's size: HAProxy itself would start a thread per processor of the node.
int AvailableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || period <= 0) return allowed;  // "max 100000": no limit
  return std::clamp(static_cast<int>(quota / period + 0.999), 1, allowed);
}

// HAProxy refuses to start when it cannot open two files per connection.
int CarriedConnections(int wanted) {
  constexpr rlim_t kOther = 512;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return wanted;
  const auto carried = limit.rlim_max > 2 * kOther ? (limit.rlim_max - kOther) / 2 : 100;
  if (carried >= static_cast<rlim_t>(wanted)) return wanted;
  base::Log(base::LogLevel::kWarn, "fewer connections than set: the open-file limit is too low",
            {{"maxConnections", wanted}, {"used", carried}, {"openFiles", limit.rlim_max}});
  return static_cast<int>(carried);
}

bool HasIpv6() {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
  close(fd);
  return bound;
}

}  // namespace

std::map<std::string, std::string> ReadSettings(const std::string& directory) {
  std::map<std::string, std::string> settings;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("..") || !entry.is_regular_file(error)) continue;  // "..data": the mount's own bookkeeping
    std::string value = ReadFileOrEmpty(entry.path().string());
    while (value.ends_with('\n')) value.pop_back();
    settings.emplace(name, std::move(value));
  }
  return settings;
}

base::Result<EngineOptions> MakeEngineOptions(const Options& options) {
  const auto settings = base::ParseSettings(ReadSettings(options.settings_directory));
  if (!settings) return base::Fail(settings.error().Wrap("settings"));
  EngineOptions engine;
  engine.binary = options.haproxy;
  engine.render.directory = options.run_directory;
  engine.render.http_port = options.http_port;
  engine.render.https_port = options.https_port;
  engine.render.stats_port = options.stats_port;
  engine.render.proxy_protocol = options.listener_protocol == "PROXY";
  engine.render.ipv6 = HasIpv6();
  engine.render.drain_seconds = options.drain_seconds;
  engine.render.settings = *settings;
  engine.render.threads = settings->threads > 0 ? settings->threads : AvailableProcessors();
  engine.render.max_connections = CarriedConnections(settings->max_connections);
  return engine;
}

}  // namespace ingressfleet::agent
