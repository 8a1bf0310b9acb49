#pragma once
// Leader election by a Lease, as client-go does it: 15 s lease, renewed within 10 s, tried every 2 s. Expiry is judged by the
// local monotonic clock since the record was last seen to change. A lease does not fence: every guarded write must be a
// compare-and-swap all the same.

#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "io/client.h"

namespace ingressfleet::io {

struct LeaderOptions {
  std::string ns;
  std::string name;
  std::string identity;  ///< unique per process, e.g. pod name + random suffix
  base::Duration lease{15'000};
  base::Duration renew_deadline{10'000};
  base::Duration retry_period{2'000};
};

/// Blocks: acquires the lease, calls `lead` with a stop token that fires when the lease is lost or `stop` is requested, waits
/// for it to return, then releases the lease when it still holds it. Returns kCanceled after `stop`, kConflict when the lease
/// was lost (the process should end then: in-memory state may be stale).
base::Status RunAsLeader(Client& client, const LeaderOptions& options, const std::function<void(std::stop_token)>& lead,
                         std::stop_token stop);

}  // namespace ingressfleet::io
