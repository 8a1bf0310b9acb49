#pragma once
// The plugin's commands: connect, ask the pure middle, print, and for an order write and wait. Each returns the exit code.

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "cli/order.h"
#include "cli/progress.h"

namespace ingressfleet::cli {

struct StatusOptions {
  ConnectOptions connect;
  std::vector<std::string> words;  ///< [FLEET] [TIER]
  std::string output;              ///< "", "wide", "json" or "yaml"
  bool watch = false;
  bool pods = false;
  bool no_color = false;
};
int ShowStatus(const StatusOptions& options, const std::stop_token& stop);

struct HistoryOptions {
  ConnectOptions connect;
  std::string tier;
  std::string output;  ///< "", "json" or "yaml"
  bool no_color = false;
};
int ShowHistory(const HistoryOptions& options, const std::stop_token& stop);

enum class DryRun { kNone, kClient, kServer };

struct OrderOptions {
  ConnectOptions connect;
  RequestKind kind = RequestKind::kHold;
  std::string tier;
  std::string revision;
  DryRun dry_run = DryRun::kNone;
  WaitFor wait = WaitFor::kNothing;
  std::optional<std::chrono::seconds> timeout;
};
int GiveOrder(const OrderOptions& options, const std::stop_token& stop);

/// For the shell: candidates one a line, then kubectl's directive. Never fails: what is not known is not offered.
int PrintCompletions(const std::vector<std::string>& words);

/// "90", "90s", "5m", "1h30m"; nothing when it is none of these.
std::optional<std::chrono::seconds> ParseDuration(const std::string& text);

}  // namespace ingressfleet::cli
