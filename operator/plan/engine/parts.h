#pragma once
// What the containers of all engines have in common.

#include <string>
#include <string_view>
#include <vector>

#include "plan/engine/engine.h"

namespace ingressfleet::plan {

/// The ports "stats" (metrics) and "admin" (health).
void AddAdminPorts(int stats_port, int admin_port, ContainerShape& shape);

/// Probes of port "admin": readiness at one path, life (and the first sign of it) at the other.
void AddHealthProbes(std::string_view ready_path, std::string_view alive_path, ContainerShape& shape);

/// A rule of a Role or ClusterRole.
kube::Json RoleRule(std::vector<std::string> groups, std::vector<std::string> resources, std::vector<std::string> verbs);

}  // namespace ingressfleet::plan
