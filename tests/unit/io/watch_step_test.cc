#include "io/watch_step.h"

#include <random>

namespace ingressfleet::io {
namespace {

using base::Code;
using base::Duration;
using Kind = NextRequest::Kind;

std::string Line(const std::string& type, const std::string& name, const std::string& version) {
  return fmt::format(R"({{"type":"{}","object":{{"metadata":{{"name":"{}","uid":"u-{}","resourceVersion":"{}"}}}}}})", type,
                     name, name, version);
}

ListPage Page(std::vector<std::string> names, std::string version, std::string next = "") {
  ListPage page{{}, std::move(version), std::move(next)};
  for (const auto& name : names) page.items.emplace_back(kube::kPod, "ns", name);
  return page;
}

/// A walk through the protocol at a clock that the test moves.
struct Walk {
  WatchState state;
  Duration now{1'000'000};
  double random = 0.5;

  WatchOutput List(ListPage page) { return Step(state, ListArrived{std::move(page)}, {now, random}); }
  WatchOutput See(const std::string& line) { return Step(state, LineArrived{line}, {now, random}); }
  WatchOutput End(Kind kind, base::Status status = {}) { return Step(state, RequestEnded{kind, status}, {now, random}); }
  WatchOutput Fails(Kind kind, Code code) { return End(kind, base::Fail(code, "x")); }
  /// Listed and watching from version 10.
  static Walk Watching() {
    Walk walk;
    walk.List(Page({"a"}, "10"));
    return walk;
  }
};

TEST(WatchStep, StartsWithAListFromAnyCache) {
  EXPECT_EQ(FirstRequest(), (NextRequest{.kind = Kind::kList, .resource_version = "0"}));
}

TEST(WatchStep, PagesAreCollectedBeforeTheStoreIsReplaced) {
  Walk walk;
  const auto first = walk.List(Page({"a", "b"}, "10", "more"));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(first.change));
  EXPECT_EQ(first.next->continue_token, "more");
  EXPECT_EQ(first.next->resource_version, "") << "not allowed beside a continue token";
  const auto last = walk.List(Page({"c"}, "10"));
  EXPECT_EQ(std::get<StoreReplace>(last.change).objects.size(), 3U);
  EXPECT_EQ(last.next->kind, Kind::kWatch);
  EXPECT_EQ(last.next->resource_version, "10");
  EXPECT_EQ(last.next->wait, Duration(0));
}

TEST(WatchStep, AnExpiredContinueTokenStartsTheListAgain) {
  Walk walk;
  walk.List(Page({"a"}, "10", "more"));
  const auto failed = walk.Fails(Kind::kList, Code::kGone);
  EXPECT_EQ(failed.next->kind, Kind::kList);
  EXPECT_EQ(failed.next->continue_token, "");
  const auto again = walk.List(Page({"b"}, "12"));
  EXPECT_EQ(std::get<StoreReplace>(again.change).objects.size(), 1U) << "nothing is left of the broken list";
}

TEST(WatchStep, WatchTimeoutsLieBetweenFiveAndTenMinutes) {
  for (const double random : {0.0, 0.3, 0.999}) {
    Walk walk;
    walk.random = random;
    const auto timeout = walk.List(Page({}, "1")).next->timeout;
    EXPECT_GE(timeout, std::chrono::minutes(5));
    EXPECT_LT(timeout, std::chrono::minutes(10));
  }
}

TEST(WatchStep, EventsChangeTheStoreAndMoveTheVersion) {
  Walk walk = Walk::Watching();
  EXPECT_EQ(std::get<StoreUpsert>(walk.See(Line("ADDED", "b", "11")).change).object.Name(), "b");
  EXPECT_EQ(std::get<StoreUpsert>(walk.See(Line("MODIFIED", "b", "12")).change).object.ResourceVersion(), "12");
  EXPECT_EQ(std::get<StoreRemove>(walk.See(Line("DELETED", "b", "13")).change).object.Name(), "b");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(walk.See(Line("BOOKMARK", "", "20")).change));
  walk.now += Duration(300'000);
  const auto end = walk.End(Kind::kWatch);
  EXPECT_EQ(end.next->resource_version, "20");
  EXPECT_EQ(end.next->wait, Duration(0));
  EXPECT_FALSE(end.error);
}

TEST(WatchStep, GoneMeansListAgainFromTheNewest) {
  for (const bool as_event : {false, true}) {
    Walk walk = Walk::Watching();
    if (as_event) {
      const auto output =
          walk.See(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})");
      EXPECT_TRUE(output.abandon_stream);
      EXPECT_FALSE(output.next) << "the request decides when it has ended";
      EXPECT_TRUE(std::holds_alternative<std::monostate>(walk.See(Line("ADDED", "late", "99")).change));
    }
    const auto end = as_event ? walk.End(Kind::kWatch) : walk.Fails(Kind::kWatch, Code::kGone);
    EXPECT_EQ(end.next->kind, Kind::kList);
    EXPECT_EQ(end.next->resource_version, "");
    EXPECT_EQ(end.error->code, Code::kGone);
  }
}

