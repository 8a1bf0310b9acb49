// What the client believes about the API server, asked of a real one.

#include <fmt/format.h>

#include <set>

#include "base/clock.h"
#include "contract/io/cluster.h"
#include "io/wait.h"
#include "support/eventually.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using ClientContract = ContractTest;

TEST_F(ClientContract, GetReturnsWhatWasApplied) {
  Apply(ConfigMap("one", {{"a", "1"}}));
  const auto read = client_->Get(kube::kConfigMap, ns_, "one");
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->Text("/data/a"), "1");
}

TEST_F(ClientContract, GetOfNothingIsNotFoundWithContext) {
  const auto read = client_->Get(kube::kConfigMap, ns_, "none");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kNotFound);
  EXPECT_EQ(read.error().message, fmt::format("get ConfigMap {}/none: configmaps \"none\" not found", ns_));
}

TEST_F(ClientContract, ListPagesCoverEverythingOnceAndNameTheKind) {
  FillNamespace(25);
  std::set<std::string> names;
  ListOptions options{.ns = ns_, .label_selector = "", .limit = 10};
  int pages = 0;
  do {
    auto page = client_->List(kube::kConfigMap, options);
    ASSERT_TRUE(page) << page.error().ToString();
    EXPECT_FALSE(page->resource_version.empty());
    for (const auto& item : page->items) {
      EXPECT_EQ(item.Kind(), "ConfigMap");
      EXPECT_EQ(item.ApiVersion(), "v1");
      EXPECT_TRUE(names.insert(std::string(item.Name())).second);
    }
    options.continue_token = page->continue_token;
    ++pages;
  } while (!options.continue_token.empty());
  EXPECT_GE(pages, 3);
  EXPECT_GE(names.size(), 25U);
}

TEST_F(ClientContract, SelectorsAreEncoded) {
  kube::Object labelled = ConfigMap("labelled", {});
  labelled.body()["metadata"]["labels"] = {{"team", "a"}};
  Apply(labelled);
  Apply(ConfigMap("other", {}));
  const auto page = client_->List(kube::kConfigMap, {.ns = ns_, .label_selector = "team in (a,b),team!=c"});
  ASSERT_TRUE(page) << page.error().ToString();
  ASSERT_EQ(page->items.size(), 1U);
  const auto by_field = client_->List(kube::kConfigMap, {.ns = ns_, .field_selector = "metadata.name=other"});
  ASSERT_TRUE(by_field);
  ASSERT_EQ(by_field->items.size(), 1U);
}

TEST_F(ClientContract, TheSameApplyAgainChangesNothing) {
  const auto first = Apply(ConfigMap("one", {{"a", "1"}}));
  const auto second = Apply(ConfigMap("one", {{"a", "1"}}));
  EXPECT_EQ(first.ResourceVersion(), second.ResourceVersion());
}

