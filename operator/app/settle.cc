#include "app/settle.h"

#include <algorithm>

namespace ingressfleet::app {

Settlement SettleError(const base::Error& error) {
  using base::Code;
  using namespace std::chrono_literals;
  switch (error.code) {
    case Code::kInvalid:
    case Code::kForeign: return Settlement::After(60s);  // only a change helps; somebody may make it unseen
    case Code::kCanceled: return Settlement::Done();
    case Code::kThrottled: return Settlement::After(std::max<base::Duration>(error.retry_after, 1s));
    case Code::kForbidden: return Settlement::After(30s);
    case Code::kConflict:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kGone:
    case Code::kUnavailable:
    case Code::kTimeout:
    case Code::kInternal: return Settlement::Retry();
  }
  return Settlement::Retry();
}

}  // namespace ingressfleet::app
