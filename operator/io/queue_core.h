#pragma once
// The rules of the work queue without threads and without a clock: what Queue guards with a lock and tests walk at
// random.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "io/queue.h"

namespace ingressfleet::io {

/// Ten retries a second over all keys, with a burst of 100: client-go's default bucket.
class TokenBucket {
 public:
  /// Takes a token, be it one that comes later; returns how long that is from `now`.
  base::Duration Reserve(base::Duration now);

 private:
  double tokens_ = kBurst;  ///< below 0: promised to callers that wait
  base::Duration filled_at_{0};

  static constexpr double kBurst = 100;
  static constexpr double kPerMillisecond = 10.0 / 1000;
};

/// All times are of one monotonic clock.
class QueueCore {
 public:
  explicit QueueCore(const QueueOptions& options) : base_delay_(options.base_delay), max_delay_(options.max_delay) {}

  /// True when the key was not waiting in line already.
  bool Add(const std::string& key, base::Duration now);
  void AddAt(const std::string& key, base::Duration due);
  /// How long the next retry of the key has to wait; counts as one.
  base::Duration RetryDelay(const std::string& key, base::Duration now);
  void Forget(const std::string& key) { failures_.erase(key); }
  /// Moves what is due into line; returns how many keys were not there already.
  int Promote(base::Duration now);

  struct Item {
    std::string key;
    base::Duration waited{0};
  };
  /// The longest waiting key, now being worked; nullopt when none waits in line.
  std::optional<Item> Take(base::Duration now);
  /// How long it was worked; nullopt when it was not.
  std::optional<base::Duration> Done(const std::string& key, base::Duration now);

  std::size_t Depth() const { return line_.size(); }
  /// When the next delayed key is due.
  std::optional<base::Duration> NextDue() const;

 private:
  base::Duration base_delay_;
  base::Duration max_delay_;
  std::deque<std::string> line_;                      ///< dirty keys that nobody works on, in order
  std::map<std::string, base::Duration> dirty_;       ///< keys with work waiting, since when
  std::map<std::string, base::Duration> processing_;  ///< keys being worked, since when
  std::map<std::string, base::Duration> delayed_;     ///< key → due
  std::set<std::pair<base::Duration, std::string>> by_due_;
  std::map<std::string, int> failures_;
  TokenBucket bucket_;
};

}  // namespace ingressfleet::io
