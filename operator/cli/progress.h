#pragma once
// Waiting for an order as a pure state machine: each state of the fleet goes in, lines for people and in the end an outcome
// come out.

#include <optional>
#include <string>
#include <vector>

#include "cli/fleet_view.h"
#include "cli/order.h"

namespace ingressfleet::cli {

// Exit codes; docs/reference/cli.md says them to users.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTimedOut = 3;

enum class WaitFor {
  kNothing,
  kHandled,   ///< the operator has recorded the order
  kComplete,  ///< the tier is Stable again, with what was ordered
};

struct Outcome {
  int exit_code = kExitDone;
  std::string message;
};

class Progress {
 public:
  struct Step {
    std::vector<std::string> lines;
    std::optional<Outcome> outcome;
  };

  /// `written`: the order's annotation was written now (else it is only waited for what was ordered before).
  Progress(Order order, WaitFor wait, bool written);

  /// `fleet` null: it is gone.
  Step See(const FleetView* fleet);
  /// What it waited for in vain.
  std::string WhenTimedOut() const;

 private:
  std::optional<Outcome> Handled(const FleetView& fleet, const api::TierStatus& tier, Step& step);
  std::optional<Outcome> Completed(const api::TierStatus& tier) const;
  void Tell(const api::TierStatus& tier, Step& step);

  Order order_;
  WaitFor wait_;
  bool handled_;
  bool seen_ = false;  ///< our annotation was there: from then on another one has replaced it
  std::string told_;   ///< the phase and step told last
  std::string last_message_;
};

}  // namespace ingressfleet::cli
