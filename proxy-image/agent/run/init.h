#pragma once
// The first process of the container: keeps the agent alive, collects orphans (HAProxy among them, when its agent died).

#include <string>
#include <vector>

namespace ingressfleet::agent {

/// The agent's exit code for arguments or settings that a restart cannot mend: init gives up with the same code.
inline constexpr int kExitUsage = 2;

/// Starts `agent` (program and arguments) and restarts it with a growing delay whenever it dies; HAProxy runs on meanwhile.
/// SIGTERM and SIGINT are passed on as SIGTERM. After one of them init ends with the agent, but only an agent can let HAProxy
/// finish what it serves: one that is not there, or dies of the signal, is started again and told, a few times. Returns the
/// agent's last exit code.
int RunInit(const std::vector<std::string>& agent);

}  // namespace ingressfleet::agent
