#include "haproxy/engine.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "haproxy/files.h"
#include "proxy/assign.h"
#include "proxy/parse.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;
using base::LogLevel;
using base::Status;

constexpr std::chrono::seconds kStartTimeout{30};
constexpr int kErrorsBeforeReload = 3;
constexpr const char* kPidFile = "haproxy.pid";
constexpr const char* kEngineFile = "engine.json";

// HAProxy does not tell whether a server in maintenance may be recycled; what is known about that is carried over.
void TakeDrains(const ProxyState& known, ProxyState& read) {
  for (auto& [number, member] : read.members) {
    const auto found = known.members.find(number);
    if (found == known.members.end()) continue;
    for (auto& [slot, server] : member.slots) {
      const auto position = found->second.slots.find(slot);
      if (position != found->second.slots.end()) server.draining = position->second.draining;
    }
  }
}

}  // namespace

Engine::Engine(EngineOptions options) : options_(std::move(options)) {
  options_.render.generation = 0;
  held_.pool_size = options_.render.settings.pool_size;
}

std::string Engine::Path(std::string_view name) const { return fmt::format("{}/{}", options_.render.directory, name); }

// The text without servers: differs when this agent would write another configuration than the one that runs.
std::string Engine::ConfigHash(int pool_size) const {
  ProxyState empty;
  empty.pool_size = pool_size;
  return base::Sha256Hex(RenderConfig(options_.render, empty));
}

void Engine::OpenSession() { session_ = std::make_unique<RuntimeSession>(RuntimeSocket(options_.render)); }

bool Engine::Adopt() {
  process_ = ReadPidFile(Path(kPidFile));
  const auto engine = nlohmann::json::parse(ReadFileOrEmpty(Path(kEngineFile)), nullptr, false);
  if (!engine.is_object()) return false;
  const int newest = engine.value("generation", 0);
  options_.render.generation = newest;
  if (!process_.IsSet()) return false;
  held_.pool_size = engine.value("poolSize", held_.pool_size);
  if (engine.value("config", "") != ConfigHash(held_.pool_size)) pending_reload_ = "the configuration text changed";
  if (!AdoptGeneration(newest)) {
    // The former agent died between naming a generation and its reload: the one before it still runs.
    pending_reload_ = "a reload was interrupted";
    if (!AdoptGeneration(newest - 1)) {
      Kill();
      return false;
    }
  }
  base::Log(LogLevel::kInfo, "adopted the running HAProxy",
            {{"pid", process_.pid}, {"routes", held_.routes.size()}, {"reload", pending_reload_}});
  return true;
}

bool Engine::AdoptGeneration(int generation) {
  options_.render.generation = generation;
  OpenSession();
  const auto status = Refresh();
  if (!status) base::Log(LogLevel::kWarn, "HAProxy does not answer", {{"error", status.error().ToString()}});
  return status.has_value();
}

Status Engine::Sync(const RoutingTable& table) {
  Status status;
  if (!IsRunning()) {
    status = Start(table);
  } else {
    if (!held_is_known_) status = Refresh();
    if (status) {
      const ProxyState desired = Assign(held_, table);
      Plan plan = Diff(held_, desired);
      if (plan.reload_reason.empty()) plan.reload_reason = pending_reload_;
      status = plan.reload_reason.empty() ? Perform(plan) : ReloadInto(desired, plan.reload_reason);
    }
  }
  errors_in_a_row_ = status ? 0 : errors_in_a_row_ + 1;
  if (errors_in_a_row_ >= kErrorsBeforeReload) pending_reload_ = "the Runtime API refused too often";
  return status;
}

Status Engine::Perform(const Plan& plan) {
  for (const Command& command : plan.commands) {
    ++counts_.commands;
    if (auto status = Execute(*session_, command, options_.render.directory); !status) {
      held_is_known_ = false;
      return status;
    }
    Apply(command, held_);
    base::Log(LogLevel::kDebug, "runtime command", {{"command", command.ToString()}});
  }
  return {};
}

// Every start and reload has a socket of its own, named before the files are written: an answer on it can only come from the
// worker that read these files.
Status Engine::WriteGeneration(const ProxyState& state) {
  ++options_.render.generation;
  const nlohmann::json engine{
      {"generation", options_.render.generation}, {"poolSize", state.pool_size}, {"config", ConfigHash(state.pool_size)}};
  if (auto status = WriteFiles(options_.render.directory, RenderFiles(options_.render, state)); !status) return status;
  return WriteFileAtomically(Path(kEngineFile), engine.dump());
}

