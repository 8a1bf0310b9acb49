#pragma once
// The first process of the container: keeps the agent alive, collects orphans (HAProxy among them, when its agent died).

#include <string>
#include <vector>

namespace ingressfleet::agent {

/// The agent's exit code for arguments or settings that a restart cannot mend: init gives up with the same code.
inline constexpr int kExitUsage = 2;

/// Starts `agent` (program and arguments) and restarts it with a growing delay whenever it dies; HAProxy runs on meanwhile.
/// SIGTERM and SIGINT are passed on; after one of them the end of the agent is the end of init. Returns the exit code.
int RunInit(const std::vector<std::string>& agent);

}  // namespace ingressfleet::agent
