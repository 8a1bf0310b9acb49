#include "run/init.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "haproxy/process.h"

namespace ingressfleet::agent {
namespace {

using Clock = std::chrono::steady_clock;
using base::LogLevel;

constexpr std::chrono::milliseconds kFirstDelay{100};
constexpr std::chrono::milliseconds kLongestDelay{10'000};
constexpr std::chrono::seconds kHealthyAfter{30};
constexpr int kMostDrains = 3;  ///< agents that are told to drain, before the pod ends without

class Init {
 public:
  explicit Init(const std::vector<std::string>& agent) : agent_(agent) {}

  int Run() {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals_, signal);
    sigprocmask(SIG_BLOCK, &signals_, nullptr);
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // in a container PID 1 is one already
    StartAgent();
    while (!ended_) WaitForSignal();
    return exit_code_;
  }

 private:
  void StartAgent() {
    const auto process = StartProcess(agent_, {SIGTERM});
    started_at_ = Clock::now();
    restart_at_ = {};
    if (process) {
      pid_ = process->pid;
      if (terminating_) TellToDrain();
    } else {
      base::Log(LogLevel::kError, "start the agent", {{"error", process.error().ToString()}});
      ScheduleRestart();
    }
  }

  void WaitForSignal() {
    const timespec tick{0, 100'000'000};
    const int signal = sigtimedwait(&signals_, nullptr, &tick);
    if (signal == SIGTERM || signal == SIGINT) Terminate();
    Reap();
    if (pid_ == 0 && restart_at_ != Clock::time_point() && Clock::now() >= restart_at_) StartAgent();
  }

  void Terminate() {
    terminating_ = true;
    if (pid_ > 0) {
      TellToDrain();
    } else {
      StartAgent();
    }
  }

  void TellToDrain() {
    ++drains_;
    kill(pid_, SIGTERM);
  }

  void Reap() {
    int status = 0;
    for (pid_t child = waitpid(-1, &status, WNOHANG); child > 0; child = waitpid(-1, &status, WNOHANG)) {
      if (child == pid_) AgentEnded(status);
    }
  }

  void AgentEnded(int status) {
    pid_ = 0;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const bool drained = terminating_ && (code == 0 || drains_ >= kMostDrains);
    if (drained || code == kExitUsage) {
      exit_code_ = code;
      ended_ = true;
      return;
    }
    base::Log(LogLevel::kError, "the agent ended; HAProxy goes on and the agent is started again", {{"code", code}});
    ScheduleRestart();
  }

  void ScheduleRestart() {
    if (Clock::now() - started_at_ > kHealthyAfter) delay_ = kFirstDelay;
    restart_at_ = Clock::now() + delay_;
    delay_ = std::min(delay_ * 2, kLongestDelay);
  }

  const std::vector<std::string>& agent_;
  sigset_t signals_{};
  pid_t pid_ = 0;
  bool terminating_ = false;
  int drains_ = 0;
  bool ended_ = false;
  int exit_code_ = 0;
  std::chrono::milliseconds delay_ = kFirstDelay;
  Clock::time_point started_at_;
  Clock::time_point restart_at_;
};

}  // namespace

int RunInit(const std::vector<std::string>& agent) { return Init(agent).Run(); }

}  // namespace ingressfleet::agent
