#include "io/watch_step.h"

#include <fmt/format.h>

#include "kube/api_status.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using base::Duration;
using kube::Json;

constexpr Duration kFirstDelay{800};
constexpr Duration kMaxDelay{30'000};
/// For a server that is away: asking costs it nothing, and until it is asked again nothing is noticed.
constexpr Duration kMaxDelayUnavailable{5'000};
constexpr Duration kQuietTime{120'000};
/// A watch that ends earlier than this without any event is a server in trouble, not a timeout that passed.
constexpr Duration kShortestWatch{1'000};
constexpr double kMinTimeoutSeconds = 300;

NextRequest ListAgain(Duration wait) { return {.kind = NextRequest::Kind::kList, .wait = wait}; }

/// Random timeouts keep all watches of all clients from ending at once.
NextRequest WatchOn(WatchState& state, Duration wait, const WatchTick& tick) {
  state.saw_event = false;
  state.from_list = false;
  state.watch_error.reset();
  state.watch_began = tick.now + wait;
  const auto timeout = std::chrono::seconds(static_cast<int>(kMinTimeoutSeconds * (1 + tick.random)));
  return {NextRequest::Kind::kWatch, wait, state.resource_version, "", timeout};
}

WatchOutput OnList(WatchState& state, ListPage page, const WatchTick& tick) {
  state.listed.insert(state.listed.end(), std::make_move_iterator(page.items.begin()),
                      std::make_move_iterator(page.items.end()));
  if (!page.continue_token.empty()) {
    return {.next = NextRequest{.kind = NextRequest::Kind::kList, .continue_token = std::move(page.continue_token)}};
  }
  state.resource_version = std::move(page.resource_version);
  NextRequest next = WatchOn(state, Duration(0), tick);
  state.from_list = true;
  return {.change = StoreReplace{std::exchange(state.listed, {})}, .next = std::move(next)};
}

/// The stream is of no use from here on; what to do about it is decided when it has ended.
WatchOutput Abandon(WatchState& state, base::Error error) {
  state.watch_error = std::move(error);
  return {.abandon_stream = true};
}

base::Error ErrorOfEvent(const Json& status) {
  const auto code = static_cast<int>(kube::IntegerOf(status, "code", 500));
  const auto details = status.find("details");
  const auto retry_after = details == status.end() ? 0 : kube::IntegerOf(*details, "retryAfterSeconds");
  return kube::ErrorFromResponse(code, status.dump(-1, ' ', false, Json::error_handler_t::replace),
                                 static_cast<int>(retry_after));
}

WatchOutput OnLine(WatchState& state, std::string_view line) {
  if (state.watch_error) return {};  // what still arrives of an abandoned stream
  Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const std::string type(kube::TextOf(event, "type"));
  if (!event.is_object() || !event.contains("object")) {
    return Abandon(state, {Code::kInternal, fmt::format("a watch line of {} bytes is not an event", line.size())});
  }
  if (type == "ERROR") return Abandon(state, ErrorOfEvent(event["object"]));
  kube::Object object(std::move(event["object"]));
  if (object.ResourceVersion().empty()) {
    return Abandon(state, {Code::kInternal, fmt::format("a watch event {} without a resourceVersion", type)});
  }
  state.saw_event = true;
  state.backoff = {};  // the server is well: the next failure is a first one
  state.resource_version = object.ResourceVersion();
  if (type == "BOOKMARK") return {};
  if (type == "DELETED") return {.change = StoreRemove{std::move(object)}};
  if (type == "ADDED" || type == "MODIFIED") return {.change = StoreUpsert{std::move(object)}};
  return Abandon(state, {Code::kInternal, fmt::format("a watch event of the unknown type \"{}\"", type)});
}

/// How a watch really ended: what its stream said counts more than how the connection ended.
base::Status EndOfWatch(const WatchState& state, base::Status status, const WatchTick& tick) {
  if (state.watch_error) return base::Fail(*state.watch_error);
  const bool was_short = tick.now - state.watch_began < kShortestWatch;
  if (status && was_short && !state.saw_event) {
    return base::Fail(Code::kUnavailable, "the watch ended within a second and without an event");
  }
  // Silence is the ordinary end of a watch whose server sends no bookmarks (and of one whose server vanished).
  if (!status && status.error().code == Code::kTimeout && !was_short) return {};
  return status;
}

/// Errors that say nothing about our resourceVersion: the watch goes on from there.
bool MayResume(Code code) {
  return code == Code::kUnavailable || code == Code::kTimeout || code == Code::kThrottled || code == Code::kCanceled;
}

WatchOutput OnEnd(WatchState& state, RequestEnded ended, const WatchTick& tick) {
  const bool was_watch = ended.kind == NextRequest::Kind::kWatch;
  const auto status = was_watch ? EndOfWatch(state, std::move(ended.status), tick) : std::move(ended.status);
  if (status) return {.next = WatchOn(state, Duration(0), tick)};
  const base::Error& error = status.error();
  state.listed.clear();  // a list that broke off starts from its first page
  // 410 for a watch is the protocol's way to ask for a new list, and a sign that the server is back. It needs no wait, but
  // for a list (its continue token expired) or when the version came from a list just now.
  if (was_watch && error.code == Code::kGone && (state.saw_event || !state.from_list)) {
    state.backoff = {};
    return {.next = ListAgain(Duration(0)), .error = error};
  }
  const bool is_away = error.code == Code::kUnavailable || error.code == Code::kTimeout;
  const Duration longest = is_away ? kMaxDelayUnavailable : kMaxDelay;
  const Duration wait = std::max<Duration>(state.backoff.Next(tick.now, tick.random, longest), error.retry_after);
  if (was_watch && MayResume(error.code)) return {.next = WatchOn(state, wait, tick), .error = error};
  return {.next = ListAgain(wait), .error = error};
}

}  // namespace

Duration Backoff::Next(Duration now, double random, Duration longest) {
  if (now - last_failure_ > kQuietTime) failures_ = 0;
  last_failure_ = now;
  const Duration delay = std::min(longest, kFirstDelay * (1 << std::min(failures_, 10)));
  ++failures_;
  return delay / 2 + Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) / 2 * random));
}

NextRequest FirstRequest() { return {.kind = NextRequest::Kind::kList, .resource_version = "0"}; }

WatchOutput Step(WatchState& state, WatchInput input, const WatchTick& tick) {
  if (auto* const list = std::get_if<ListArrived>(&input)) return OnList(state, std::move(list->page), tick);
  if (auto* const line = std::get_if<LineArrived>(&input)) return OnLine(state, line->line);
  return OnEnd(state, std::move(std::get<RequestEnded>(input)), tick);
}

}  // namespace ingressfleet::io
