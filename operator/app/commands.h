#pragma once
// The offline commands: `ingressfleet check` and `ingressfleet plan`.

#include <iosfwd>
#include <string>
#include <vector>

namespace ingressfleet::app {

/// Exit codes, as documented in docs/reference/cli.md.
enum ExitCode : int { kExitOk = 0, kExitInvalid = 1, kExitUnusable = 2 };

/// Validates every IngressFleet in the files ("-" = standard input). Other kinds are passed over. Prints one line per error
/// with its field path to `out`.
int Check(const std::vector<std::string>& files, std::ostream& out, std::ostream& err);

struct PlanOptions {
  std::vector<std::string> files;
  bool json = false;
  std::string image_repository = "ingressfleet";
};

/// Prints what an empty cluster would get, in the order in which it would be created.
int Plan(const PlanOptions& options, std::ostream& out, std::ostream& err);

}  // namespace ingressfleet::app
