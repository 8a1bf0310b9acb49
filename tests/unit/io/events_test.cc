#include "io/events.h"

#include "io/event_correlator.h"
#include "io/wait.h"
#include "support/eventually.h"
#include "support/scripted_transport.h"

namespace ingressfleet::io {
namespace {

using base::Duration;
using base::TimePoint;

kube::Object Fleet() {
  kube::Object fleet(kube::kIngressFleet, "", "main");
  fleet.body()["metadata"]["uid"] = "u1";
  return fleet;
}

EventNote Note(const std::string& message) { return {EventNote::Type::kNormal, "Applied", message}; }

TEST(EventCorrelator, TheSameAgainRaisesTheCount) {
  EventCorrelator correlator;
  const auto first = correlator.Correlate(Fleet(), Note("x"), TimePoint(Duration(1'000)));
  const auto second = correlator.Correlate(Fleet(), Note("x"), TimePoint(Duration(2'000)));
  EXPECT_EQ(first->name, second->name);
  EXPECT_EQ(second->count, 2);
  EXPECT_EQ(second->first, TimePoint(Duration(1'000)));
  EXPECT_EQ(second->last, TimePoint(Duration(2'000)));
  EXPECT_NE(correlator.Correlate(Fleet(), Note("y"), TimePoint(Duration(2'000)))->name, first->name);
}

TEST(EventCorrelator, MoreThanTenSimilarOnesAreFolded) {
  EventCorrelator correlator;
  std::set<std::string> names;
  for (int i = 0; i < 20; ++i) {
    const auto event = correlator.Correlate(Fleet(), Note(fmt::format("message {}", i)), TimePoint(Duration(i)));
    ASSERT_TRUE(event);
    names.insert(event->name);
    EXPECT_EQ(event->message.starts_with("(combined from similar events): "), i >= 10) << i;
  }
  EXPECT_EQ(names.size(), 11U);
  const auto later = correlator.Correlate(Fleet(), Note("message 99"), TimePoint(Duration(700'000)));
  EXPECT_EQ(later->message, "message 99") << "ten quiet minutes end the folding";
}

TEST(EventCorrelator, AnObjectHasABurstOfTwentyFive) {
  EventCorrelator correlator;
  int written = 0;
  for (int i = 0; i < 100; ++i) written += correlator.Correlate(Fleet(), Note("x"), TimePoint(Duration(i))) ? 1 : 0;
  EXPECT_EQ(written, 25);
  kube::Object other = Fleet();
  other.body()["metadata"]["name"] = "other";
  EXPECT_TRUE(correlator.Correlate(other, Note("x"), TimePoint(Duration(100))));
  const auto later = correlator.Correlate(Fleet(), Note("x"), TimePoint(Duration(301'000)));
  ASSERT_TRUE(later) << "one more each five minutes";
  EXPECT_EQ(later->count, 101);
}

TEST(EventCorrelator, LongMessagesEndAtACharacter) {
  EventCorrelator correlator;
  const auto event = correlator.Correlate(Fleet(), Note(std::string(1'023, 'x') + "ü tail"), TimePoint());
  EXPECT_EQ(event->message, std::string(1'023, 'x'));
}

TEST(EventRecorder, WritesByServerSideApply) {
  const auto transport = std::make_shared<testing::ScriptedTransport>();
  transport->AnswerSend(HttpResponse{201, "{}"});
  Client client(transport);
  EventRecorder recorder(client, "ingressfleet-operator", "pod-1");
  recorder.Record(Fleet(), {EventNote::Type::kWarning, "Refused", "no"});
  ASSERT_TRUE(testing::Eventually([&] { return !transport->Requests().empty(); }));
  const auto request = transport->Requests().front();
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_TRUE(request.path.starts_with("/api/v1/namespaces/default/events/main.")) << request.path;
  const auto body = kube::Json::parse(request.body);
  EXPECT_EQ(
      body["involvedObject"],
      (kube::Json{{"apiVersion", "ingressfleet.io/v1alpha1"}, {"kind", "IngressFleet"}, {"name", "main"}, {"uid", "u1"}}));
  EXPECT_EQ(body["type"], "Warning");
  EXPECT_EQ(body["count"], 1);
}

TEST(EventRecorder, TheDestructorWritesWhatWaitsButNotForLong) {
  const auto transport = std::make_shared<testing::ScriptedTransport>();
  transport->on_send = [](const HttpRequest&) { return base::Fail(base::Code::kUnavailable, "down"); };
  Client client(transport);
  const auto began = MonotonicNow();
  {
    EventRecorder recorder(client, "c", "i");
    recorder.Record(Fleet(), Note("x"));
  }
  EXPECT_FALSE(transport->Requests().empty());
  EXPECT_LT(MonotonicNow() - began, Duration(1'500));
}

}  // namespace
}  // namespace ingressfleet::io
