#pragma once
// The upgrade machine of one tier: step 4 of the pipeline. Total and deterministic; it reads nothing but its arguments.
//
// The driver's contract. In a loop, for one tier:
//   1. Read objects and status, gather evidence, d = Advance(...).
//   2. If d.record: write d.state to the status with the resourceVersion that `state` was read with, then start again at 1
//      with d.state. If that write fails: forget d, read again. There is nothing else to do (d.want is empty).
//   3. Else perform d.want. Every write carries the resourceVersion (and UID) of the very read that `seen` was made from:
//      a conflict or an object that appeared or vanished ends the round. Selector and annotations of the entry are one write.
//   4. Write d.state.gates and d.notes to the status as a report, whenever. Call again on any change, and at d.wake_at.
//
// Why this is enough, with a crash between any two writes and with two operators at work: docs/adr/0010-upgrade-machine.md.
// `now` is the API server's time (its Date header carried on by the monotonic clock), never the node's own clock alone.

#include "plan/upgrade/gate.h"
#include "plan/upgrade/types.h"

namespace ingressfleet::plan::upgrade {

Decision Advance(const TierInput& tier, const SlotsSeen& seen, const TierState& state, const Evidence& evidence,
                 base::TimePoint now, const Gates& gates = DefaultGates());

}  // namespace ingressfleet::plan::upgrade