TEST_F(ClientContract, ApplyOfAForeignFieldConflictsUnlessForced) {
  Apply(ConfigMap("one", {{"a", "1"}}));
  const auto refused = client_->Apply(ConfigMap("one", {{"a", "2"}}), {.field_manager = "other"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  const auto forced = client_->Apply(ConfigMap("one", {{"a", "2"}}), {.field_manager = "other", .force = true});
  ASSERT_TRUE(forced) << forced.error().ToString();
  EXPECT_EQ(forced->Text("/data/a"), "2");
}

TEST_F(ClientContract, DryRunLeavesNothingBehind) {
  const auto dry = client_->Apply(ConfigMap("dry", {{"a", "1"}}), {.field_manager = "contract", .dry_run = true});
  ASSERT_TRUE(dry) << dry.error().ToString();
  EXPECT_EQ(client_->Get(kube::kConfigMap, ns_, "dry").error().code, Code::kNotFound);
}

TEST_F(ClientContract, ApplyWithTheUidOfAReplacedObjectConflicts) {
  const auto first = Apply(ConfigMap("one", {}));
  ASSERT_TRUE(client_->Delete(first.Key(), {}));
  Apply(ConfigMap("one", {}));
  kube::Object guarded = ConfigMap("one", {{"a", "1"}});
  guarded.body()["metadata"]["uid"] = first.Uid();
  const auto refused = client_->Apply(guarded, {.field_manager = "contract", .force = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict) << refused.error().ToString();
}

TEST_F(ClientContract, ApplyWithAnOldResourceVersionConflicts) {
  const auto first = Apply(ConfigMap("one", {}));
  Apply(ConfigMap("one", {{"a", "1"}}));
  kube::Object guarded = ConfigMap("one", {{"a", "2"}});
  guarded.body()["metadata"]["resourceVersion"] = first.ResourceVersion();
  const auto refused = client_->Apply(guarded, {.field_manager = "contract", .force = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict) << refused.error().ToString();
}

TEST_F(ClientContract, StatusIsItsOwnSubresource) {
  kube::Object service(kube::kService, ns_, "public");
  service.body()["spec"] = {{"ports", {{{"port", 80}}}}, {"type", "LoadBalancer"}};
  Apply(service);
  kube::Object status(kube::kService, ns_, "public");
  status.body()["status"] = {{"loadBalancer", {{"ingress", {{{"ip", "192.0.2.1"}}}}}}};
  const auto applied = client_->Apply(status, {.field_manager = "contract-status", .subresource = "status"});
  ASSERT_TRUE(applied) << applied.error().ToString();
  EXPECT_EQ(applied->List("/status/loadBalancer/ingress").size(), 1U);
}

TEST_F(ClientContract, CreateTwiceAlreadyExists) {
  ASSERT_TRUE(client_->Create(ConfigMap("one", {}), "contract"));
  const auto again = client_->Create(ConfigMap("one", {}), "contract");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kAlreadyExists);
}

TEST_F(ClientContract, ReplaceIsCompareAndSwap) {
  const auto first = Apply(ConfigMap("one", {}));
  kube::Object body = first;
  body.body()["data"] = {{"a", "1"}};
  ASSERT_TRUE(client_->Replace(body, "contract"));
  const auto again = client_->Replace(body, "contract");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
}

TEST_F(ClientContract, DeletePreconditions) {
  const auto first = Apply(ConfigMap("one", {}));
  const auto second = Apply(ConfigMap("one", {{"a", "1"}}));
  const DeleteOptions wrong_uid{.uid = "00000000-0000-0000-0000-000000000000"};
  EXPECT_EQ(client_->Delete(first.Key(), wrong_uid).error().code, Code::kConflict);
  const DeleteOptions old_version{.uid = std::string(second.Uid()), .resource_version = std::string(first.ResourceVersion())};
  EXPECT_EQ(client_->Delete(first.Key(), old_version).error().code, Code::kConflict);
  const DeleteOptions right{.uid = std::string(second.Uid()), .resource_version = std::string(second.ResourceVersion())};
  EXPECT_TRUE(client_->Delete(first.Key(), right));
  EXPECT_EQ(client_->Delete(first.Key(), {}).error().code, Code::kNotFound);
}

TEST_F(ClientContract, InvalidBodiesAreInvalidWithTheFieldNamed) {
  kube::Object service(kube::kService, ns_, "bad");
  service.body()["spec"] = {{"ports", {{{"port", 0}}}}};
  const auto refused = client_->Apply(service, {.field_manager = "contract"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_NE(refused.error().message.find("spec.ports[0].port"), std::string::npos) << refused.error().message;
}

TEST_F(ClientContract, AMegabyteTravelsBothWays) {
  const std::string text(1'000'000, 'x');
  Apply(ConfigMap("big", {{"text", text}}));
  const auto read = client_->Get(kube::kConfigMap, ns_, "big");
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->Text("/data/text"), text);
}

TEST_F(ClientContract, VersionIsThere) {
  const auto version = client_->GetRaw("/version");
  ASSERT_TRUE(version) << version.error().ToString();
  EXPECT_FALSE(kube::TextOf(*version, "gitVersion").empty());
}

TEST_F(ClientContract, WatchTellsChangesAndBookmarks) {
  Apply(ConfigMap("one", {}));
  const auto page = client_->List(kube::kConfigMap, {.ns = ns_});
  ASSERT_TRUE(page);
  Apply(ConfigMap("two", {{"text", std::string(900'000, 'y')}}));
  ASSERT_TRUE(client_->Delete({"ConfigMap", ns_, "one"}, {}));
  std::vector<std::string> types;
  const auto status = client_->Watch(
      kube::kConfigMap, {.ns = ns_, .resource_version = page->resource_version, .timeout = std::chrono::seconds(8)},
      [&types](std::string_view line) {
        const auto event = kube::Json::parse(line);
        const kube::Object object(event["object"]);  // the cluster adds kube-root-ca.crt to each namespace
        if (object.Name() != "kube-root-ca.crt") types.push_back(event["type"]);
      },
      {});
  EXPECT_TRUE(status) << status.error().ToString();
  // How many bookmarks come is the server's business; before the end of a watch there is one.
  ASSERT_GE(types.size(), 3U);
  EXPECT_EQ(std::vector<std::string>(types.begin(), types.begin() + 2), (std::vector<std::string>{"ADDED", "DELETED"}));
  EXPECT_EQ(std::count(types.begin(), types.end(), "BOOKMARK"), static_cast<int>(types.size()) - 2);
}

TEST_F(ClientContract, AStoppedWatchEndsWithinMilliseconds) {
  const auto page = client_->List(kube::kConfigMap, {.ns = ns_});
  ASSERT_TRUE(page);
  base::Duration worst{0};
  for (int round = 0; round < 10; ++round) {
    std::stop_source stop;
    std::atomic<bool> open = false;
    base::Status status;
    std::thread watcher([&] {
      status = client_->Watch(
          kube::kConfigMap, {.ns = ns_, .resource_version = page->resource_version}, [&open](std::string_view) { open = true; },
          stop.get_token());
    });
    Apply(ConfigMap("poke", {{"round", std::to_string(round)}}));
    ASSERT_TRUE(testing::Eventually([&open] { return open.load(); }));
    const auto asked = MonotonicNow();
    stop.request_stop();
    watcher.join();
    worst = std::max(worst, MonotonicNow() - asked);
    EXPECT_EQ(status.error().code, Code::kCanceled);
  }
  RecordProperty("worst_stop_ms", static_cast<int>(worst.count()));
  fmt::print("worst stop of a watch: {} ms\n", worst.count());
  EXPECT_LT(worst, base::Duration(100));
}

TEST_F(ClientContract, ASilentWatchTimesOut) {
  const auto page = client_->List(kube::kConfigMap, {.ns = ns_});
  ASSERT_TRUE(page);
  HttpRequest request{
      "GET",
      "/api/v1/namespaces/" + ns_ + "/configmaps?watch=true&timeoutSeconds=30&resourceVersion=" + page->resource_version,
      {},
      {},
      std::chrono::seconds(2)};
  const auto status = transport_->Stream(request, [](std::string_view) {}, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kTimeout) << status.error().ToString();
}

TEST_F(ClientContract, AStoppedClientAnswersCanceled) {
  std::stop_source stop;
  stop.request_stop();
  const auto read = client_->With(stop.get_token()).Get(kube::kConfigMap, ns_, "one");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kCanceled);
}

TEST_F(ClientContract, NoServerIsUnavailable) {
  Connection nowhere = connection_;
  nowhere.server = "https://127.0.0.1:1";
  Client client(*MakeTransport(nowhere));
  const auto read = client.GetRaw("/version");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kUnavailable);
  EXPECT_NE(read.error().message.find("127.0.0.1:1"), std::string::npos) << read.error().message;
}

}  // namespace
}  // namespace ingressfleet::io
