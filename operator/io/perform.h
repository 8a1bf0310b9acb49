#pragma once
// Step 7 of the pipeline: carries a batch out. The only place that writes objects.

#include "effect/effect.h"
#include "io/client.h"

namespace ingressfleet::io {

/// Stage by stage, change by change. A failure does not stop the other changes of its stage, but no later stage starts. A
/// change is a compare-and-swap: create checks that nobody else has the name, apply and delete carry the uid. Deleting what is
/// gone is a success. Stops early when the client's stop token fires.
effect::Outcome Perform(Client& client, const effect::Batch& batch);

}  // namespace ingressfleet::io
