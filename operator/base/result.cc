#include "base/result.h"

#include <fmt/format.h>

namespace ingressfleet::base {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalid: return "Invalid";
    case Code::kConflict: return "Conflict";
    case Code::kNotFound: return "NotFound";
    case Code::kAlreadyExists: return "AlreadyExists";
    case Code::kGone: return "Gone";
    case Code::kForbidden: return "Forbidden";
    case Code::kThrottled: return "Throttled";
    case Code::kUnavailable: return "Unavailable";
    case Code::kTimeout: return "Timeout";
    case Code::kCanceled: return "Canceled";
    case Code::kForeign: return "Foreign";
    case Code::kInternal: return "Internal";
  }
  return "Internal";
}

Error Error::Wrap(std::string_view context) const { return Error{code, fmt::format("{}: {}", context, message), retry_after}; }

std::string Error::ToString() const { return fmt::format("{}: {}", CodeName(code), message); }

}  // namespace ingressfleet::base
