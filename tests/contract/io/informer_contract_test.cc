// The informer against a real API server: how fast it is, and what an outage does to it.

#include <fmt/format.h>

#include <atomic>
#include <fstream>

#include "contract/io/cluster.h"
#include "io/informer.h"
#include "io/wait.h"
#include "support/eventually.h"
#include "support/tcp_relay.h"

namespace ingressfleet::io {
namespace {

using testing::Eventually;
using testing::TcpRelay;

long ResidentKilobytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

class InformerContract : public ContractTest {
 protected:
  InformerOptions Options() const { return {.kind = &kube::kConfigMap, .ns = ns_}; }

  std::unique_ptr<TcpRelay> Relay() const {
    const auto host = connection_.server.substr(8);
    const auto colon = host.find(':');
    return std::make_unique<TcpRelay>(host.substr(0, colon), std::stoi(host.substr(colon + 1)));
  }

  Client Through(const TcpRelay& relay) const {
    Connection connection = connection_;
    connection.server = fmt::format("https://127.0.0.1:{}", relay.port());
    return Client(*MakeTransport(connection));
  }
};

TEST_F(InformerContract, SyncsAThousandObjectsAndFollows) {
  FillNamespace(1'000);
  const long before = ResidentKilobytes();
  std::atomic<int> additions = 0;
  Informer informer(*client_, Options(), [&](const ObjectPtr& old, const ObjectPtr& now) { additions += !old && now ? 1 : 0; });
  const auto began = MonotonicNow();
  informer.Start();
  ASSERT_TRUE(Eventually([&] { return informer.HasSynced(); }));
  const auto synced = MonotonicNow() - began;
  EXPECT_GE(additions, 1'000);
  EXPECT_GE(informer.List().size(), 1'000U);
  fmt::print("sync of 1,000 objects: {} ms, resident memory {} → {} kB\n", synced.count(), before, ResidentKilobytes());

  ASSERT_TRUE(Eventually([&] { return informer.Health().watching; }));
  base::Duration slowest{0};
  for (int i = 0; i < 20; ++i) {
    const auto applied = Apply(ConfigMap("item-7", {{"round", std::to_string(i)}}));
    const auto written = MonotonicNow();
    ASSERT_TRUE(Eventually([&] {
      const auto seen = informer.Get(ns_, "item-7");
      return seen && seen->ResourceVersion() == applied.ResourceVersion();
    }));
    slowest = std::max(slowest, MonotonicNow() - written);
  }
  fmt::print("slowest of 20 changes seen after {} ms\n", slowest.count());
  EXPECT_EQ(informer.Get(ns_, "item-7")->body()["metadata"].contains("managedFields"), false);
}

TEST_F(InformerContract, StopsManyQuickly) {
  std::vector<std::unique_ptr<Informer>> informers;
  for (int i = 0; i < 15; ++i) {
    informers.push_back(std::make_unique<Informer>(*client_, Options(), nullptr));
    informers.back()->Start();
  }
  for (const auto& informer : informers) ASSERT_TRUE(Eventually([&] { return informer->HasSynced(); }));
  Apply(ConfigMap("seen", {}));  // by all of them: their watches are open
  for (const auto& informer : informers) {
    ASSERT_TRUE(Eventually([&] { return informer->Get(ns_, "seen") != nullptr; }));
  }
  base::Duration worst{0};
  while (!informers.empty()) {
    const auto asked = MonotonicNow();
    informers.pop_back();
    worst = std::max(worst, MonotonicNow() - asked);
  }
  fmt::print("worst stop of 15 informers: {} ms\n", worst.count());
  EXPECT_LT(worst, base::Duration(100));
}

TEST_F(InformerContract, SurvivesAnOutageWithoutLosingAChange) {
  const auto relay = Relay();
  Client through = Through(*relay);
  Apply(ConfigMap("kept", {}));
  Apply(ConfigMap("deleted", {}));
  const auto replaced = Apply(ConfigMap("replaced", {}));
  std::atomic<int> removals = 0;
  Informer informer(through, Options(), [&](const ObjectPtr&, const ObjectPtr& now) { removals += now ? 0 : 1; });
  informer.Start();
  ASSERT_TRUE(Eventually([&] { return informer.HasSynced() && informer.Health().watching; }));

  relay->Cut();
  ASSERT_TRUE(Eventually([&] { return !informer.Health().last_error.empty(); }));
  EXPECT_NE(informer.Get(ns_, "kept"), nullptr) << "an outage leaves the store as it was";
  Apply(ConfigMap("new", {}));
  ASSERT_TRUE(client_->Delete({"ConfigMap", ns_, "deleted"}, {}));
  ASSERT_TRUE(client_->Delete({"ConfigMap", ns_, "replaced"}, {}));
  Apply(ConfigMap("replaced", {}));
  SleepFor(base::Duration(1'500), {});  // long enough for several refused tries
  relay->Heal();

  EXPECT_TRUE(Eventually([&] { return informer.Get(ns_, "new") && !informer.Get(ns_, "deleted"); }, std::chrono::seconds(20)));
  EXPECT_TRUE(Eventually([&] { return informer.Get(ns_, "replaced") && removals == 2; }));
  EXPECT_NE(informer.Get(ns_, "replaced")->Uid(), replaced.Uid());
  EXPECT_EQ(informer.Health().relists, 0U) << "the watch went on where it was";
}

TEST_F(InformerContract, AWrongAuthorityOrAddressIsNotTrusted) {
  Connection stranger = connection_;
  stranger.ca_pem = connection_.client_certificate_pem;
  Client distrusting(*MakeTransport(stranger));
  EXPECT_EQ(distrusting.GetRaw("/version").error().code, base::Code::kUnavailable);

  const auto host = connection_.server.substr(8);
  const auto colon = host.find(':');
  const TcpRelay relay(host.substr(0, colon), std::stoi(host.substr(colon + 1)), "127.0.0.2");
  Connection elsewhere = connection_;
  elsewhere.server = fmt::format("https://127.0.0.2:{}", relay.port());
  Client misled(*MakeTransport(elsewhere));
  EXPECT_EQ(misled.GetRaw("/version").error().code, base::Code::kUnavailable) << "its certificate does not name 127.0.0.2";
}

TEST_F(InformerContract, AFrozenCallTimesOut) {
  const auto relay = Relay();
  Client through = Through(*relay);
  ASSERT_TRUE(through.GetRaw("/version"));
  relay->Freeze();
  const auto began = MonotonicNow();
  const auto read = through.With({}, std::chrono::milliseconds(700)).GetRaw("/version");
  EXPECT_EQ(read.error().code, base::Code::kTimeout) << read.error().ToString();
  EXPECT_LT(MonotonicNow() - began, base::Duration(3'000));
}

}  // namespace
}  // namespace ingressfleet::io
