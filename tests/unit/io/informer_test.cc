#include "io/informer.h"

#include <atomic>

#include "io/wait.h"
#include "support/eventually.h"
#include "support/scripted_transport.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using testing::Eventually;
using testing::ScriptedTransport;
using End = ScriptedTransport::StreamScript::End;

std::string Item(const std::string& name, const std::string& uid, int version, const std::string& more = "") {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"ns","uid":"{}","resourceVersion":"{}"{}}}}})", name, uid,
                     version, more);
}

HttpResponse ListOf(const std::vector<std::string>& items, int version, const std::string& next = "") {
  return {200, fmt::format(R"({{"metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})", version, next,
                           fmt::join(items, ","))};
}

std::string Event(const std::string& type, const std::string& item) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, item) + "\n";
}

class InformerTest : public ::testing::Test {
 protected:
  void Start(InformerOptions options = {.kind = &kube::kPod}) {
    informer_ =
        std::make_unique<Informer>(client_, std::move(options), [this](const ObjectPtr& before, const ObjectPtr& after) {
          const std::scoped_lock lock(mutex_);
          changes_.push_back(Describe(before) + ">" + Describe(after));
        });
    informer_->Start();
  }

  static std::string Describe(const ObjectPtr& object) {
    return object ? fmt::format("{}.{}.{}", object->Name(), object->Uid(), object->ResourceVersion()) : "-";
  }

  std::vector<std::string> Changes() {
    const std::scoped_lock lock(mutex_);
    return changes_;
  }

  bool SeesChanges(std::size_t count) {
    return Eventually([&] { return Changes().size() >= count; });
  }

  std::shared_ptr<ScriptedTransport> transport_ = std::make_shared<ScriptedTransport>();
  Client client_{transport_};
  std::mutex mutex_;
  std::vector<std::string> changes_;
  std::unique_ptr<Informer> informer_;  // last: its thread calls into the members above
};

TEST_F(InformerTest, ListsPagesThenWatches) {
  transport_->AnswerSend(ListOf({Item("b", "1", 5)}, 7, "more"));
  transport_->AnswerSend(ListOf({Item("a", "2", 6)}, 7));
  const std::string events = Event("MODIFIED", Item("a", "2", 8)) + Event("DELETED", Item("b", "1", 9));
  transport_->AnswerStream({.chunks = {events.substr(0, 30), events.substr(30, 100), events.substr(130)}, .end = End::kHang});
  Start();
  ASSERT_TRUE(SeesChanges(4));
  EXPECT_EQ(Changes(), (std::vector<std::string>{"->a.2.6", "->b.1.5", "a.2.6>a.2.8", "b.1.5>-"}));
  EXPECT_TRUE(informer_->HasSynced());
  ASSERT_EQ(informer_->List().size(), 1U);
  EXPECT_EQ(informer_->Get("ns", "a")->ResourceVersion(), "8");
  EXPECT_EQ(informer_->Get("ns", "b"), nullptr);
  const auto requests = transport_->Requests();
  EXPECT_NE(requests.at(0).path.find("resourceVersion=0"), std::string::npos);
  EXPECT_NE(requests.at(1).path.find("continue=more"), std::string::npos);
  EXPECT_NE(requests.at(2).path.find("resourceVersion=7"), std::string::npos);
}

TEST_F(InformerTest, IsNotSyncedBeforeTheLastPage) {
  std::atomic<bool> release = false;
  std::atomic<int> calls = 0;
  transport_->on_send = [&](const HttpRequest&) {
    if (++calls == 1) return ListOf({Item("a", "1", 1)}, 2, "more");
    while (!release) SleepFor(base::Duration(1), {});
    return ListOf({}, 2);
  };
  Start();
  ASSERT_TRUE(Eventually([&] { return calls == 2; }));
  EXPECT_FALSE(informer_->HasSynced());
  EXPECT_TRUE(informer_->List().empty());
  release = true;
  EXPECT_TRUE(Eventually([&] { return informer_->HasSynced(); }));
}

TEST_F(InformerTest, ARelistFindsWhatWasReplacedMissedAndUnchanged) {
  transport_->AnswerSend(ListOf({Item("same", "1", 1), Item("replaced", "2", 2), Item("gone", "3", 3)}, 4));
  transport_->AnswerStream({.chunks = {Event("ERROR", R"({"kind":"Status","code":410,"message":"too old"})")}});
  transport_->AnswerSend(ListOf({Item("same", "1", 1), Item("replaced", "9", 8), Item("new", "4", 9)}, 10));
  Start();
  ASSERT_TRUE(SeesChanges(7));
  const auto changes = Changes();
  EXPECT_EQ(std::vector<std::string>(changes.begin() + 3, changes.end()),
            (std::vector<std::string>{"gone.3.3>-", "->new.4.9", "replaced.2.2>-", "->replaced.9.8"}));
  EXPECT_EQ(informer_->Health().relists, 1U);
  EXPECT_EQ(informer_->Health().objects, 3U);
  EXPECT_NE(transport_->Requests().at(2).path.find("limit=500"), std::string::npos);
  EXPECT_EQ(transport_->Requests().at(2).path.find("resourceVersion"), std::string::npos);
}

