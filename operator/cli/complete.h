#pragma once
// Words that may come next on the command line, for the shell. Pure.

#include <functional>
#include <string>
#include <vector>

#include "cli/fleet_view.h"

namespace ingressfleet::cli {

/// `words`: what stands after "kubectl ingressfleet", the last one being typed and perhaps empty. `fleets` is only asked when
/// the answer depends on the cluster. A candidate may have a description after a tab, as kubectl expects it.
std::vector<std::string> Complete(const std::vector<std::string>& words, const std::function<std::vector<FleetView>()>& fleets);

}  // namespace ingressfleet::cli
