#pragma once
// How long this process has watched a tier's record of intent, by the monotonic clock: what tells a jump of the wall clock from
// time that has passed (plan/upgrade/types.h, Watched). Losing it at a restart is meant.

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "plan/upgrade/types.h"

namespace ingressfleet::app {

/// Thread-safe.
class Stopwatch {
 public:
  using Now = std::chrono::steady_clock::time_point;

  /// This process wrote the record itself: it has seen its beginning.
  void Recorded(const std::string& fleet, const std::string& tier, const plan::upgrade::TierState& state, Now now);
  /// What is known of the record as it was read; starts to watch one that is new to us.
  void Fill(const std::string& fleet, const std::string& tier, const plan::upgrade::TierState& state, Now now,
            plan::upgrade::Evidence& evidence);
  void Forget(const std::string& fleet);

 private:
  struct Watch {
    plan::upgrade::TierState state;
    Now transition_since;
    Now state_since;
    bool transition_from_start = false;
    bool state_from_start = false;
  };
  using Key = std::pair<std::string, std::string>;

  Watch& At(const Key& key, const plan::upgrade::TierState& state, Now now, bool ours);

  std::mutex mutex_;
  std::map<Key, Watch> watches_;
};

}  // namespace ingressfleet::app
