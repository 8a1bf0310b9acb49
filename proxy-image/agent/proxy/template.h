#pragma once
// The text of proxy-image/haproxy/haproxy.cfg.in, put into the binary by CMake.

#include <string_view>

namespace ingressfleet::agent {

extern const std::string_view kConfigTemplate;

}  // namespace ingressfleet::agent
