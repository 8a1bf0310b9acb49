#include "io/client.h"

#include "io/wait.h"
#include "support/scripted_transport.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using testing::ScriptedTransport;

class ClientTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScriptedTransport> transport_ = std::make_shared<ScriptedTransport>();
  Client client_{transport_};

  HttpRequest Only() const {
    const auto requests = transport_->Requests();
    EXPECT_EQ(requests.size(), 1U);
    return requests.empty() ? HttpRequest{} : requests.front();
  }
};

kube::Object Service() { return kube::Object(kube::kService, "edge", "public"); }

TEST_F(ClientTest, ApplyIsAPatchOfItsOwnContentType) {
  transport_->AnswerSend(HttpResponse{200, R"({"kind":"Service"})"});
  const ApplyOptions options{.field_manager = "fleet", .force = true, .subresource = "status", .dry_run = true};
  ASSERT_TRUE(client_.Apply(Service(), options));
  const auto request = Only();
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/api/v1/namespaces/edge/services/public/status?fieldManager=fleet&force=true&dryRun=All");
  EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
  EXPECT_EQ(kube::Json::parse(request.body), Service().body());
}

TEST_F(ClientTest, DeleteCarriesItsPreconditions) {
  transport_->AnswerSend(HttpResponse{200, "{}"});
  ASSERT_TRUE(client_.Delete({"Service", "edge", "public"}, {.uid = "u", .resource_version = "7"}));
  EXPECT_EQ(kube::Json::parse(Only().body)["preconditions"], (kube::Json{{"uid", "u"}, {"resourceVersion", "7"}}));
}

TEST_F(ClientTest, ListItemsKnowTheirKind) {
  transport_->AnswerSend(
      HttpResponse{200, R"({"metadata":{"resourceVersion":"5","continue":"c"},"items":[{"metadata":{"name":"a"}}]})"});
  const auto page = client_.List(kube::kService, {.ns = "edge", .resource_version = "0"});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.at(0).Kind(), "Service");
  EXPECT_EQ(page->resource_version, "5");
  EXPECT_EQ(page->continue_token, "c");
  EXPECT_EQ(Only().path, "/api/v1/namespaces/edge/services?resourceVersion=0&limit=500");
}

TEST_F(ClientTest, ErrorsSayWhatWasTried) {
  transport_->AnswerSend(HttpResponse{403, R"({"kind":"Status","message":"no","code":403})"});
  const auto applied = client_.Apply(Service(), {.field_manager = "fleet"});
  EXPECT_EQ(applied.error().code, Code::kForbidden);
  EXPECT_EQ(applied.error().message, "apply Service edge/public: no");
  transport_->AnswerSend(base::Fail(Code::kUnavailable, "refused"));
  EXPECT_EQ(client_.List(kube::kNode, {}).error().message, "list nodes: refused");
  transport_->AnswerSend(HttpResponse{200, "<html>"});
  EXPECT_EQ(client_.GetRaw("/version").error().code, Code::kUnavailable);
}

TEST_F(ClientTest, AnotherUidIsAConflict) {
  auto body = Service();
  body.body()["metadata"]["uid"] = "old";
  const kube::Json refusal = {
      {"kind", "Status"},
      {"message", R"(Service "public" is invalid: metadata.uid: Invalid value: "old": field is immutable)"}};
  transport_->AnswerSend(HttpResponse{422, refusal.dump()});
  EXPECT_EQ(client_.Apply(body, {.field_manager = "fleet"}).error().code, Code::kConflict);
}

TEST_F(ClientTest, RetriesOnlyWithRetryAfterAndAtMostThreeTimes) {
  for (int i = 0; i < 3; ++i) transport_->AnswerSend(HttpResponse{429, "slow down", 1});
  transport_->AnswerSend(HttpResponse{200, "{}"});
  EXPECT_TRUE(client_.GetRaw("/version"));
  EXPECT_EQ(transport_->Requests().size(), 4U);
}

TEST_F(ClientTest, NeverRetriesWithoutBeingAskedTo) {
  transport_->AnswerSend(HttpResponse{500, ""});
  EXPECT_EQ(client_.GetRaw("/version").error().code, Code::kUnavailable);
  transport_->AnswerSend(HttpResponse{429, ""});
  EXPECT_EQ(client_.GetRaw("/version").error().code, Code::kThrottled);
  transport_->AnswerSend(HttpResponse{429, "", 1});
  EXPECT_EQ(client_.Create(Service(), "fleet").error().code, Code::kThrottled);
  transport_->AnswerSend(HttpResponse{503, "", 600});
  const auto later = client_.GetRaw("/version");
  EXPECT_EQ(later.error().retry_after, std::chrono::seconds(600));
  EXPECT_EQ(transport_->Requests().size(), 4U);
}

TEST_F(ClientTest, AStopEndsTheWaitForARetry) {
  std::stop_source stop;
  transport_->on_send = [&stop](const HttpRequest&) {
    stop.request_stop();
    return HttpResponse{429, "", 10};
  };
  const auto began = MonotonicNow();
  EXPECT_EQ(client_.With(stop.get_token()).GetRaw("/version").error().code, Code::kCanceled);
  EXPECT_LT(MonotonicNow() - began, base::Duration(1000));
}

TEST_F(ClientTest, ReplaceNeedsAVersionAndWritesNeedAKnownKind) {
  EXPECT_EQ(client_.Replace(Service(), "fleet").error().code, Code::kInternal);
  EXPECT_EQ(client_.Apply(kube::Object(kube::Json{{"kind", "Widget"}}), {.field_manager = "fleet"}).error().code,
            Code::kInternal);
  EXPECT_TRUE(transport_->Requests().empty());
}

TEST_F(ClientTest, AWatchAsksForBookmarks) {
  transport_->AnswerStream({.chunks = {"{\"a\":1}\n{\"b", "\":2}\n"}});
  std::vector<std::string> lines;
  const auto status = client_.Watch(kube::kService, {.ns = "edge", .resource_version = "9"},
                                    [&lines](std::string_view line) { lines.emplace_back(line); }, {});
  EXPECT_TRUE(status);
  EXPECT_EQ(lines, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"}));
  EXPECT_EQ(Only().path,
            "/api/v1/namespaces/edge/services"
            "?watch=true&allowWatchBookmarks=true&resourceVersion=9&timeoutSeconds=300");
}

TEST_F(ClientTest, AHalfLineAtTheEndIsABreak) {
  transport_->AnswerStream({.chunks = {"{\"a\":1}\n{\"b"}});
  int lines = 0;
  const auto status = client_.Watch(kube::kService, {}, [&lines](std::string_view) { ++lines; }, {});
  EXPECT_EQ(lines, 1);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnavailable);
}

TEST_F(ClientTest, TextThatIsNotUtf8IsSentAllTheSame) {
  transport_->AnswerSend(HttpResponse{200, "{}"});
  auto body = Service();
  body.body()["metadata"]["annotations"]["note"] = "\xff broken";
  EXPECT_TRUE(client_.Apply(body, {.field_manager = "fleet"}));
}

}  // namespace
}  // namespace ingressfleet::io
