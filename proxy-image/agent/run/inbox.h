#pragma once
// How other threads hand changes to the agent's thread: as functions over its Snapshot.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "model/snapshot.h"

namespace ingressfleet::agent {

using Change = std::function<void(Snapshot& snapshot)>;

/// Thread-safe.
class Inbox {
 public:
  void Put(Change change) {
    {
      const std::scoped_lock lock(mutex_);
      changes_.push_back(std::move(change));
    }
    arrived_.notify_one();
  }

  /// Ends a wait early, without a change.
  void Wake() {
    {
      const std::scoped_lock lock(mutex_);
      woken_ = true;
    }
    arrived_.notify_one();
  }

  /// Everything that has arrived, in order; waits up to `timeout` for the first.
  std::vector<Change> Take(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, timeout, [this] { return woken_ || !changes_.empty(); });
    woken_ = false;
    return std::exchange(changes_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Change> changes_;
  bool woken_ = false;
};

}  // namespace ingressfleet::agent
