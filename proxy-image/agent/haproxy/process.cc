#include "haproxy/process.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <fstream>
#include <sstream>

extern char** environ;

namespace ingressfleet::agent {
namespace {

struct ProcStat {
  char state = 'Z';
  unsigned long long start_time = 0;
};

// /proc/<pid>/stat: the name is in parentheses and may hold anything; the fields after the last ")" are state (3) … starttime
// (22).
ProcStat ReadStat(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  ProcStat stat;
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> stat.start_time;
  return stat;
}

class SpawnAttributes {
 public:
  explicit SpawnAttributes(const std::vector<int>& blocked) {
    sigset_t mask, all;
    sigemptyset(&mask);
    for (const int signal : blocked) sigaddset(&mask, signal);
    sigfillset(&all);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &mask);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

base::Result<ProcessId> StartProcess(const std::vector<std::string>& arguments, const std::vector<int>& blocked) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const SpawnAttributes attributes(blocked);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv.front(), nullptr, attributes.get(), argv.data(), environ);
  if (error != 0) {
    return base::Fail(base::Code::kUnavailable, fmt::format("start {}: {}", arguments.front(), std::strerror(error)));
  }
  return ProcessId{pid, ReadStat(pid).start_time};
}

bool IsRunning(const ProcessId& id) {
  if (!id.IsSet()) return false;
  waitpid(id.pid, nullptr, WNOHANG);
  const ProcStat stat = ReadStat(id.pid);
  return stat.state != 'Z' && stat.state != 'X' && stat.start_time == id.start_time;
}

void SendSignal(const ProcessId& id, int signal) {
  if (IsRunning(id)) kill(id.pid, signal);
}

ProcessId ReadPidFile(const std::string& path) {
  std::ifstream file(path);
  ProcessId id;
  file >> id.pid >> id.start_time;
  return IsRunning(id) ? id : ProcessId();
}

std::string PidFileText(const ProcessId& id) { return fmt::format("{} {}\n", id.pid, id.start_time); }

}  // namespace ingressfleet::agent
