#pragma once
// The HAProxy master process: started here, or started by a former life of the agent and found again.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace ingressfleet::agent {

/// Identity of a process that survives the reuse of its number.
struct ProcessId {
  pid_t pid = 0;
  unsigned long long start_time = 0;  ///< clock ticks since boot, from /proc

  bool IsSet() const { return pid > 0; }
};

/// Starts a program in its own process group, with default signal handling: a signal to the agent's group does not reach it,
/// and it outlives the agent. Standard output and error are inherited. `blocked` are signals that wait for it until it asks for
/// them (sigwait), so that none that comes early ends it.
base::Result<ProcessId> StartProcess(const std::vector<std::string>& arguments, const std::vector<int>& blocked = {});
/// False once it has ended. Collects the exit status when it is our child.
bool IsRunning(const ProcessId& id);
/// Nothing happens when it has ended.
void SendSignal(const ProcessId& id, int signal);

/// One line "pid start_time"; an unset id when the file is missing or the process has ended.
ProcessId ReadPidFile(const std::string& path);
std::string PidFileText(const ProcessId& id);

}  // namespace ingressfleet::agent
