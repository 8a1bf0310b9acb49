#pragma once
// The agent's arguments, as the operator renders them.

#include <chrono>
#include <string>

#include "base/haproxy_settings.h"
#include "base/log.h"
#include "base/result.h"
#include "haproxy/engine.h"

namespace ingressfleet::agent {

struct Options {
  std::string ingress_class;
  std::string controller;
  std::string ns;
  std::string live_config;
  std::string status_config;
  std::string pod;
  int http_port = 8080;
  int https_port = 8443;
  int stats_port = 8404;
  int admin_port = 8405;
  std::string listener_protocol = "TCP";  ///< TCP or PROXY
  int pre_stop_delay_seconds = 15;
  int drain_seconds = 300;
  std::string settings_directory = "/etc/ingressfleet/settings";
  std::string kubeconfig;
  std::string run_directory = "/run/ingressfleet";
  std::string haproxy = "/usr/sbin/haproxy";
  base::LogFormat log_format = base::LogFormat::kJson;
  base::LogLevel log_level = base::LogLevel::kInfo;
};

/// The files of a mounted ConfigMap: one per key, trailing newline dropped. A missing directory holds no settings.
std::map<std::string, std::string> ReadSettings(const std::string& directory);

/// What the Engine needs, with the limits of this container applied: threads = its processors, connections = what its open-file
/// limit carries. kInvalid names every wrong setting.
base::Result<EngineOptions> MakeEngineOptions(const Options& options);

}  // namespace ingressfleet::agent
