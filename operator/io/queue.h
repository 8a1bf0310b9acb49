#pragma once
// A work queue with the semantics of client-go: a key is never worked by two workers at once, never lost, and added many times
// while waiting it is worked once. Thread-safe.

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace ingressfleet::io {

struct QueueOptions {
  std::string name;                     ///< label of the metrics
  base::Duration base_delay{5};         ///< of the n-th retry: base_delay · 2ⁿ …
  base::Duration max_delay{1'000'000};  ///< … at most this
};

class Queue {
 public:
  explicit Queue(QueueOptions options);
  ~Queue();

  void Add(const std::string& key);
  /// Adds it later; a key that already waits can only become earlier.
  void AddAfter(const std::string& key, base::Duration delay);
  /// Adds it after the back-off of its next retry.
  void AddRateLimited(const std::string& key);
  /// Its next retry starts from base_delay again.
  void Forget(const std::string& key);

  /// Blocks until a key is due; nullopt after ShutDown. The caller must call Done.
  std::optional<std::string> Take();
  void Done(const std::string& key);
  void ShutDown();

  std::size_t Depth() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ingressfleet::io
