#include "io/leader.h"

#include <atomic>
#include <thread>

#include "io/wait.h"
#include "support/eventually.h"
#include "support/scripted_transport.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using base::Duration;
using testing::Eventually;
using testing::ScriptedTransport;

/// One Lease behind the transport, with the compare-and-swap of the API server.
class LeaderTest : public ::testing::Test {
 protected:
  LeaderTest() {
    transport_->on_send = [this](const HttpRequest& request) -> base::Result<HttpResponse> { return Answer(request); };
  }

  base::Result<HttpResponse> Answer(const HttpRequest& request) {
    const std::scoped_lock lock(mutex_);
    if (down_) return base::Fail(Code::kUnavailable, "down");
    if (request.method == "GET") return lease_.is_null() ? HttpResponse{404, ""} : HttpResponse{200, lease_.dump()};
    kube::Json body = kube::Json::parse(request.body);
    if (request.method == "PUT" && body["metadata"]["resourceVersion"] != lease_["metadata"]["resourceVersion"]) {
      return HttpResponse{409, ""};
    }
    body["metadata"]["resourceVersion"] = std::to_string(++version_);
    lease_ = body;
    if (answers_are_lost_) return base::Fail(Code::kUnavailable, "the answer got lost");
    return HttpResponse{200, lease_.dump()};
  }

  std::string Holder() {
    const std::scoped_lock lock(mutex_);
    return lease_.is_null() ? "" : lease_["spec"]["holderIdentity"].get<std::string>();
  }

  int Version() {
    const std::scoped_lock lock(mutex_);
    return version_;
  }

  static LeaderOptions As(const std::string& identity) {
    return {"ops", "fleet", identity, Duration(1'000), Duration(300), Duration(20)};
  }

  std::shared_ptr<ScriptedTransport> transport_ = std::make_shared<ScriptedTransport>();
  Client client_{transport_};
  std::mutex mutex_;
  kube::Json lease_;
  int version_ = 0;
  bool down_ = false;
  bool answers_are_lost_ = false;
};

void UntilStopped(const std::stop_token& stop) { SleepFor(std::chrono::hours(1), stop); }

TEST_F(LeaderTest, LeadsUntilStoppedAndGivesTheLeaseUpLast) {
  std::stop_source stop;
  std::string holder_at_end;
  std::thread stopper([&] {
    EXPECT_TRUE(Eventually([this] { return Version() >= 3; }));
    stop.request_stop();
  });
  const auto status = RunAsLeader(
      client_, As("a"),
      [&](std::stop_token end) {
        UntilStopped(end);
        SleepFor(Duration(100), {});  // winding down, still guarded by the lease
        holder_at_end = Holder();
      },
      stop.get_token());
  stopper.join();
  EXPECT_EQ(status.error().code, Code::kCanceled);
  EXPECT_EQ(holder_at_end, "a");
  EXPECT_EQ(Holder(), "");
}

TEST_F(LeaderTest, GivesUpWhatARenewalWroteWhoseAnswerGotLost) {
  EXPECT_TRUE(RunAsLeader(client_, As("a"),
                          [this](std::stop_token) {
                            int version = 0;
                            {
                              const std::scoped_lock lock(mutex_);
                              answers_are_lost_ = true;
                              version = version_;
                            }
                            EXPECT_TRUE(Eventually([&] { return Version() > version; }));
                            const std::scoped_lock lock(mutex_);
                            answers_are_lost_ = false;
                          },
                          {}));
  EXPECT_EQ(Holder(), "");
}

TEST_F(LeaderTest, LosesItWhenRenewingFailsUntilTheDeadline) {
  Duration began{0};
  Duration ended{0};
  const auto status = RunAsLeader(client_, As("a"),
                                  [&](std::stop_token end) {
                                    began = MonotonicNow();
                                    {
                                      const std::scoped_lock lock(mutex_);
                                      down_ = true;
                                    }
                                    UntilStopped(end);
                                    ended = MonotonicNow();
                                  },
                                  {});
  EXPECT_EQ(status.error().code, Code::kConflict);
  EXPECT_LT(ended - began, Duration(330)) << "not longer than the renew deadline";
  EXPECT_EQ(Holder(), "a") << "a lost lease is not ours to give up";
}

TEST_F(LeaderTest, LosesItAtOnceWhenAnotherHoldsIt) {
  const auto status = RunAsLeader(client_, As("a"),
                                  [&](std::stop_token end) {
                                    {
                                      const std::scoped_lock lock(mutex_);
                                      lease_["spec"]["holderIdentity"] = "b";
                                      lease_["metadata"]["resourceVersion"] = "stolen";
                                    }
                                    UntilStopped(end);
                                  },
                                  {});
  EXPECT_EQ(status.error().code, Code::kConflict);
  EXPECT_EQ(Holder(), "b");
}

TEST_F(LeaderTest, WaitsForTheOtherAndFollowsIt) {
  std::stop_source stop_a;
  std::stop_source stop_b;
  std::atomic<int> leading = 0;
  std::atomic<bool> a_led = false;
  std::atomic<bool> b_led = false;
  std::atomic<bool> both = false;
  const auto candidate = [&](const std::string& name, std::atomic<bool>& led, std::stop_token stop) {
    Client client(transport_);
    (void)RunAsLeader(
        client, As(name),
        [&](std::stop_token end) {
          if (++leading > 1) both = true;
          led = true;
          UntilStopped(end);
          --leading;
        },
        stop);
  };
  std::thread a([&] { candidate("a", a_led, stop_a.get_token()); });
  ASSERT_TRUE(Eventually([&] { return a_led.load(); }));
  std::thread b([&] { candidate("b", b_led, stop_b.get_token()); });
  SleepFor(Duration(100), {});
  EXPECT_FALSE(b_led);
  stop_a.request_stop();
  a.join();
  EXPECT_TRUE(Eventually([&] { return b_led.load(); }));
  stop_b.request_stop();
  b.join();
  EXPECT_FALSE(both);
}

TEST_F(LeaderTest, WorkThatEndsByItselfIsOk) {
  EXPECT_TRUE(RunAsLeader(client_, As("a"), [](std::stop_token) {}, {}));
  EXPECT_EQ(Holder(), "");
}

TEST_F(LeaderTest, AStopWhileWaitingIsCanceled) {
  down_ = true;
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  const auto status = RunAsLeader(
      client_, As("a"), [](std::stop_token) { ADD_FAILURE(); }, stop.get_token());
  stopper.join();
  EXPECT_EQ(status.error().code, Code::kCanceled);
}

}  // namespace
}  // namespace ingressfleet::io
