#pragma once
// Status from objects: what the machine does when its own record is gone or older than what the objects say.

#include "plan/upgrade/types.h"

namespace ingressfleet::plan::upgrade {

/// Ids handed out after a recovery start this far above the highest one seen, so that an operator that still works with the
/// lost status cannot share an id with the new one.
inline constexpr std::int64_t kRecoverStride = 1000;

/// Whether `state` must be rebuilt: it is empty, or an object carries a newer transition than it.
bool MustRecover(const SlotsSeen& seen, const TierState& state);

/// The state that the labels and annotations stand for. Doubt ends in kUnresolved with a Hold, in which nothing is written
/// and nothing deleted. Request ids, failed revisions and history of `old` are kept.
TierState Recover(const TierInput& tier, const SlotsSeen& seen, const TierState& old, TimePoint now);

}  // namespace ingressfleet::plan::upgrade
