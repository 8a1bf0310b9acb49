#pragma once
// The decisions of leader election, pure: what a candidate makes of the Lease it read, and what it writes next.
// RunAsLeader is its driver; the tests walk several candidates with clocks that go wrong and writes that get lost.

#include <optional>
#include <string>

#include "base/clock.h"
#include "io/leader.h"
#include "kube/object.h"

namespace ingressfleet::io {

/// What one candidate remembers between two tries.
struct LeaseView {
  kube::Json seen_spec;       ///< of the Lease when it last changed
  base::Duration seen_at{0};  ///< when that was, on our monotonic clock: others' clocks are never compared with ours
};

struct LeaseTick {
  base::Duration now{0};   ///< monotonic, decides
  base::TimePoint wall{};  ///< written into the Lease for people to read
};

struct LeaseDecision {
  enum class Kind {
    kCreate,   ///< there is no Lease: POST `lease`
    kReplace,  ///< it is ours or expired: PUT `lease`, guarded by its resourceVersion
    kWait,     ///< somebody else holds it
  };
  Kind kind = Kind::kWait;
  kube::Object lease;
};

/// `live` is the Lease as just read; nullopt when there is none.
LeaseDecision DecideLease(LeaseView& view, const LeaderOptions& options, const std::optional<kube::Object>& live,
                          const LeaseTick& tick);

/// The Lease given up, to be written over `live` (ours): the next candidate need not wait for its expiry.
kube::Object ReleasedLease(const kube::Object& live, base::TimePoint wall);

}  // namespace ingressfleet::io
