// kubectl-ingressfleet: what `kubectl ingressfleet …` runs. It looks at fleets and gives orders; the operator decides and acts.

#include <CLI/CLI.hpp>
#include <csignal>
#include <list>
#include <map>
#include <stop_token>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"

namespace {

using namespace ingressfleet;

const std::map<std::string, cli::WaitFor> kWaits{
    {"none", cli::WaitFor::kNothing}, {"handled", cli::WaitFor::kHandled}, {"complete", cli::WaitFor::kComplete}};
const std::map<std::string, cli::DryRun> kDryRuns{
    {"none", cli::DryRun::kNone}, {"client", cli::DryRun::kClient}, {"server", cli::DryRun::kServer}};

/// SIGINT and SIGTERM as a stop request. Blocked in every thread (call it before any starts) and awaited in one.
std::jthread StopOnSignal(std::stop_source stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return std::jthread([signals, stop](const std::stop_token& ended) mutable {
    const timespec poll{0, 20'000'000};
    while (!ended.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &poll) > 0) {
        stop.request_stop();
        return;
      }
    }
  });
}

/// A value that is chosen from a table, or "true" and "false" for an option that was written without one.
template <class Value>
Value Chosen(const std::map<std::string, Value>& table, const std::string& text, Value otherwise) {
  const auto found = table.find(text);
  return found == table.end() ? otherwise : found->second;
}

/// One order as typed.
struct OrderArguments {
  CLI::App* command = nullptr;
  cli::OrderOptions options;
  std::string wait;
  std::string dry_run = "none";
  std::string timeout;
};

template <class Value>
std::vector<std::string> KeysOf(const std::map<std::string, Value>& table) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : table) keys.push_back(key);
  return keys;
}

void AddOrder(CLI::App& app, const cli::VerbRow& verb, OrderArguments& arguments) {
  CLI::App* const command = app.add_subcommand(std::string(verb.name), std::string(verb.help));
  arguments.command = command;
  arguments.options.kind = verb.kind;
  arguments.wait = verb.waits ? "handled" : "none";
  command->add_option("TIER", arguments.options.tier, "A tier, or FLEET/TIER.")->required();
  if (verb.names_revision)
    command->add_option("REVISION", arguments.options.revision, "The revision that is meant; see history.");
  command->add_flag("--wait{handled}", arguments.wait, "none, handled (by the operator) or complete (the tier is Stable).")
      ->check(CLI::IsMember(KeysOf(kWaits)));
  command
      ->add_option("--timeout", arguments.timeout, "How long to wait: 90s, 5m, 1h. Default: 1m for handled, 1h for complete.")
      ->check([](const std::string& text) { return cli::ParseDuration(text) ? std::string() : "not a duration: " + text; });
  command
      ->add_flag("--dry-run{client}", arguments.dry_run,
                 "none, client (write nothing) or server (ask the server, write nothing).")
      ->check(CLI::IsMember(KeysOf(kDryRuns)));
}

int RunOrder(OrderArguments& arguments, const cli::ConnectOptions& connect, const std::stop_token& stop) {
  cli::OrderOptions& options = arguments.options;
  options.connect = connect;
  options.wait = Chosen(kWaits, arguments.wait, cli::WaitFor::kNothing);
  options.dry_run = Chosen(kDryRuns, arguments.dry_run, cli::DryRun::kNone);
  options.timeout = cli::ParseDuration(arguments.timeout);
  return cli::GiveOrder(options, stop);
}

}  // namespace

int main(int argc, char** argv) {
  base::SetupLog(base::LogFormat::kText, base::LogLevel::kError);
  const std::vector<std::string> words(argv + 1, argv + argc);
  // Not a command of the parser: what is being typed need not parse.
  if (!words.empty() && words.front() == "__complete") return cli::PrintCompletions({words.begin() + 1, words.end()});

  CLI::App app("Look at the ingress fleets of a cluster, and say how their upgrades go on.", "kubectl ingressfleet");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", INGRESSFLEET_VERSION);
  cli::ConnectOptions connect;
  app.add_option("--kubeconfig", connect.kubeconfig, "Path of a kubeconfig; else $KUBECONFIG or ~/.kube/config.");
  app.add_option("--context", connect.context, "Context of the kubeconfig; else its current one.");

  cli::StatusOptions status;
  CLI::App* const status_command =
      app.add_subcommand("status", "A fleet as a tree: tiers, slots, what they wait for, what is wrong.");
  status_command->add_option("WHAT", status.words, "[FLEET] [TIER]; all fleets when nothing is said.")->expected(0, 2);
  status_command->add_option("-o,--output", status.output, "wide, json or yaml.")
      ->check(CLI::IsMember({"wide", "json", "yaml"}));
  status_command->add_flag("-w,--watch", status.watch, "Draw again on each change, until interrupted.");
  status_command->add_flag("--pods", status.pods, "Show the pods of each slot.");
  status_command->add_flag("--no-color", status.no_color, "No colours; so does NO_COLOR.");

  cli::HistoryOptions history;
  CLI::App* const history_command = app.add_subcommand("history", "What a tier has served.");
  history_command->add_option("TIER", history.tier, "A tier, or FLEET/TIER.")->required();
  history_command->add_option("-o,--output", history.output, "json or yaml.")->check(CLI::IsMember({"json", "yaml"}));
  history_command->add_flag("--no-color", history.no_color, "No colours; so does NO_COLOR.");

  std::list<OrderArguments> orders;
  for (const cli::VerbRow& verb : cli::AllVerbs()) AddOrder(app, verb, orders.emplace_back());

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kExitDone : cli::kExitUsage;
  }
  std::stop_source stop;
  const std::jthread signals = StopOnSignal(stop);
  status.connect = connect;
  history.connect = connect;
  if (*status_command) return cli::ShowStatus(status, stop.get_token());
  if (*history_command) return cli::ShowHistory(history, stop.get_token());
  for (OrderArguments& order : orders) {
    if (*order.command) return RunOrder(order, connect, stop.get_token());
  }
  return cli::kExitUsage;
}
