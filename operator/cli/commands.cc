#include "cli/commands.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "cli/complete.h"
#include "cli/history.h"
#include "cli/target.h"
#include "cli/terminal.h"
#include "cli/tree.h"
#include "cli/yaml_text.h"

namespace ingressfleet::cli {
namespace {

using std::chrono::seconds;

/// As a shell reports a command that was ended by SIGINT.
constexpr int kExitInterrupted = 130;
constexpr seconds kHandledTimeout{60};
constexpr seconds kCompleteTimeout{3600};
/// How long completion may keep a person waiting who pressed TAB.
constexpr std::chrono::milliseconds kCompletionPatience{3'000};
/// Ages and deadlines are shown in seconds.
constexpr std::chrono::milliseconds kRedraw{1'000};

int Report(const base::Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return error.code == base::Code::kInvalid ? kExitUsage : kExitFailed;
}

std::vector<FleetView> ViewsOf(const std::vector<kube::Object>& fleets) {
  std::vector<FleetView> views;
  for (const kube::Object& fleet : fleets) views.push_back(ViewOf(fleet));
  return views;
}

// A wrong kubeconfig is no wrong command line.
base::Result<Cluster> Connect(const ConnectOptions& options, const std::stop_token& stop) {
  auto cluster = Cluster::Connect(options, stop);
  if (!cluster) return base::Fail(base::Code::kUnavailable, cluster.error().message);
  return cluster;
}

base::Result<std::vector<FleetView>> ReadFleets(Cluster& cluster) {
  const auto fleets = cluster.Fleets();
  if (!fleets)
    return base::Fail(fleets.error().code == base::Code::kInvalid ? base::Code::kInternal : fleets.error().code,
                      fleets.error().message);
  return ViewsOf(*fleets);
}

void PrintStructured(const kube::Json& value, const std::string& output) {
  if (output == "yaml")
    fmt::print("{}", YamlText(value));
  else
    fmt::print("{}\n", value.dump(2, ' ', false, kube::Json::error_handler_t::replace));
}

// ------------------------------------------------------------------------------------------------------------ status

kube::Json FleetAsJson(const Target& target) {
  const FleetView& fleet = *target.fleet;
  kube::Json status = api::EncodeStatus(fleet.status);
  if (target.tier.empty()) {
    kube::Json value{
        {"fleet", fleet.name}, {"namespace", fleet.ns}, {"paused", fleet.paused}, {"generation", fleet.generation}};
    value.update(status);
    return value;
  }
  for (const kube::Json& tier : kube::ListOf(status, "tiers")) {
    if (kube::TextOf(tier, "name") == target.tier) return tier;
  }
  return {{"name", target.tier}};
}

kube::Json ShownAsJson(const std::vector<Target>& shown, bool all) {
  if (!all) return FleetAsJson(shown.front());
  kube::Json fleets = kube::Json::array();
  for (const Target& target : shown) fleets.push_back(FleetAsJson(target));
  return {{"fleets", std::move(fleets)}};
}

std::string Picture(const std::vector<FleetView>& fleets, const StatusOptions& options) {
  const auto shown = FindShown(fleets, options.words);
  if (!shown) return shown.error().message + "\n";
  const Look look = LookOf(stdout, options.no_color);
  return Paint(
      DrawFleets(*shown, {.wide = options.output == "wide", .pods = options.pods, .now = base::SystemClock().Now()}, look),
      look);
}

/// The namespace of all shown fleets, or all namespaces when they differ.
std::string NamespaceOf(const std::vector<FleetView>& fleets) {
  for (const FleetView& fleet : fleets) {
    if (fleet.ns != fleets.front().ns) return "";
  }
  return fleets.empty() ? "" : fleets.front().ns;
}

int Watch(Cluster& cluster, const std::vector<FleetView>& fleets, const StatusOptions& options, const std::stop_token& stop) {
  Feed feed(cluster.client(), "", NamespaceOf(fleets));
  Canvas canvas(stdout);
  const bool terminal = IsTerminal(stdout);
  bool ready = false;
  while (!stop.stop_requested()) {
    const bool changed = feed.WaitForChange(kRedraw, stop);
    ready = ready || changed;
    // Without a terminal only what has changed is worth another picture, not the ages.
    if (ready && (changed || terminal)) canvas.Show(Picture(feed.Fleets(), options));
  }
  return kExitDone;
}

// ------------------------------------------------------------------------------------------------------------ orders

std::string DescribeTarget(const OrderOptions& options, const FleetView& fleet, const Order& order) {
  return fmt::format("{}/{}: {}{}{}", fleet.name, order.tier, RowOf(options.kind).name, order.revision.empty() ? "" : " ",
                     order.revision);
}

void Tell(const std::string& line) {
  fmt::print("{:%H:%M:%S}  {}\n", fmt::localtime(std::time(nullptr)), line);
  std::fflush(stdout);
}

int WaitForOrder(Cluster& cluster, const FleetView& fleet, const Order& order, const OrderOptions& options, bool written,
                 const std::stop_token& stop) {
  Progress progress(order, options.wait, written);
  const seconds timeout = options.timeout.value_or(options.wait == WaitFor::kComplete ? kCompleteTimeout : kHandledTimeout);
  const auto until = std::chrono::steady_clock::now() + timeout;
  Feed feed(cluster.client(), fleet.name, std::nullopt);
  while (!stop.stop_requested()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      fmt::print(stderr, "error: timed out after {}: {}; the order stands\n", base::FormatDuration(timeout),
                 progress.WhenTimedOut());
      return kExitTimedOut;
    }
    if (!feed.WaitForChange(left, stop)) continue;
    const std::vector<FleetView> fleets = feed.Fleets();
    const Progress::Step step = progress.See(fleets.empty() ? nullptr : &fleets.front());
    for (const std::string& line : step.lines) Tell(line);
    if (!step.outcome) continue;
    if (step.outcome->exit_code == kExitDone)
      fmt::print("{}\n", step.outcome->message);
    else
      fmt::print(stderr, "error: {}\n", step.outcome->message);
    return step.outcome->exit_code;
  }
  fmt::print(stderr, "no longer waited for; the order stands\n");
  return kExitInterrupted;
}

int WriteOrder(Cluster& cluster, const FleetView& fleet, const Order& order, const OrderOptions& options) {
  if (options.dry_run != DryRun::kClient) {
    const auto applied = cluster.Give(fleet, order, options.dry_run == DryRun::kServer);
    if (!applied) {
      fmt::print(stderr, "error: {}\n", applied.error().message);
      return kExitFailed;
    }
  }
  const char* const suffix = options.dry_run == DryRun::kClient   ? " (dry run)"
                             : options.dry_run == DryRun::kServer ? " (server dry run)"
                                                                  : "";
  fmt::print("{}{}\n", DescribeTarget(options, fleet, order), suffix);
  if (options.dry_run != DryRun::kNone) fmt::print("  {}: {}\n", order.key, kube::Json(order.value).dump());
  for (const std::string& remark : order.remarks) fmt::print("note: {}\n", remark);
  std::fflush(stdout);
  return kExitDone;
}

}  // namespace

int ShowStatus(const StatusOptions& options, const std::stop_token& stop) {
  auto cluster = Connect(options.connect, stop);
  if (!cluster) return Report(cluster.error());
  auto fleets = ReadFleets(*cluster);
  if (!fleets) return Report(fleets.error());
  const auto shown = FindShown(*fleets, options.words);
  if (!shown) return Report(shown.error());
  if (options.output == "json" || options.output == "yaml") {
    PrintStructured(ShownAsJson(*shown, options.words.empty()), options.output);
    return kExitDone;
  }
  if (options.watch) return Watch(*cluster, *fleets, options, stop);
  cluster->AddPods(*fleets);
  fmt::print("{}", Picture(*fleets, options));
  return kExitDone;
}

int ShowHistory(const HistoryOptions& options, const std::stop_token& stop) {
  auto cluster = Connect(options.connect, stop);
  if (!cluster) return Report(cluster.error());
  const auto fleets = ReadFleets(*cluster);
  if (!fleets) return Report(fleets.error());
  const auto target = FindTier(*fleets, options.tier);
  if (!target) return Report(target.error());
  const api::TierStatus none{.name = target->tier};
  const api::TierStatus* const found = target->fleet->FindTier(target->tier);
  const api::TierStatus& tier = found == nullptr ? none : *found;
  if (!options.output.empty()) {
    PrintStructured(HistoryAsJson(tier), options.output);
    return kExitDone;
  }
  const Look look = LookOf(stdout, options.no_color);
  fmt::print("{}", Paint(DrawHistory(tier, base::SystemClock().Now(), look), look));
  return kExitDone;
}

int GiveOrder(const OrderOptions& options, const std::stop_token& stop) {
  auto cluster = Connect(options.connect, stop);
  if (!cluster) return Report(cluster.error());
  const auto fleets = ReadFleets(*cluster);
  if (!fleets) return Report(fleets.error());
  const auto target = FindTier(*fleets, options.tier);
  if (!target) return Report(target.error());
  const FleetView& fleet = *target->fleet;
  const OrderAnswer answer =
      DecideOrder({options.kind, &fleet, target->tier, options.revision, cluster->WhoAmI(), base::SystemClock().Now()});
  const bool writes = answer.verdict == OrderAnswer::Verdict::kWrite;
  if (answer.verdict == OrderAnswer::Verdict::kRefuse) {
    fmt::print(stderr, "error: {} {}/{}: {}\n", RowOf(options.kind).name, fleet.name, target->tier, answer.message);
    return kExitFailed;
  }
  if (!writes) fmt::print("{}/{}: {}\n", fleet.name, target->tier, answer.message);
  if (writes) {
    if (const int exit_code = WriteOrder(*cluster, fleet, answer.order, options); exit_code != kExitDone) return exit_code;
  }
  const bool waits = options.wait == WaitFor::kComplete || (writes && options.wait == WaitFor::kHandled);
  if (options.dry_run != DryRun::kNone || !waits) return kExitDone;
  return WaitForOrder(*cluster, fleet, answer.order, options, writes, stop);
}

int PrintCompletions(const std::vector<std::string>& words) {
  const auto fleets = [&words]() -> std::vector<FleetView> {
    ConnectOptions connect;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "--context") connect.context = words[i + 1];
      if (words[i] == "--kubeconfig") connect.kubeconfig = words[i + 1];
    }
    auto cluster = Cluster::Connect(connect, {});
    if (!cluster) return {};
    cluster->client() = cluster->client().With({}, kCompletionPatience);
    const auto read = cluster->Fleets();
    return read ? ViewsOf(*read) : std::vector<FleetView>();
  };
  for (const std::string& candidate : Complete(words, fleets)) fmt::print("{}\n", candidate);
  // ShellCompDirectiveNoFileComp, https://github.com/spf13/cobra/blob/main/completions.go
  fmt::print(":4\n");
  return kExitDone;
}

}  // namespace ingressfleet::cli
