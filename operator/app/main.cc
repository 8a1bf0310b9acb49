// ingressfleet: the operator and its offline commands.

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <stop_token>
#include <thread>

#include "app/commands.h"
#include "app/operator.h"
#include "base/json.h"
#include "base/log.h"

namespace {

using namespace ingressfleet;

struct LogOptions {
  base::LogFormat format = base::LogFormat::kJson;
  base::LogLevel level = base::LogLevel::kInfo;
};

const std::map<std::string, base::LogFormat> kFormats{{"json", base::LogFormat::kJson}, {"text", base::LogFormat::kText}};
const std::map<std::string, base::LogLevel> kLevels{{"debug", base::LogLevel::kDebug},
                                                    {"info", base::LogLevel::kInfo},
                                                    {"warn", base::LogLevel::kWarn},
                                                    {"error", base::LogLevel::kError}};

/// SIGTERM and SIGINT as a stop request. Blocked in every thread (call it before any starts) and awaited in one.
std::jthread StopOnSignal(std::stop_source stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return std::jthread([signals, stop](const std::stop_token& ended) mutable {
    const timespec poll{0, 200'000'000};
    while (!ended.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &poll) > 0) {
        stop.request_stop();
        return;
      }
    }
  });
}

int RunOperatorCommand(const app::OperatorOptions& options, const LogOptions& log) {
  base::SetupLog(log.format, log.level);
  std::stop_source stop;
  const std::jthread signals = StopOnSignal(stop);
  const base::Status status = app::RunOperator(options, stop.get_token());
  if (status) {
    base::Log(base::LogLevel::kInfo, "stopped");
    return app::kExitOk;
  }
  base::Log(base::LogLevel::kError, "ended", {{"error", status.error().ToString()}});
  return app::kExitInvalid;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Ingress Fleet: one object for all ingress controllers of a cluster.", "ingressfleet");
  cli.require_subcommand(1);

  app::OperatorOptions options;
  LogOptions log;
  CLI::App* operator_command = cli.add_subcommand("operator", "Run the operator.");
  operator_command->add_option("--kubeconfig", options.kubeconfig,
                               "Path of a kubeconfig; in a pod its service account is used.");
  operator_command->add_option("--leader-elect", options.leader_elect, "Work only while holding the lease.")
      ->capture_default_str();
  operator_command->add_option("--lease-namespace", options.lease_namespace, "Namespace of the lease; default: the pod's.")
      ->envname("POD_NAMESPACE");
  operator_command->add_option("--health-address", options.health_address, "Address of /healthz, /readyz and /metrics.")
      ->capture_default_str();
  operator_command->add_option("--health-port", options.health_port, "Port of it.")->capture_default_str();
  operator_command->add_option("--workers", options.workers, "Fleets that are worked on at the same time.")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  operator_command->add_option("--identity", options.identity, "Name in the lease; default: host name and a random suffix.");
  operator_command->add_option("--image-repository", options.image_repository, "Where the project's images come from.")
      ->envname("INGRESSFLEET_IMAGE_REPOSITORY")
      ->capture_default_str();
  operator_command->add_option("--pod-address", options.pod_address, "Address of this pod, from which candidates are probed.")
      ->envname("POD_IP");
  operator_command
      ->add_option("--host-address", options.host_address, "Address of this pod's node, which is no address to probe from.")
      ->envname("HOST_IP");
  operator_command->add_option("--log-format", log.format, "json or text.")->transform(CLI::CheckedTransformer(kFormats));
  operator_command->add_option("--log-level", log.level, "debug, info, warn or error.")
      ->transform(CLI::CheckedTransformer(kLevels));

  std::vector<std::string> check_files;
  CLI::App* check_command = cli.add_subcommand("check", "Validate fleets in files; exit code 1 when one is invalid.");
  check_command->add_option("-f,--filename", check_files, "File with an IngressFleet, \"-\" for standard input.")->required();

  app::PlanOptions plan_options;
  std::string output = "text";
  CLI::App* plan_command = cli.add_subcommand("plan", "Print what a fleet would create, in order.");
  plan_command->add_option("-f,--filename", plan_options.files, "File with an IngressFleet, \"-\" for standard input.")
      ->required();
  plan_command->add_option("-o,--output", output, "text or json.")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  plan_command->add_option("--image-repository", plan_options.image_repository, "Where the project's images come from.")
      ->envname("INGRESSFLEET_IMAGE_REPOSITORY")
      ->capture_default_str();

  CLI::App* version_command = cli.add_subcommand("version", "Print the version.");

  CLI11_PARSE(cli, argc, argv);
  if (*operator_command) return RunOperatorCommand(options, log);
  if (*check_command) return app::Check(check_files, std::cout, std::cerr);
  plan_options.json = output == "json";
  if (*plan_command) return app::Plan(plan_options, std::cout, std::cerr);
  if (*version_command) std::cout << INGRESSFLEET_VERSION << "\n";
  return app::kExitOk;
}
