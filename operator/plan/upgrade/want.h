#pragma once
// What a state wants of the objects now: the second half of Advance, used when there is nothing to record.

#include <vector>

#include "plan/upgrade/gate.h"

namespace ingressfleet::plan::upgrade {

/// Writes that must not happen yet (a gate of chain kSelect or kRemove says so) are left out: the object stays as it is, and a
/// note says why.
Want WantedOf(const Context& context, const Gates& gates, std::vector<Note>& notes);

}  // namespace ingressfleet::plan::upgrade
