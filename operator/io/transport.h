#pragma once
// The seam to HTTP: the only thing above it that knows a library is its implementation (cpprest_transport.cc). See
// docs/adr/0001-api-transport.md. Tests use a scripted twin (tests/support/scripted_transport.h).

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingressfleet::io {

struct HttpRequest {
  std::string method;        ///< "GET", "PATCH", …
  std::string path;          ///< absolute, already percent-encoded, with query
  std::string content_type;  ///< empty when there is no body
  std::string body;
  std::chrono::milliseconds idle_timeout{30'000};  ///< longest silence of the other side
};

struct HttpResponse {
  int status = 0;
  std::string body;
  int retry_after_seconds = 0;  ///< of the Retry-After header; 0 when absent
};

/// Sends requests to one API server. Thread-safe. Never follows redirects, never retries by itself as far as the library
/// allows (a stale keep-alive connection may be retried silently: use idempotent writes only).
class Transport {
 public:
  virtual ~Transport() = default;

  /// Any HTTP status is a response; an Error means that there was none (kUnavailable, kTimeout, kCanceled).
  virtual base::Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop) = 0;

  /// Calls `on_line` for each line of a 200 answer as it arrives, on the calling thread, until the stream ends (ok), the
  /// stop is requested (kCanceled, within a few milliseconds) or it breaks. Another status becomes the error that
  /// kube::ErrorFromResponse makes of it.
  virtual base::Status Stream(const HttpRequest& request, const std::function<void(std::string_view line)>& on_line,
                              std::stop_token stop) = 0;
};

}  // namespace ingressfleet::io
