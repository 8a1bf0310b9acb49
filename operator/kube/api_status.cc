#include "kube/api_status.h"

#include <fmt/format.h>

#include "kube/object.h"

namespace ingressfleet::kube {
namespace {

base::Code CodeOf(int http_status, std::string_view reason) {
  switch (http_status) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422: return base::Code::kInvalid;
    case 401:
    case 403: return base::Code::kForbidden;
    case 404: return base::Code::kNotFound;
    case 409: return reason == "AlreadyExists" ? base::Code::kAlreadyExists : base::Code::kConflict;
    case 410: return base::Code::kGone;
    case 429: return base::Code::kThrottled;
    case 504: return base::Code::kTimeout;
    default: return http_status >= 500 ? base::Code::kUnavailable : base::Code::kInternal;
  }
}

}  // namespace

base::Error ErrorFromResponse(int http_status, std::string_view body, int retry_after_seconds) {
  const Json status = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const bool is_status = status.is_object() && TextOf(status, "kind") == "Status";
  std::string message(is_status ? TextOf(status, "message") : body.substr(0, 300));
  if (message.empty()) message = fmt::format("HTTP {}", http_status);
  return base::Error{CodeOf(http_status, is_status ? TextOf(status, "reason") : std::string_view()), std::move(message),
                     std::chrono::seconds(retry_after_seconds)};
}

}  // namespace ingressfleet::kube
