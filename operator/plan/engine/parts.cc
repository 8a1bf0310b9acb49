#include "plan/engine/parts.h"

namespace ingressfleet::plan {
namespace {

kube::Json HttpProbe(std::string_view path, int period_seconds, int failure_threshold) {
  return {{"httpGet", {{"path", path}, {"port", "admin"}, {"scheme", "HTTP"}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", 2},
          {"successThreshold", 1},
          {"failureThreshold", failure_threshold}};
}

}  // namespace

void AddAdminPorts(int stats_port, int admin_port, ContainerShape& shape) {
  shape.extra_ports = {{{"name", "stats"}, {"containerPort", stats_port}, {"protocol", "TCP"}},
                       {{"name", "admin"}, {"containerPort", admin_port}, {"protocol", "TCP"}}};
}

void AddHealthProbes(std::string_view ready_path, std::string_view alive_path, ContainerShape& shape) {
  // Not at the first miss: a node that is out of breath would take all pods of a tier away at once. Those that end leave
  // without it.
  shape.readiness_probe = HttpProbe(ready_path, 2, 3);
  shape.liveness_probe = HttpProbe(alive_path, 10, 6);
  shape.startup_probe = HttpProbe(alive_path, 1, 60);
}

kube::Json RoleRule(std::vector<std::string> groups, std::vector<std::string> resources, std::vector<std::string> verbs) {
  return {{"apiGroups", std::move(groups)}, {"resources", std::move(resources)}, {"verbs", std::move(verbs)}};
}

}  // namespace ingressfleet::plan
