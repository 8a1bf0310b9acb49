#pragma once
// Result<T>, Status: how everything that can fail reports it. Exceptions end inside the file that wraps the throwing library.

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace ingressfleet::base {

/// What kind of failure it was; decides what the caller does next (see app/settle.h for the one table that says so).
enum class Code {
  kInvalid,   ///< The input is wrong; trying again without a change is useless.
  kConflict,  ///< Somebody else wrote meanwhile; read again.
  kNotFound,
  kAlreadyExists,
  kGone,  ///< A resourceVersion is too old; list again.
  kForbidden,
  kThrottled,    ///< Try again after Error::retry_after.
  kUnavailable,  ///< The other side is not reachable or not able now.
  kTimeout,
  kCanceled,  ///< We were asked to stop.
  kForeign,   ///< The object belongs to somebody else; never touched.
  kInternal,  ///< A broken expectation of ours.
};

/// The CamelCase name of a code, as used in log lines, metrics and condition reasons ("Conflict").
std::string_view CodeName(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::chrono::milliseconds retry_after{0};  ///< Only meaningful with kThrottled.

  /// The same error with context put in front: "apply Service edge/public-entry: <message>".
  Error Wrap(std::string_view context) const;
  std::string ToString() const;  ///< "Conflict: message"
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace ingressfleet::base
