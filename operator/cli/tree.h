#pragma once
// A fleet as a tree for people: fleet → tiers → slots → pods, with what each is waiting for and what is wrong. Pure.

#include <vector>

#include "cli/fleet_view.h"
#include "cli/target.h"
#include "cli/text.h"

namespace ingressfleet::cli {

struct TreeOptions {
  bool wide = false;
  bool pods = false;
  base::TimePoint now{};
};

Lines DrawFleets(const std::vector<Target>& shown, const TreeOptions& options, const Look& look);

/// "4m", "2h5m", "3d": the two largest units.
std::string Age(base::TimePoint since, base::TimePoint now);

}  // namespace ingressfleet::cli
