// The gatherer of evidence against two servers that behave as the slots of a tier do.

#include "app/evidence.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/names.h"
#include "support/eventually.h"
#include "support/probe_server.h"

namespace ingressfleet::app {
namespace {

using plan::upgrade::Finding;
using plan::upgrade::Probe;
using plan::upgrade::ProbeSet;
using plan::upgrade::Verdict;
using ::testing::AllOf;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::ProbeServer;
using Steady = std::chrono::steady_clock;

/// A proxy with an access list and a table of hosts; what it does can be changed while it runs.
struct Slot {
  explicit Slot(ProbeServer::Options options)
      : server(std::move(options), [this](const ProbeServer::Request& request) { return Answer(request); }) {}

  ProbeServer::Reply Answer(const ProbeServer::Request& request) {
    if (delay.load().count() > 0) std::this_thread::sleep_for(delay.load());
    const std::lock_guard lock(mutex);
    if (broken) return {.status = 0};
    if (enforces && !request.source.starts_with("10.")) return {.status = 403, .headers = {{"X-Ingressfleet-Route", ""}}};
    if (!hosts.contains(request.host)) return {.status = 404, .headers = {{"X-Ingressfleet-Route", "none"}}};
    if (flaps > 0 && flaps-- > 0) return {.status = 502, .headers = {{"X-Ingressfleet-Route", hosts[request.host]}}};
    return {.status = status, .headers = {{"X-Ingressfleet-Route", hosts[request.host]}}, .body = "hello"};
  }
  void Set(const std::function<void(Slot&)>& change) {
    const std::lock_guard lock(mutex);
    change(*this);
  }

  std::mutex mutex;
  std::map<std::string, std::string> hosts{{"a.test", "a/a:80"}, {"b.test", "a/b:80"}, {"c.test", "a/c:80"}};
  bool enforces = true;
  bool broken = false;
  int flaps = 0;
  int status = 200;
  std::atomic<std::chrono::milliseconds> delay = std::chrono::milliseconds(0);
  ProbeServer server;  ///< last: it calls us
};

kube::ObjectPtr Ingress(const std::string& name) {
  const std::string host = name + ".test";
  return std::make_shared<kube::Object>(
      kube::Json{{"kind", "Ingress"},
                 {"metadata", {{"name", name}, {"namespace", "a"}}},
                 {"spec",
                  {{"ingressClassName", "public"},
                   {"tls", {{{"hosts", {host}}}}},
                   {"rules", {{{"host", host}, {"http", {{"paths", {{{"path", "/"}, {"pathType", "Prefix"}}}}}}}}}}}});
}

class EvidenceTest : public ::testing::Test {
 protected:
  EvidenceTest() {
    tier_.fleet = "platform";
    tier_.name = "public";
    tier_.ns = "edge";
    tier_.class_name = "public";
    tier_.enforcement.proxy = true;
    tier_.allowed_source_ranges = {"10.0.0.0/8"};
    tier_.probe_sources = {"127.0.0.1"};
    for (const char* name : {"a", "b", "c"}) snapshot_.ingresses.push_back(Ingress(name));
    entry_ = std::make_unique<Slot>(SlotOptions("127.0.0.2", 0, 0));
    preview_ = std::make_unique<Slot>(SlotOptions("127.0.0.3", entry_->server.http_port(), entry_->server.https_port()));
    options_.http_port = entry_->server.http_port();
    options_.https_port = entry_->server.https_port();
    options_.repeat_after = options_.retry_first = options_.watch_interval = options_.measure_interval =
        std::chrono::milliseconds(10);
    options_.retry_most = std::chrono::milliseconds(50);
    request_.tier = &tier_;
    request_.snapshot = &snapshot_;
    request_.revision = "r2";
    request_.transition_id = 7;
    request_.entry_address = "127.0.0.2";
    request_.preview_address = "127.0.0.3";
  }

  static ProbeServer::Options SlotOptions(const std::string& address, int http_port, int https_port) {
    return {
        .address = address, .http_port = http_port, .https_port = https_port, .expects_proxy = true, .common_name = "default"};
  }

  EvidenceGatherer& Gatherer() {
    if (!gatherer_) {
      gatherer_ = std::make_unique<EvidenceGatherer>(
          prober_, base::SystemClock(),
          [this](const std::string& fleet) {
            EXPECT_EQ(fleet, "platform");
            ++news_;
          },
          options_);
    }
    return *gatherer_;
  }

  Finding Find(Probe probe) { return Gatherer().Gather(request_)[static_cast<std::size_t>(probe)]; }
  /// What the probe comes to.
  Finding Await(Probe probe, Verdict verdict) {
    Finding finding;
    EXPECT_TRUE(Eventually([&] { return (finding = Find(probe)).verdict == verdict; })) << finding.message;
    return finding;
  }