TEST(WatchStep, GoneAfterEventsNeedsNoWait) {
  Walk walk = Walk::Watching();
  walk.See(Line("ADDED", "b", "11"));
  EXPECT_EQ(walk.Fails(Kind::kWatch, Code::kGone).next->wait, Duration(0));
  walk.List(Page({}, "12"));
  EXPECT_GT(walk.Fails(Kind::kWatch, Code::kGone).next->wait, Duration(0)) << "but not in a circle";
}

/// The server was away for a while and came back without the history that the watch would need.
TEST(WatchStep, GoneAfterAnOutageNeedsNoWait) {
  Walk walk = Walk::Watching();
  for (int i = 0; i < 20; ++i) {
    const auto end = walk.Fails(Kind::kWatch, Code::kUnavailable);
    EXPECT_EQ(end.next->kind, Kind::kWatch);
    EXPECT_LE(end.next->wait, Duration(5'000)) << "its return is noticed soon";
    walk.now += end.next->wait;
  }
  const auto gone = walk.Fails(Kind::kWatch, Code::kGone);
  EXPECT_EQ(gone.next->kind, Kind::kList);
  EXPECT_EQ(gone.next->wait, Duration(0));
  walk.List(Page({"a"}, "30"));
  const auto circle = walk.Fails(Kind::kWatch, Code::kGone);
  EXPECT_GT(circle.next->wait, Duration(0)) << "the list itself was too old";
  EXPECT_LE(circle.next->wait, Duration(800)) << "the outage is forgotten";
}

TEST(WatchStep, AnEventEndsTheBackoff) {
  Walk walk = Walk::Watching();
  for (int i = 0; i < 20; ++i) walk.now += walk.Fails(Kind::kWatch, Code::kThrottled).next->wait;
  EXPECT_GE(walk.Fails(Kind::kWatch, Code::kThrottled).next->wait, Duration(15'000));
  walk.See(Line("BOOKMARK", "", "20"));
  EXPECT_LE(walk.Fails(Kind::kWatch, Code::kThrottled).next->wait, Duration(800));
}

TEST(WatchStep, AListAloneDoesNotEndTheBackoff) {
  Walk walk = Walk::Watching();
  Duration wait{0};
  for (int i = 0; i < 20; ++i) {
    wait = walk.Fails(Kind::kWatch, Code::kForbidden).next->wait;
    walk.now += wait;
    walk.List(Page({"a"}, "10"));
  }
  EXPECT_GE(wait, Duration(15'000)) << "or a watch that is not allowed would mean a list each second";
}

TEST(WatchStep, ATroubledServerIsAskedToGoOnFromTheSameVersion) {
  for (const Code code : {Code::kUnavailable, Code::kThrottled, Code::kCanceled}) {
    Walk walk = Walk::Watching();
    const auto end = walk.Fails(Kind::kWatch, code);
    EXPECT_EQ(end.next->kind, Kind::kWatch);
    EXPECT_EQ(end.next->resource_version, "10");
    EXPECT_GT(end.next->wait, Duration(0));
  }
}

TEST(WatchStep, OtherErrorsListAgain) {
  for (const Code code : {Code::kInvalid, Code::kForbidden, Code::kNotFound, Code::kInternal}) {
    Walk walk = Walk::Watching();
    EXPECT_EQ(walk.Fails(Kind::kWatch, code).next->kind, Kind::kList);
  }
}

TEST(WatchStep, RetryAfterCounts) {
  Walk walk = Walk::Watching();
  const auto end = walk.End(Kind::kWatch, base::Fail({Code::kThrottled, "x", std::chrono::seconds(60)}));
  EXPECT_EQ(end.next->wait, std::chrono::seconds(60));
}

TEST(WatchStep, AWatchThatEndsAtOnceWithoutAnEventIsAnError) {
  Walk walk = Walk::Watching();
  walk.now += Duration(500);
  const auto end = walk.End(Kind::kWatch);
  ASSERT_TRUE(end.error);
  EXPECT_GT(end.next->wait, Duration(0));
  walk.now += end.next->wait + Duration(500);
  EXPECT_TRUE(walk.End(Kind::kWatch).error) << "the wait is not part of the watch";
  Walk busy = Walk::Watching();
  busy.See(Line("ADDED", "b", "11"));
  EXPECT_FALSE(busy.End(Kind::kWatch).error);
}

TEST(WatchStep, SilenceIsAnOrdinaryEnd) {
  Walk walk = Walk::Watching();
  walk.now += Duration(100'000);
  const auto end = walk.Fails(Kind::kWatch, Code::kTimeout);
  EXPECT_FALSE(end.error);
  EXPECT_EQ(end.next->kind, Kind::kWatch);
  EXPECT_EQ(end.next->wait, Duration(0));
}

TEST(WatchStep, NonsenseAbandonsTheStreamAndListsAgain) {
  const std::string nonsense[] = {"",
                                  "{",
                                  "[]",
                                  "null",
                                  R"({"type":"ADDED"})",
                                  R"({"object":{}})",
                                  R"({"type":"ADDED","object":{}})",
                                  R"({"type":"ADDED","object":[]})",
                                  R"({"type":7,"object":{"metadata":{"resourceVersion":"1"}}})",
                                  R"({"type":"ERROR","object":"text"})",
                                  "\xff\xfe"};
  for (const std::string& line : nonsense) {
    SCOPED_TRACE(line);
    Walk walk = Walk::Watching();
    EXPECT_TRUE(walk.See(line).abandon_stream);
    const auto end = walk.Fails(Kind::kWatch, Code::kCanceled);  // as the driver sees it after abandoning
    EXPECT_TRUE(end.error);
    EXPECT_GT(end.next->wait, Duration(0));
  }
}

TEST(Backoff, DoublesWithJitterToACapAndResetsAfterAQuietTime) {
  constexpr Duration kLongest{30'000};
  Backoff backoff;
  Duration now{1'000'000};
  EXPECT_EQ(backoff.Next(now, 0.0, kLongest), Duration(400));
  EXPECT_EQ(backoff.Next(now, 0.0, kLongest), Duration(800));
  EXPECT_EQ(backoff.Next(now, 0.5, kLongest), Duration(2'400));
  for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.Next(now, 0.999, kLongest), kLongest);
  EXPECT_LE(backoff.Next(now, 0.999, Duration(5'000)), Duration(5'000));
  now += Duration(120'000);
  EXPECT_GE(backoff.Next(now, 0.0, kLongest), Duration(15'000)) << "two minutes are not more than two minutes";
  now += Duration(120'001);
  EXPECT_EQ(backoff.Next(now, 0.0, kLongest), Duration(400));
}

/// Any order of any inputs: the invariants a driver relies on hold after each.
TEST(WatchStep, RandomWalk) {
  constexpr Code kCodes[] = {Code::kInvalid,     Code::kGone,    Code::kForbidden, Code::kThrottled,
                             Code::kUnavailable, Code::kTimeout, Code::kCanceled};
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    Walk walk;
    NextRequest running = FirstRequest();
    int version = 100;
    int seen = 0;  // newest version the protocol was told of
    for (int step = 0; step < 200; ++step) {
      walk.now += Duration(random() % 5'000);
      walk.random = static_cast<double>(random() % 1'000) / 1'000;
      WatchOutput output;
      const bool was_abandoned = walk.state.watch_error.has_value();
      const unsigned choice = random() % 10;
      if (running.kind == Kind::kList && choice < 6) {
        const bool is_last = random() % 2 == 0;
        if (is_last) seen = ++version;
        output = walk.List(Page({"a"}, std::to_string(version), is_last ? "" : "more"));
        EXPECT_EQ(is_last, std::holds_alternative<StoreReplace>(output.change));
      } else if (running.kind == Kind::kWatch && choice < 8) {
        constexpr const char* kTypes[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "WHAT"};
        const std::string type = kTypes[random() % 6];
        const std::string line = type == "ERROR" && random() % 2 == 0
                                     ? R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
                                     : Line(type, "a", std::to_string(++version));
        output = walk.See(line);
        if (!was_abandoned && !output.abandon_stream) seen = version;
        EXPECT_FALSE(output.next) << "a line never ends its request";
        if (was_abandoned) {
          EXPECT_TRUE(std::holds_alternative<std::monostate>(output.change));
        }
      } else {
        output = random() % 3 == 0 && running.kind == Kind::kWatch ? walk.End(running.kind)
                                                                   : walk.Fails(running.kind, kCodes[random() % 7]);
        ASSERT_TRUE(output.next);
        EXPECT_EQ(output.error.has_value() && output.error->code != Code::kGone,
                  output.next->wait > Duration(0) && output.error->code != Code::kGone);
      }
      if (!output.next) continue;
      EXPECT_GE(output.next->wait, Duration(0));
      EXPECT_LE(output.next->wait, Duration(30'000));
      if (output.next->kind == Kind::kWatch) {
        EXPECT_EQ(output.next->resource_version, std::to_string(seen)) << "a watch goes on exactly where it was";
      }
      running = *output.next;
      walk.now += running.wait;
    }
  }
}

}  // namespace
}  // namespace ingressfleet::io
