#pragma once
// ProxyState → the files that HAProxy starts from. They hold the full state, so a fresh worker never answers from an empty
// table. Pure.

#include <map>
#include <string>

#include "base/haproxy_settings.h"
#include "proxy/state.h"

namespace ingressfleet::agent {

/// What the configuration text depends on besides the state: constant for the life of a pod, but for `generation`.
struct RenderOptions {
  std::string directory;
  int http_port = 8080;
  int https_port = 8443;
  int stats_port = 8404;
  bool proxy_protocol = false;
  bool ipv6 = true;  ///< also listen on [::]
  int drain_seconds = 300;
  int threads = 1;
  int max_connections = 20'000;
  base::HaproxySettings settings;
  int generation =
      1;  ///< counts starts and reloads; part of the runtime socket's name, so that no command reaches an old worker
};

std::string RuntimeSocket(const RenderOptions& options);
/// The configuration text alone; the template is proxy-image/haproxy/haproxy.cfg.in.
std::string RenderConfig(const RenderOptions& options, const ProxyState& state);
/// File name (relative to the directory) → content. Certificates of the state must be present.
std::map<std::string, std::string> RenderFiles(const RenderOptions& options, const ProxyState& state);

}  // namespace ingressfleet::agent