TEST_F(InformerTest, GoneAsAnHttpStatusRelists) {
  transport_->AnswerSend(ListOf({}, 4));
  transport_->AnswerStream({.status = 410, .chunks = {R"({"kind":"Status","code":410,"reason":"Expired"})"}});
  transport_->AnswerSend(ListOf({Item("a", "1", 5)}, 6));
  Start();
  EXPECT_TRUE(SeesChanges(1));
}

TEST_F(InformerTest, AReplacedObjectInOneEventIsRemovedAndAdded) {
  transport_->AnswerSend(ListOf({Item("a", "1", 1)}, 2));
  transport_->AnswerStream({.chunks = {Event("MODIFIED", Item("a", "2", 3))}, .end = End::kHang});
  Start();
  ASSERT_TRUE(SeesChanges(3));
  EXPECT_EQ(Changes(), (std::vector<std::string>{"->a.1.1", "a.1.1>-", "->a.2.3"}));
}

TEST_F(InformerTest, ABrokenStreamGoesOnWhereItWas) {
  transport_->AnswerSend(ListOf({}, 4));
  const std::string half_a_line = R"({"type":)";
  transport_->AnswerStream({.chunks = {Event("ADDED", Item("a", "1", 5)), Event("BOOKMARK", Item("", "", 20)), half_a_line}});
  transport_->AnswerStream({.chunks = {Event("ADDED", Item("b", "2", 21))}, .end = End::kHang});
  Start();
  ASSERT_TRUE(SeesChanges(2));
  EXPECT_NE(transport_->Requests().at(2).path.find("resourceVersion=20"), std::string::npos);
  EXPECT_EQ(informer_->Health().relists, 0U);
  EXPECT_EQ(informer_->Health().last_error, "") << "cleared by the next line";
  EXPECT_TRUE(informer_->Health().watching);
}

TEST_F(InformerTest, AListThatFailsIsToldAndTriedAgain) {
  transport_->AnswerSend(HttpResponse{403, R"({"kind":"Status","message":"pods is forbidden"})"});
  transport_->AnswerSend(ListOf({Item("a", "1", 1)}, 2));
  Start();
  ASSERT_TRUE(Eventually([&] { return !informer_->Health().last_error.empty(); }));
  EXPECT_EQ(informer_->Health().last_error, "Forbidden: list pods: pods is forbidden");
  EXPECT_TRUE(Eventually([&] { return informer_->HasSynced(); }));
  EXPECT_EQ(informer_->Health().last_error, "");
}

TEST_F(InformerTest, PrunesBeforeStoring) {
  transport_->AnswerSend(ListOf({Item("a", "1", 1, R"(,"managedFields":[{}],"labels":{"x":"y"})")}, 2));
  Start({.kind = &kube::kPod, .prune = [](kube::Json& body) { body["metadata"].erase("labels"); }});
  ASSERT_TRUE(SeesChanges(1));
  const auto metadata = informer_->Get("ns", "a")->body()["metadata"];
  EXPECT_FALSE(metadata.contains("managedFields"));
  EXPECT_FALSE(metadata.contains("labels"));
}

TEST_F(InformerTest, AHugeLineInManyPiecesIsOneEvent) {
  const std::string item = fmt::format(R"({{"metadata":{{"name":"big","uid":"1","resourceVersion":"3"}},"data":"{}"}})",
                                       std::string(3'000'000, 'x'));
  const std::string event = Event("ADDED", item);
  ScriptedTransport::StreamScript script{.end = End::kHang};
  for (std::size_t at = 0; at < event.size(); at += 4096) script.chunks.push_back(event.substr(at, 4096));
  transport_->AnswerSend(ListOf({}, 2));
  transport_->AnswerStream(std::move(script));
  Start();
  ASSERT_TRUE(SeesChanges(1));
  EXPECT_EQ(informer_->Get("", "big")->Text("/data").size(), 3'000'000U);
}

TEST_F(InformerTest, StopsAtOnceInEveryPhase) {
  for (const char* phase : {"watching", "waiting", "unavailable"}) {
    SCOPED_TRACE(phase);
    if (std::string_view(phase) == "watching") transport_->AnswerSend(ListOf({}, 2));
    if (std::string_view(phase) == "waiting") transport_->AnswerSend(HttpResponse{500, ""});
    const auto requests = transport_->Requests().size();
    Start();
    ASSERT_TRUE(Eventually([&] { return transport_->Requests().size() > requests; }));
    const auto asked = MonotonicNow();
    informer_.reset();
    EXPECT_LT(MonotonicNow() - asked, base::Duration(100));
  }
}

}  // namespace
}  // namespace ingressfleet::io
