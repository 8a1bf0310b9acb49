// The operator's evidence for an upgrade, gathered from two real HAProxies that stand for the slots of a tier.

#include "app/evidence.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "compile/compile.h"
#include "contract/haproxy/rig.h"
#include "golden/agent/fixture.h"
#include "haproxy/process.h"
#include "support/eventually.h"

namespace ingressfleet::agent::rig {
namespace {

using plan::upgrade::Finding;
using plan::upgrade::Probe;
using plan::upgrade::Verdict;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// What Services do: one address for each slot, the same ports on both. A third HAProxy that only passes bytes on.
class Services {
 public:
  Services(const Rig& entry, const Rig& preview)
      : directory_(entry.directory()), http_port(FreePort()), https_port(FreePort()) {
    std::ofstream config(directory_ + "/services.cfg");
    config << "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  maxconn 500\n";
    Forward(config, "entry_http", "127.0.0.2", http_port, entry.http_port);
    Forward(config, "entry_https", "127.0.0.2", https_port, entry.https_port);
    Forward(config, "preview_http", "127.0.0.3", http_port, preview.http_port);
    Forward(config, "preview_https", "127.0.0.3", https_port, preview.https_port);
    config.close();
    const auto process = StartProcess({entry.engine_options().binary, "-db", "-f", directory_ + "/services.cfg"});
    if (!process) throw std::runtime_error(process.error().message);
    process_ = *process;
  }
  ~Services() {
    SendSignal(process_, SIGKILL);
    testing::Eventually([&] { return !IsRunning(process_); });
  }
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

 private:
  static void Forward(std::ostream& config, const char* name, const char* address, int port, int to) {
    config << fmt::format("listen {}\n  bind {}:{}\n  server s 127.0.0.1:{}\n", name, address, port, to);
  }

  std::string directory_;
  ProcessId process_;

 public:
  const int http_port, https_port;
};

class EvidenceContractTest : public ::testing::Test {
 protected:
  EvidenceContractTest() : services_(entry_, preview_), entry_state_(WebSnapshot({server_.port()})) {
    signal(SIGPIPE, SIG_IGN);
    entry_state_.live.allowed_source_ranges = {"10.0.0.0/8"};
    entry_state_.live.probe_sources = {"127.0.0.1"};
    tier_.fleet = "platform";
    tier_.name = "public";
    tier_.class_name = "fleet";
    tier_.enforcement.proxy = true;
    tier_.allowed_source_ranges = {"10.0.0.0/8"};
    tier_.probe_sources = {"127.0.0.1"};
    options_.http_port = services_.http_port;
    options_.https_port = services_.https_port;
    options_.repeat_after = options_.retry_first = std::chrono::milliseconds(50);
    options_.target_limit = 10'000;
    request_.tier = &tier_;
    request_.snapshot = &snapshot_;
    request_.revision = "r2";
    request_.entry_address = "127.0.0.2";
    request_.preview_address = "127.0.0.3";
  }

  /// Known to the operator and to both slots.
  void AddHost(const std::string& name, const std::vector<std::string>& paths, const std::string& secret = "") {
    kube::Json rule_paths = kube::Json::array();
    for (const std::string& path : paths) {
      rule_paths.push_back(
          {{"path", path}, {"pathType", "Prefix"}, {"backend", {{"service", {{"name", "web"}, {"port", {{"number", 80}}}}}}}});
    }
    kube::Json spec{{"ingressClassName", "fleet"}, {"rules", {{{"host", name}, {"http", {{"paths", rule_paths}}}}}}};
    if (!secret.empty()) spec["tls"] = {{{"hosts", {name}}, {"secretName", secret}}};
    const kube::Object object(
        kube::Json{{"kind", "Ingress"}, {"metadata", {{"name", name}, {"namespace", "a"}}}, {"spec", spec}});
    fixture::AddObject(entry_state_, object);
    snapshot_.ingresses.push_back(std::make_shared<kube::Object>(object));
  }

  /// Both slots are alike, but for `change` of the candidate.
  void Start(const std::function<void(Snapshot&)>& change) {
    entry_engine_ = entry_.NewEngine();
    preview_engine_ = preview_.NewEngine();
    ASSERT_TRUE(entry_engine_->Sync(Compile(entry_state_)));
    Snapshot preview_state = entry_state_;
    preview_state.self_signed = fixture::MakeCertificate({"default"});
    change(preview_state);
    ASSERT_TRUE(preview_engine_->Sync(Compile(preview_state)));
    gatherer_ = std::make_unique<app::EvidenceGatherer>(
        prober_, base::SystemClock(), [](const std::string&) {}, options_);
  }