Status Engine::Start(const RoutingTable& table) {
  session_.reset();
  ProxyState empty;
  empty.pool_size = held_.pool_size;
  if (auto status = WriteGeneration(Assign(empty, table)); !status) return status;
  const auto process =
      StartProcess({options_.binary, "-W", "-S", Path("master.sock") + ",mode,600", "-f", Path("haproxy.cfg")});
  if (!process) return Fail(process.error());
  process_ = *process;
  ++counts_.starts;
  if (auto status = WriteFileAtomically(Path(kPidFile), PidFileText(process_)); !status) return status;
  held_.pool_size = Assign(empty, table).pool_size;
  OpenSession();
  if (auto status = WaitUntilServing(); !status) return status;
  pending_reload_.clear();
  base::Log(LogLevel::kInfo, "started HAProxy",
            {{"pid", process_.pid}, {"routes", held_.routes.size()}, {"pool", held_.pool_size}});
  return {};
}

Status Engine::ReloadInto(const ProxyState& desired, const std::string& reason) {
  const int old_generation = options_.render.generation;
  const std::string old_socket = RuntimeSocket(options_.render);
  Status status = WriteGeneration(desired);
  if (status) status = Reload(Path("master.sock"), kStartTimeout);
  if (!status) {
    // The old worker goes on, and answers on its own socket.
    options_.render.generation = old_generation;
    held_is_known_ = false;
    return status;
  }
  ++counts_.reloads;
  held_.pool_size = desired.pool_size;
  OpenSession();
  if (status = WaitUntilServing(); !status) return status;
  unlink(old_socket.c_str());
  pending_reload_.clear();
  base::Log(LogLevel::kInfo, "reloaded HAProxy", {{"reason", reason}, {"pool", held_.pool_size}, {"reloads", counts_.reloads}});
  return {};
}

Status Engine::WaitUntilServing() {
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (true) {
    Status status = Refresh();
    if (status) status = CheckMaster();
    if (status) return status;
    if (!IsRunning()) return Fail(Code::kUnavailable, "HAProxy ended at its start; its own words are in the log");
    if (std::chrono::steady_clock::now() > deadline) return Fail(status.error().Wrap("HAProxy does not come up"));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// After its start the master executes itself again; signals and commands that come in between are lost.
Status Engine::CheckMaster() const {
  const auto answer = AskMaster(Path("master.sock"), "show proc", std::chrono::seconds(5));
  if (!answer) return Fail(answer.error());
  if (answer->empty()) return Fail(Code::kUnavailable, "the master process is not ready");
  return {};
}

Status Engine::Refresh() {
  session_->Close();
  auto state = ReadState(*session_, options_.render.directory, held_.pool_size);
  if (!state) return Fail(state.error());
  worker_pid_ = WorkerPid();
  held_ = std::move(*state);
  held_is_known_ = true;
  return {};
}

std::string Engine::WorkerPid() {
  RuntimeSession session(RuntimeSocket(options_.render));
  const auto answer = session.Ask("show info");
  return answer ? ParseInfo(*answer)["Pid"] : "";
}

bool Engine::ObserveDrains() {
  const auto drains = [](const auto& slot) { return slot.second.draining; };
  const auto waiting = [&](const auto& member) {
    return std::any_of(member.second.slots.begin(), member.second.slots.end(), drains);
  };
  if (!session_ || std::none_of(held_.members.begin(), held_.members.end(), waiting)) return false;
  const auto answer = session_->Ask("show servers conn");
  if (!answer) return false;
  bool changed = false;
  for (const auto& [member, slot] : ParseIdleServers(*answer)) {
    const auto found = held_.members.find(member);
    if (found == held_.members.end() || !found->second.slots.contains(slot)) continue;
    bool& draining = found->second.slots.at(slot).draining;
    changed = changed || draining;
    draining = false;
  }
  return changed;
}

bool Engine::CheckWorker() {
  if (!session_ || !held_is_known_) return false;
  if (WorkerPid() == worker_pid_) return true;
  base::Log(LogLevel::kWarn, "another worker answers; it will be told everything again", {{"worker", worker_pid_}});
  held_is_known_ = false;
  return false;
}

bool Engine::Audit() {
  if (!CheckWorker()) return false;
  auto real = ReadState(*session_, options_.render.directory, held_.pool_size);
  if (real) TakeDrains(held_, *real);
  std::erase_if(held_.members, [](const auto& member) { return member.second == Member(); });
  held_is_known_ = real && *real == held_;
  if (!held_is_known_) base::Log(LogLevel::kWarn, "HAProxy does not hold what it was told; reading it again");
  return held_is_known_;
}

void Engine::SoftStop() {
  SendSignal(process_, SIGUSR1);
  // HAProxy waits for every connection that is open, ours to its own socket too.
  if (session_) session_->Close();
}

void Engine::Kill() {
  SendSignal(process_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (IsRunning() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  SendSignal(process_, SIGKILL);
}

}  // namespace ingressfleet::agent
