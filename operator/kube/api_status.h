#pragma once
// metav1.Status: what the API server says when it refuses. Pure.

#include <string_view>

#include "base/result.h"

namespace ingressfleet::kube {

/// The error behind an HTTP answer (`http_status` >= 400, or the `object` of a watch ERROR event with its code). `body` may be
/// a Status as JSON, plain text or nothing. `retry_after_seconds` is the header's value, 0 when absent.
base::Error ErrorFromResponse(int http_status, std::string_view body, int retry_after_seconds = 0);

}  // namespace ingressfleet::kube
