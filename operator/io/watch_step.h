#pragma once
// The list-and-watch protocol of Kubernetes as a pure state machine, after kube-rs's watcher: what came goes in, what
// it means for the store and which request follows comes out. Time and randomness are arguments, so every path can be
// walked in a test. The informer is its driver.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/client.h"
#include "kube/object.h"

namespace ingressfleet::io {

/// The request to send next, after a wait.
struct NextRequest {
  enum class Kind { kList, kWatch };
  Kind kind = Kind::kList;
  base::Duration wait{0};
  std::string resource_version;     ///< list: "0" or "" (the newest state); watch: where to go on
  std::string continue_token;       ///< list only
  std::chrono::seconds timeout{0};  ///< watch only, asked of the server

  friend bool operator==(const NextRequest&, const NextRequest&) = default;
};

/// The back-off of client-go's reflector: 0.8 s doubling to 30 s (5 s while the server is away), the second half of it
/// random; it starts again from 0.8 s when the failure before lies more than two minutes back, or the server sent an event.
class Backoff {
 public:
  /// The wait after a failure at `now`, at most `longest`. `random` lies in [0, 1).
  base::Duration Next(base::Duration now, double random, base::Duration longest);

  friend bool operator==(const Backoff&, const Backoff&) = default;

 private:
  int failures_ = 0;
  base::Duration last_failure_{0};
};

struct WatchState {
  std::string resource_version;            ///< of the newest thing seen; empty before the first complete list
  std::vector<kube::Object> listed;        ///< pages of a list that is not complete yet
  base::Duration watch_began{0};           ///< when the request now running was decided on, its wait included
  bool saw_event = false;                  ///< in the watch now running
  bool from_list = false;                  ///< the watch now running is the first one after a list
  std::optional<base::Error> watch_error;  ///< said by the stream itself; decides when it ends
  Backoff backoff;
};

/// When the input came, on a monotonic clock, and a fresh random number in [0, 1).
struct WatchTick {
  base::Duration now{0};
  double random = 0;
};

struct ListArrived {
  ListPage page;
};
/// One line of the watch stream.
struct LineArrived {
  std::string_view line;
};
/// A list failed, or a watch ended: well or with an error.
struct RequestEnded {
  NextRequest::Kind kind = NextRequest::Kind::kList;
  base::Status status;
};
using WatchInput = std::variant<ListArrived, LineArrived, RequestEnded>;

/// The list is complete: these are all objects there are.
struct StoreReplace {
  std::vector<kube::Object> objects;
};
struct StoreUpsert {
  kube::Object object;
};
struct StoreRemove {
  kube::Object object;  ///< its last state
};
using StoreChange = std::variant<std::monostate, StoreReplace, StoreUpsert, StoreRemove>;

struct WatchOutput {
  StoreChange change;
  std::optional<NextRequest> next;   ///< unset: the watch goes on, read its next line
  bool abandon_stream = false;       ///< nothing more of this watch is of use: end it
  std::optional<base::Error> error;  ///< for Health and the log; the protocol has dealt with it
};

NextRequest FirstRequest();
/// A pure function of its arguments; `state` becomes the state after the input.
WatchOutput Step(WatchState& state, WatchInput input, const WatchTick& tick);

}  // namespace ingressfleet::io
