#pragma once
// Step 9 of the pipeline: what happens to the key next. Pure.

#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace ingressfleet::app {

struct Settlement {
  enum class Kind {
    kDone,   ///< until something changes
    kAfter,  ///< again after `delay`
    kRetry,  ///< again with back-off
  };
  Kind kind = Kind::kDone;
  base::Duration delay{0};

  static Settlement Done() { return {}; }
  static Settlement After(base::Duration delay) { return {Kind::kAfter, delay}; }
  static Settlement Retry() { return {Kind::kRetry, {}}; }
};

/// The one table from error code to what is done about it.
Settlement SettleError(const base::Error& error);

}  // namespace ingressfleet::app
