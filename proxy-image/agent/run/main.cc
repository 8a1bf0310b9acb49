// ingressfleet-proxy: the commands of the engine's image.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <thread>

#include "base/log.h"
#include "io/client.h"
#include "io/events.h"
#include "io/kubeconfig.h"
#include "io/serve.h"
#include "run/agent.h"
#include "run/init.h"
#include "run/options.h"

namespace ingressfleet::agent {
namespace {

using base::LogLevel;

void AddOptions(CLI::App& command, Options& options) {
  command.add_option("--ingress-class", options.ingress_class, "IngressClass whose Ingresses are served")->required();
  command.add_option("--controller", options.controller, "spec.controller that the IngressClass must have")->required();
  command.add_option("--namespace", options.ns, "Namespace of the pod and of the two ConfigMaps")->required();
  command.add_option("--live-config", options.live_config, "ConfigMap with what changes without a rollout")->required();
  command.add_option("--status-config", options.status_config, "ConfigMap in which this pod has a key")->required();
  command.add_option("--pod", options.pod, "Name of this pod")->required();
  command.add_option("--http-port", options.http_port, "HTTP port")->capture_default_str();
  command.add_option("--https-port", options.https_port, "HTTPS port")->capture_default_str();
  command.add_option("--stats-port", options.stats_port, "Port of HAProxy's own metrics")->capture_default_str();
  command.add_option("--admin-port", options.admin_port, "Port of /readyz, /healthz, /metrics, /debug/routes")
      ->capture_default_str();
  command.add_option("--listener-protocol", options.listener_protocol, "What the load balancer speaks")
      ->check(CLI::IsMember({"TCP", "PROXY"}))
      ->capture_default_str();
  command.add_option("--pre-stop-delay", options.pre_stop_delay_seconds, "Seconds of serving after SIGTERM")
      ->capture_default_str();
  command.add_option("--drain", options.drain_seconds, "Longest wait for running connections, in seconds")
      ->capture_default_str();
  command.add_option("--settings", options.settings_directory, "Directory with one file per engine setting")
      ->capture_default_str();
  command.add_option("--kubeconfig", options.kubeconfig, "Kubeconfig file; without it the pod's service account");
  command.add_option("--run-dir", options.run_directory, "Writable directory for sockets and files")->capture_default_str();
  command.add_option("--haproxy", options.haproxy, "Path of HAProxy")->capture_default_str();
  const std::map<std::string, base::LogFormat> formats{{"json", base::LogFormat::kJson}, {"text", base::LogFormat::kText}};
  command.add_option("--log-format", options.log_format, "json or text")->transform(CLI::CheckedTransformer(formats));
  const std::map<std::string, LogLevel> levels{
      {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}};
  command.add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->transform(CLI::CheckedTransformer(levels));
}

int Refuse(const base::Error& error) {
  base::Log(LogLevel::kError, "cannot start", {{"error", error.message}});
  return error.code == base::Code::kInvalid ? kExitUsage : 1;
}

// Two agents must never drive one HAProxy. The lock ends with the process.
base::Status LockDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const int fd = open((directory + "/agent.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return base::Fail(base::Code::kInvalid, "--run-dir " + directory + " is not writable");
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return base::Fail(base::Code::kUnavailable, "another agent runs in " + directory);
  return {};
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

io::ServeOptions Serving(const Options& options, const Agent& agent) {
  io::ServeOptions serve;
  serve.port = options.admin_port;
  serve.readyz = {{"sync", [&agent] { return agent.CheckSynced(); }},
                  {"proxy", [&agent] { return agent.CheckProxy(); }},
                  {"live-config", [&agent] { return agent.CheckLiveConfig(); }},
                  {"draining", [&agent] { return agent.CheckDraining(); }}};
  serve.pages["/debug/routes"] = [&agent] { return agent.PrintRoutes(); };
  return serve;
}

int ServeUntilStopped(const Options& options, EngineOptions engine, std::shared_ptr<io::Transport> transport,
                      std::stop_source& stop) {
  io::Client client(std::move(transport));
  io::Metrics& metrics = io::DefaultMetrics();
  RegisterMetrics(metrics);
  Inbox inbox;
  Gatherer gatherer(client, options, inbox);
  io::EventRecorder recorder(client, "ingressfleet-proxy", options.pod);
  ProblemReporter problems(recorder);
  StatusWriter status_writer(client, options);
  const AgentEdges edges{
      .has_synced_objects = [&] { return gatherer.HasSyncedObjects(); },
      .has_synced = [&] { return gatherer.HasSynced(); },
      .set_referenced_secrets = [&](const std::vector<ObjectName>& names) { gatherer.SetReferencedSecrets(names); },
      .report_status = [&](const PodStatus& status) { status_writer.Set(status); },
      .report_problems = [&](const std::vector<Problem>& list,
                             const Table<Ingress>& ingresses) { problems.Report(list, ingresses, base::SystemClock().Now()); },
  };
  Agent agent(options, std::move(engine), inbox, edges, base::SystemClock(), metrics);
  const auto server = io::HealthServer::Start(Serving(options, agent), metrics);
  if (!server) return Refuse(server.error());
  gatherer.Start();
  agent.Run(stop.get_token());
  status_writer.Remove();
  return 0;
}

int RunAgent(const Options& options) {
  base::SetupLog(options.log_format, options.log_level);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: they all inherit it
  signal(SIGPIPE, SIG_IGN);
  auto engine = MakeEngineOptions(options);
  if (!engine) return Refuse(engine.error());
  if (const auto locked = LockDirectory(options.run_directory); !locked) return Refuse(locked.error());
  const auto connection = io::LoadConnection(options.kubeconfig);
  if (!connection) return Refuse(connection.error());
  io::InitTransport();
  auto transport = io::MakeTransport(*connection);
  if (!transport) return Refuse(transport.error());
  std::stop_source stop;
  std::thread([signals, &stop] {
    int signal = 0;
    sigwait(&signals, &signal);
    base::Log(LogLevel::kInfo, "asked to stop", {{"signal", signal}});
    stop.request_stop();
  }).detach();
  return ServeUntilStopped(options, std::move(*engine), std::move(*transport), stop);
}

std::vector<std::string> AgentCommand(int argc, char** argv) {
  std::vector<std::string> command{std::filesystem::read_symlink("/proc/self/exe").string(), "agent"};
  command.insert(command.end(), argv + 2, argv + argc);
  return command;
}

int Main(int argc, char** argv) {
  CLI::App app("The HAProxy engine of Ingress Fleet");
  app.set_version_flag("--version", INGRESSFLEET_VERSION);
  app.require_subcommand(1);
  Options options;
  CLI::App* init =
      app.add_subcommand("init", "First process of the container: keeps the agent running (takes the agent's arguments)");
  CLI::App* agent = app.add_subcommand("agent", "Watch the API and drive HAProxy");
  AddOptions(*init, options);
  AddOptions(*agent, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (agent->parsed()) return RunAgent(options);
  base::SetupLog(options.log_format, options.log_level);
  return RunInit(AgentCommand(argc, argv));
}

}  // namespace
}  // namespace ingressfleet::agent

int main(int argc, char** argv) { return ingressfleet::agent::Main(argc, argv); }