  plan::ResolvedTier tier_;
  plan::Snapshot snapshot_;
  EvidenceRequest request_;
  EvidenceOptions options_;
  std::unique_ptr<Slot> entry_, preview_;
  std::atomic<int> news_ = 0;
  io::Prober prober_{{.rate_per_second = 5'000, .timeout = std::chrono::seconds(5)}};
  std::unique_ptr<EvidenceGatherer> gatherer_;  ///< last: its threads use the above
};

TEST_F(EvidenceTest, AlikeSlotsPass) {
  request_.probes = {Probe::kParity, Probe::kTls, Probe::kAccess};
  EXPECT_EQ(Find(Probe::kParity).verdict, Verdict::kUnknown) << "the first call asks nobody";
  for (const Probe probe : {Probe::kParity, Probe::kTls, Probe::kAccess}) {
    const Finding finding = Await(probe, Verdict::kPass);
    EXPECT_EQ(finding.revision, "r2");
    EXPECT_EQ(finding.transition_id, 7);
    EXPECT_LT(base::SystemClock().Now() - finding.observed_at, std::chrono::seconds(20));
  }
  EXPECT_EQ(Find(Probe::kParity).message, "8 targets are alike");
  EXPECT_EQ(Find(Probe::kPreflight).revision, "") << "not ours";
  EXPECT_EQ(Find(Probe::kEntry).revision, "") << "not asked for";
  EXPECT_GE(news_, 3);
}

TEST_F(EvidenceTest, ALostHostIsNamed) {
  preview_->Set([](Slot& slot) { slot.hosts.erase("b.test"); });
  request_.probes = {Probe::kParity, Probe::kTls};
  const Finding finding = Await(Probe::kParity, Verdict::kFail);
  EXPECT_THAT(finding.message, AllOf(HasSubstr("2 of 8 targets differ"),
                                     HasSubstr("http://b.test/ (Ingress a/b): serving: 200 from a/b:80, candidate: 404")));
  EXPECT_EQ(Find(Probe::kTls).verdict, Verdict::kPass);
}

TEST_F(EvidenceTest, AnotherServiceOfTheSameStatusIsADifference) {
  preview_->Set([](Slot& slot) { slot.hosts["b.test"] = "a/c:80"; });
  request_.probes = {Probe::kParity};
  EXPECT_THAT(Await(Probe::kParity, Verdict::kFail).message, HasSubstr("200 from a/c:80"));
}

TEST_F(EvidenceTest, AFlappingAnswerIsAskedAgain) {
  preview_->Set([](Slot& slot) { slot.flaps = 2; });
  request_.probes = {Probe::kParity};
  Await(Probe::kParity, Verdict::kPass);
}

TEST_F(EvidenceTest, AnOpenCandidateFailsAccess) {
  preview_->Set([](Slot& slot) { slot.enforces = false; });
  request_.probes = {Probe::kAccess};
  EXPECT_THAT(Await(Probe::kAccess, Verdict::kFail).message, HasSubstr("which the access list refuses: 404"));
}

TEST_F(EvidenceTest, WithoutAListOfTheProxyTheOperatorAsksAsItself) {
  entry_.reset();
  preview_.reset();
  entry_ = std::make_unique<Slot>(ProbeServer::Options{.address = "127.0.0.2", .common_name = "default"});
  preview_ = std::make_unique<Slot>(ProbeServer::Options{.address = "127.0.0.3",
                                                         .http_port = entry_->server.http_port(),
                                                         .https_port = entry_->server.https_port(),
                                                         .common_name = "default"});
  for (Slot* slot : {entry_.get(), preview_.get()}) slot->Set([](Slot& open) { open.enforces = false; });
  options_.http_port = entry_->server.http_port();
  options_.https_port = entry_->server.https_port();
  tier_.enforcement.proxy = false;
  tier_.probe_sources = {};
  request_.probes = {Probe::kParity, Probe::kAccess};
  Await(Probe::kParity, Verdict::kPass);
  Await(Probe::kAccess, Verdict::kPass);
  preview_->Set([](Slot& slot) { slot.enforces = true; });
  options_.renew_after = std::chrono::milliseconds(10);
  gatherer_.reset();
  EXPECT_THAT(Await(Probe::kAccess, Verdict::kFail).message,
              HasSubstr("the operator's own address, which the access list lets in: 403"));
}

TEST_F(EvidenceTest, AnotherCertificateFailsTls) {
  auto options = SlotOptions("127.0.0.3", options_.http_port, options_.https_port);
  options.common_name = "other";
  preview_.reset();
  preview_ = std::make_unique<Slot>(options);
  request_.probes = {Probe::kParity, Probe::kTls};
  EXPECT_THAT(Await(Probe::kTls, Verdict::kFail).message,
              AllOf(HasSubstr("https://a.test/ (Ingress a/a): serving: certificate default"),
                    HasSubstr("candidate: certificate other")));
  Await(Probe::kParity, Verdict::kPass);
}

TEST_F(EvidenceTest, UnknownIsRetried) {
  preview_->Set([](Slot& slot) { slot.broken = true; });
  entry_->Set([](Slot& slot) { slot.broken = true; });
  request_.probes = {Probe::kParity, Probe::kAccess};
  ASSERT_TRUE(Eventually([&] { return Find(Probe::kParity).message.find("no clear answer") != std::string::npos; }));
  EXPECT_EQ(Find(Probe::kParity).verdict, Verdict::kUnknown);
  ASSERT_TRUE(Eventually([&] { return Find(Probe::kAccess).message.find("without an answer") != std::string::npos; }));
  preview_->Set([](Slot& slot) { slot.broken = false; });
  entry_->Set([](Slot& slot) { slot.broken = false; });
  Await(Probe::kParity, Verdict::kPass);
  Await(Probe::kAccess, Verdict::kPass);
}

TEST_F(EvidenceTest, ADeletedIngressIsNoFailureAndANewOneIsAsked) {
  preview_->Set([](Slot& slot) { slot.hosts.erase("b.test"); });
  request_.probes = {Probe::kParity};
  // As it goes, the candidate knows of it before the inventory does.
  Await(Probe::kParity, Verdict::kFail);
  snapshot_.ingresses.erase(snapshot_.ingresses.begin() + 1);
  options_.renew_after = std::chrono::milliseconds(10);
  gatherer_.reset();
  Await(Probe::kParity, Verdict::kPass);
  entry_->Set([](Slot& slot) { slot.hosts["d.test"] = "a/d:80"; });
  snapshot_.ingresses.push_back(Ingress("d"));
  EXPECT_THAT(Await(Probe::kParity, Verdict::kFail).message, HasSubstr("Ingress a/d"));
}

TEST_F(EvidenceTest, AVerdictIsRenewed) {
  options_.renew_after = std::chrono::milliseconds(30);
  request_.probes = {Probe::kParity};
  const auto first = Await(Probe::kParity, Verdict::kPass).observed_at;
  const int news = news_;
  EXPECT_TRUE(Eventually([&] { return Find(Probe::kParity).observed_at > first && news_ > news; }));
  preview_->Set([](Slot& slot) { slot.hosts.erase("b.test"); });
  Await(Probe::kParity, Verdict::kFail);
}

TEST_F(EvidenceTest, AnotherTransitionStartsAnew) {
  request_.probes = {Probe::kParity};
  Await(Probe::kParity, Verdict::kPass);
  request_.transition_id = 8;
  const Finding finding = Find(Probe::kParity);
  EXPECT_EQ(finding.verdict, Verdict::kUnknown);
  EXPECT_EQ(finding.transition_id, 8);
  EXPECT_EQ(Await(Probe::kParity, Verdict::kPass).transition_id, 8);
}

TEST_F(EvidenceTest, EntryIsWatchedAgainstWhatTheServingSlotSaid) {
  request_.probes = {Probe::kParity};
  Await(Probe::kParity, Verdict::kPass);
  request_.probes = {Probe::kEntry, Probe::kBudget};
  request_.transition_id = 9;
  Await(Probe::kEntry, Verdict::kPass);
  Await(Probe::kBudget, Verdict::kPass);
  entry_->Set([](Slot& slot) { slot.status = 503; });
  EXPECT_THAT(Await(Probe::kBudget, Verdict::kFail).message, HasSubstr("503 from a/"));
  entry_->Set([](Slot& slot) { slot.hosts.clear(); });
  EXPECT_THAT(Await(Probe::kEntry, Verdict::kFail).message, HasSubstr("candidate: 404"));
}

TEST_F(EvidenceTest, WithoutABaselineTheEntryIsHeldAgainstThePreview) {
  entry_->Set([](Slot& slot) { slot.hosts.erase("c.test"); });
  request_.probes = {Probe::kEntry, Probe::kBudget};
  EXPECT_THAT(Await(Probe::kEntry, Verdict::kFail).message, HasSubstr("c.test"));
}

TEST_F(EvidenceTest, CustomProbesAndMetrics) {
  std::atomic<const char*> value = "0.001";
  ProbeServer prometheus({}, [&](const ProbeServer::Request& request) {
    EXPECT_THAT(request.line, HasSubstr("/api/v1/query?query=errors"));
    return ProbeServer::Reply{
        .body = fmt::format(R"({{"status":"success","data":{{"resultType":"scalar","result":[1,"{}"]}}}})", value.load())};
  });
  request_.custom = {{.name = "hello", .host = "a.test", .body_contains = "hello"}};
  request_.metrics = {{.name = "errors",
                       .address = fmt::format("http://127.0.0.1:{}", prometheus.http_port()),
                       .query = "errors",
                       .success_condition = "result < 0.01",
                       .failure_limit = 2}};
  request_.probes = {Probe::kCustom, Probe::kMetrics};
  Await(Probe::kCustom, Verdict::kPass);
  Await(Probe::kMetrics, Verdict::kPass);
  value = "0.5";
  EXPECT_THAT(Await(Probe::kMetrics, Verdict::kFail).message, HasSubstr("result 0.5, wanted result < 0.01"));
  preview_->Set([](Slot& slot) { slot.status = 500; });
  EXPECT_THAT(Await(Probe::kCustom, Verdict::kFail).message, HasSubstr("status 500, not 2xx"));
}

TEST_F(EvidenceTest, NothingToCheckIsNoPass) {
  request_.probes = {Probe::kCustom, Probe::kMetrics};
  ASSERT_TRUE(Eventually([&] { return Find(Probe::kCustom).message == "upgrade.verify.probes is empty"; }));
  ASSERT_TRUE(Eventually([&] { return Find(Probe::kMetrics).message == "upgrade.verify.metrics is empty"; }));
  EXPECT_EQ(Find(Probe::kCustom).verdict, Verdict::kUnknown);
}

TEST_F(EvidenceTest, ObstaclesAreNamedAndNobodyIsAsked) {
  request_.probes = {Probe::kParity};
  const auto message = [&] { return Find(Probe::kParity).message; };
  request_.preview_address = "";
  EXPECT_EQ(message(), "Service public-preview has no address");
  request_.preview_address = "127.0.0.3";
  tier_.probe_sources = {};
  EXPECT_THAT(message(), HasSubstr("no probe sources"));
  tier_.probe_sources = {"127.0.0.1"};
  kube::Object workload(kube::kDeployment, "edge", "public-a");
  workload.body()["metadata"]["labels"] = plan::TierLabels("platform", "public");
  snapshot_.objects[workload.Key()] = std::make_shared<kube::Object>(workload);
  EXPECT_THAT(message(), HasSubstr("not all pods of public-a report"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(entry_->server.requests(), 0U);
  snapshot_.objects.clear();
  Await(Probe::kParity, Verdict::kPass);
}

TEST_F(EvidenceTest, NothingBlocks) {
  entry_->delay = preview_->delay = std::chrono::milliseconds(2'000);
  request_.probes = {Probe::kParity, Probe::kAccess, Probe::kEntry};
  auto begin = Steady::now();
  const auto took = [&] { return Steady::now() - std::exchange(begin, Steady::now()); };
  Gatherer();
  took();
  for (int i = 0; i < 5; ++i) {
    request_.transition_id = i;
    Find(Probe::kParity);
    EXPECT_LT(took(), std::chrono::seconds(1));
  }
  ASSERT_TRUE(Eventually([&] { return entry_->server.requests() + preview_->server.requests() > 0; }));
  took();
  Gatherer().Forget("platform");
  EXPECT_LT(took(), std::chrono::seconds(1));
  Find(Probe::kParity);
  took();
  gatherer_.reset();
  EXPECT_LT(took(), std::chrono::seconds(1));
}

TEST_F(EvidenceTest, AskingEndsWhenNobodyWantsToKnow) {
  options_.patience = std::chrono::milliseconds(300);
  request_.probes = {Probe::kEntry};
  Await(Probe::kEntry, Verdict::kPass);
  const auto is_quiet = [&] {
    const auto before = entry_->server.requests();
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    return entry_->server.requests() == before;
  };
  EXPECT_TRUE(Eventually(is_quiet));
  const auto before = entry_->server.requests();
  const auto is_asked = [&] {
    Find(Probe::kEntry);
    return entry_->server.requests() > before;
  };
  EXPECT_TRUE(Eventually(is_asked)) << "a new call wakes it";
}

TEST_F(EvidenceTest, AnEmptySetAndForgettingEndTheAsking) {
  request_.probes = {Probe::kEntry};
  Await(Probe::kEntry, Verdict::kPass);
  request_.probes = {};
  EXPECT_EQ(Find(Probe::kEntry).revision, "");
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  auto before = entry_->server.requests();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(entry_->server.requests(), before);
  request_.probes = {Probe::kEntry};
  Await(Probe::kEntry, Verdict::kPass);
  Gatherer().Forget("another");
  Gatherer().Forget("platform");
  before = entry_->server.requests();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(entry_->server.requests(), before);
}

}  // namespace
}  // namespace ingressfleet::app
