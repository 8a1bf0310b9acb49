#pragma once
// Asks many HTTP questions at once (libcurl, docs/adr/0011-prober.md). Certificates are reported and not verified, redirects
// are not followed, each question has its own connection.

#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "effect/probe.h"

namespace ingressfleet::io {

struct ProberOptions {
  std::size_t concurrency = 16;              ///< connections of one Ask
  double rate_per_second = 200;              ///< begun, of all Asks together
  std::chrono::milliseconds timeout{5'000};  ///< of one question, its connection included
};

/// Thread-safe: several threads may Ask at once; they share the rate. The program has to ignore SIGPIPE (OpenSSL writes to
/// sockets that the other side may have closed).
class Prober {
 public:
  explicit Prober(ProberOptions options = {});

  /// The answers, in the order of the requests. Blocks until all are in; ends within a few milliseconds when `stop` is
  /// requested, with kCanceled for what was not answered.
  std::vector<effect::ProbeAnswer> Ask(const std::vector<effect::ProbeRequest>& requests, std::stop_token stop);

 private:
  /// The time at which the next question may begin.
  std::chrono::steady_clock::time_point Book();

  const ProberOptions options_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_begin_{};
};

}  // namespace ingressfleet::io