  Finding Await(Probe probe, const std::function<bool(const Finding&)>& is_it,
                std::chrono::seconds deadline = std::chrono::seconds(20)) {
    Finding finding;
    EXPECT_TRUE(testing::Eventually(
        [&] { return is_it(finding = gatherer_->Gather(request_)[static_cast<std::size_t>(probe)]); }, deadline))
        << finding.message;
    return finding;
  }
  Finding Await(Probe probe, Verdict verdict, std::chrono::seconds deadline = std::chrono::seconds(20)) {
    return Await(
        probe, [&](const Finding& finding) { return finding.verdict == verdict; }, deadline);
  }

  WebServer server_{"web"};
  Rig entry_, preview_;
  Services services_;
  Snapshot entry_state_;
  std::unique_ptr<Engine> entry_engine_, preview_engine_;
  plan::ResolvedTier tier_;
  plan::Snapshot snapshot_;
  app::EvidenceOptions options_;
  app::EvidenceRequest request_;
  io::Prober prober_;
  std::unique_ptr<app::EvidenceGatherer> gatherer_;
};

TEST_F(EvidenceContractTest, AlikeSlotsPass) {
  entry_state_.secrets["a/one"] = {fixture::MakeCertificate({"a.test"}), ""};
  AddHost("a.test", {"/"}, "one");
  AddHost("*.wild.test", {"/x"}, "missing");
  Start([](Snapshot&) {});
  request_.probes = {Probe::kParity, Probe::kTls, Probe::kAccess, Probe::kEntry, Probe::kBudget};
  for (const Probe probe : {Probe::kParity, Probe::kTls, Probe::kAccess, Probe::kEntry, Probe::kBudget}) {
    fmt::print("{}: {}\n", plan::upgrade::ProbeName(probe), Await(probe, Verdict::kPass).message);
  }
}

TEST_F(EvidenceContractTest, ALostHostAndAnotherCertificateAreNamed) {
  entry_state_.secrets["a/one"] = {fixture::MakeCertificate({"a.test"}), ""};
  AddHost("a.test", {"/"}, "one");
  AddHost("b.test", {"/b"});
  Start([](Snapshot& candidate) {
    candidate.secrets.erase("a/one");
    candidate.ingresses.erase("a/b.test");
  });
  request_.probes = {Probe::kParity, Probe::kTls};
  EXPECT_THAT(
      Await(Probe::kParity, Verdict::kFail).message,
      HasSubstr("1 of 5 targets differ: http://b.test/b (Ingress a/b.test): serving: 200 from a/web:80, candidate: 404"));
  EXPECT_THAT(Await(Probe::kTls, Verdict::kFail).message,
              AllOf(HasSubstr("https://a.test/ (Ingress a/a.test): serving: certificate a.test"),
                    HasSubstr("candidate: certificate default")));
}

TEST_F(EvidenceContractTest, AWiderAccessListIsSeen) {
  Start([](Snapshot& candidate) { candidate.live.allowed_source_ranges = {"10.0.0.0/7"}; });
  request_.probes = {Probe::kAccess};
  EXPECT_THAT(Await(Probe::kAccess, Verdict::kFail).message, HasSubstr("from 11.0.0.0, which the access list refuses: 404"));
}

TEST_F(EvidenceContractTest, ACandidateThatBelievesNobodyProvesNothing) {
  Start([](Snapshot& candidate) { candidate.live.probe_sources.clear(); });
  request_.probes = {Probe::kParity, Probe::kAccess};
  const auto is_clear = [](const Finding& finding) { return finding.message.find("candidate: 400") != std::string::npos; };
  EXPECT_EQ(Await(Probe::kParity, is_clear).verdict, Verdict::kUnknown);
  const auto is_asked = [](const Finding& finding) { return finding.message.find("without an answer") != std::string::npos; };
  EXPECT_EQ(Await(Probe::kAccess, is_asked).verdict, Verdict::kUnknown);
}

TEST_F(EvidenceContractTest, AThousandPairsInAMinute) {
  entry_state_.secrets["a/many"] = {fixture::MakeCertificate({"*.many.test"}), ""};
  for (int i = 0; i < 500; ++i) AddHost(fmt::format("h{}.many.test", i), {"/", "/api"}, "many");
  Start([](Snapshot&) {});
  request_.probes = {Probe::kParity, Probe::kTls};
  const auto begin = std::chrono::steady_clock::now();
  const Finding finding = Await(Probe::kParity, Verdict::kPass, std::chrono::seconds(60));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_EQ(finding.message, "2002 targets are alike") << "http and https";
  fmt::print("1,000 pairs of host and path, http and https, both slots: {:.1f} s, {:.0f} requests/s\n", seconds,
             4004 / seconds);
}

}  // namespace
}  // namespace ingressfleet::agent::rig
