// Leader election, events and bearer tokens against a real API server.

#include <fmt/format.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "contract/io/cluster.h"
#include "io/events.h"
#include "io/leader.h"
#include "io/wait.h"
#include "support/eventually.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using base::Duration;
using testing::Eventually;

class LeaderContract : public ContractTest {
 protected:
  LeaderOptions As(const std::string& identity) const {
    return {ns_, "fleet", identity, Duration(3'000), Duration(2'000), Duration(300)};
  }
};

TEST_F(LeaderContract, HandsOverToTheOtherClient) {
  std::stop_source stop_a;
  std::stop_source stop_b;
  std::atomic<int> leading = 0;
  std::atomic<bool> both = false;
  std::atomic<bool> a_led = false;
  std::atomic<bool> b_led = false;
  const auto run = [&](const std::string& name, std::atomic<bool>& led, std::stop_token stop) {
    Client client(*MakeTransport(connection_));
    return RunAsLeader(
        client, As(name),
        [&](std::stop_token end) {
          if (++leading > 1) both = true;
          led = true;
          SleepFor(std::chrono::hours(1), end);
          --leading;
        },
        stop);
  };
  std::thread a([&] { EXPECT_EQ(run("a", a_led, stop_a.get_token()).error().code, Code::kCanceled); });
  ASSERT_TRUE(Eventually([&] { return a_led.load(); }));
  std::thread b([&] { (void)run("b", b_led, stop_b.get_token()); });
  SleepFor(Duration(1'000), {});
  EXPECT_FALSE(b_led);
  const auto asked = MonotonicNow();
  stop_a.request_stop();
  ASSERT_TRUE(Eventually([&] { return b_led.load(); }));
  fmt::print("hand-over after a clean stop: {} ms\n", (MonotonicNow() - asked).count());
  const auto lease = client_->Get(kube::kLease, ns_, "fleet");
  EXPECT_EQ(lease->Text("/spec/holderIdentity"), "b");
  EXPECT_EQ(lease->Integer("/spec/leaseTransitions"), 1);
  stop_b.request_stop();
  a.join();
  b.join();
  EXPECT_FALSE(both);
  EXPECT_EQ(client_->Get(kube::kLease, ns_, "fleet")->Text("/spec/holderIdentity"), "");
}

TEST_F(LeaderContract, AStolenLeaseEndsTheWork) {
  std::thread thief([&] {
    ASSERT_TRUE(Eventually([&] { return client_->Get(kube::kLease, ns_, "fleet").has_value(); }));
    EXPECT_TRUE(Eventually([&] {
      auto lease = client_->Get(kube::kLease, ns_, "fleet");
      lease->body()["spec"]["holderIdentity"] = "thief";
      return client_->Replace(*lease, "thief").has_value();
    }));
  });
  const auto status = RunAsLeader(*client_, As("a"), [](std::stop_token end) { SleepFor(std::chrono::hours(1), end); }, {});
  EXPECT_EQ(status.error().code, Code::kConflict);
  thief.join();
}

TEST_F(LeaderContract, EventsAppearAndCount) {
  const auto subject = Apply(ConfigMap("subject", {}));
  {
    EventRecorder recorder(*client_, "contract-recorder", "here");
    for (int i = 0; i < 3; ++i) recorder.Record(subject, {EventNote::Type::kWarning, "Refused", "no way"});
  }
  const auto events = client_->List(kube::kEvent, {.ns = ns_, .field_selector = "involvedObject.name=subject,reason=Refused"});
  ASSERT_TRUE(events) << events.error().ToString();
  ASSERT_EQ(events->items.size(), 1U);
  EXPECT_EQ(events->items[0].Integer("/count"), 3);
  EXPECT_EQ(events->items[0].Text("/message"), "no way");
}

TEST_F(LeaderContract, ATokenFileIsReadAgainWhenItIsRefused) {
  ASSERT_TRUE(client_->Create(kube::Object(kube::kServiceAccount, ns_, "robot"), "contract"));
  const auto answer =
      transport_->Send({"POST", "/api/v1/namespaces/" + ns_ + "/serviceaccounts/robot/token", "application/json",
                        R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}})"},
                       {});
  ASSERT_TRUE(answer) << answer.error().ToString();
  const std::string token = kube::Json::parse(answer->body)["status"]["token"];

  std::string folder = ::testing::TempDir() + "tokenXXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string file = folder + "/token";
  std::ofstream(file) << "not a token";
  Connection connection{.server = connection_.server, .ca_pem = connection_.ca_pem, .token_file = file};
  const auto transport = *MakeTransport(connection);
  const HttpRequest who{"POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "application/json",
                        R"({"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"})"};
  EXPECT_EQ(transport->Send(who, {})->status, 401);
  std::ofstream(file) << token << "\n";
  const auto known = transport->Send(who, {});
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(known) << known.error().ToString();
  EXPECT_EQ(known->status, 201);
  EXPECT_NE(known->body.find("system:serviceaccount:" + ns_ + ":robot"), std::string::npos) << known->body;
}

}  // namespace
}  // namespace ingressfleet::io
