// What changes while requests run, on a real HAProxy: no reload, no failed request.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "compile/compile.h"
#include "contract/haproxy/rig.h"
#include "golden/agent/fixture.h"
#include "support/eventually.h"

namespace ingressfleet::agent::rig {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using SteadyClock = std::chrono::steady_clock;

double MillisecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

#define ASSERT_SYNC(engine, snapshot)                     \
  do {                                                    \
    const auto status = (engine).Sync(Compile(snapshot)); \
    ASSERT_TRUE(status) << status.error().ToString();     \
  } while (false)

TEST(LiveTest, EndpointsChangeUnderLoadWithoutAFailedRequest) {
  Rig rig;
  std::vector<std::unique_ptr<WebServer>> servers;
  for (int i = 0; i < 6; ++i) servers.push_back(std::make_unique<WebServer>(fmt::format("w{}", i)));
  Snapshot snapshot = WebSnapshot({servers[0]->port(), servers[1]->port()});
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  Load load(rig.http_port, "a.test", 8);
  std::vector<double> times;
  for (int round = 0; round < 200; ++round) {
    const int first = round % 6, second = (round * 5 + 1) % 6;
    SetEndpoints(snapshot, "web",
                 {servers[static_cast<std::size_t>(first)]->port(), servers[static_cast<std::size_t>(second)]->port()});
    const auto begin = SteadyClock::now();
    ASSERT_SYNC(*engine, snapshot);
    times.push_back(MillisecondsSince(begin));
    if (round % 10 == 9) engine->ObserveDrains();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  load.Stop();
  std::sort(times.begin(), times.end());
  EXPECT_EQ(load.failed(), 0U) << load.FirstFailure();
  EXPECT_GT(load.good(), 500U);
  EXPECT_EQ(engine->counts().reloads, 0U);
  EXPECT_EQ(engine->counts().starts, 1U);
  EXPECT_LE(engine->held().members.at(0).slots.size(), 12U) << "servers are recycled";
  fmt::print("endpoint swap: {} good requests, median {:.2f} ms, p99 {:.2f} ms\n", load.good(), times[times.size() / 2],
             times[times.size() * 99 / 100]);
}

TEST(LiveTest, ARunningRequestOutlivesItsEndpointAndIsNeverMixedUp) {
  Rig rig;
  WebServer one("one"), two("two");
  Snapshot snapshot = WebSnapshot({one.port()});
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  Connection slow(rig.http_port);
  slow.Send("GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ASSERT_TRUE(testing::Eventually([&] { return one.requests() == 1; }));
  SetEndpoints(snapshot, "web", {two.port()});
  ASSERT_SYNC(*engine, snapshot);
  engine->ObserveDrains();
  EXPECT_TRUE(engine->held().members.at(0).slots.at(0).draining) << "a request still runs there";
  EXPECT_THAT(Get(rig.http_port, "a.test", "/").text, HasSubstr("server=two"));
  EXPECT_THAT(slow.Receive().text, HasSubstr("server=one"));
  slow.Send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_THAT(slow.Receive().text, HasSubstr("server=two")) << "the next request of the same client";
  EXPECT_TRUE(testing::Eventually([&] {
    engine->ObserveDrains();
    return !engine->held().members.at(0).slots.at(0).draining;
  }));
}

TEST(LiveTest, AServerThatIsGoneCostsATryAndNotTheRequest) {
  Rig rig;
  WebServer alive("alive");
  SilentServer gone;
  auto options = rig.engine_options();
  options.render.settings.timeout_connect = std::chrono::milliseconds(200);
  Engine engine(options);
  Snapshot snapshot = WebSnapshot({gone.port()});
  ASSERT_SYNC(engine, snapshot);
  EXPECT_EQ(Get(rig.http_port, "a.test", "/").status, 503);
  SetEndpoints(snapshot, "web", {gone.port(), alive.port()});
  ASSERT_SYNC(engine, snapshot);
  for (int i = 0; i < 8; ++i) EXPECT_THAT(Get(rig.http_port, "a.test", "/").text, HasSubstr("server=alive"));
}

TEST(LiveTest, RoutesAppearAndDisappear) {
  Rig rig;
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  Load load(rig.http_port, "a.test", 4);
  std::vector<double> times;
  for (int i = 0; i < 100; ++i) {
    const auto host = fmt::format("h{}.test", i);
    AddService(snapshot, host, {server.port()});
    AddIngress(snapshot, host, host, host);
    const auto begin = SteadyClock::now();
    ASSERT_SYNC(*engine, snapshot);
    ASSERT_EQ(Get(rig.http_port, host, "/").status, 200);
    times.push_back(MillisecondsSince(begin));
    snapshot.ingresses.erase("a/" + host);
    ASSERT_SYNC(*engine, snapshot);
    ASSERT_EQ(Get(rig.http_port, host, "/").status, 404);
    engine->ObserveDrains();
  }
  load.Stop();
  std::sort(times.begin(), times.end());
  EXPECT_EQ(load.failed(), 0U) << load.FirstFailure();
  EXPECT_EQ(engine->counts().reloads, 0U) << "members go back to the pool";
  fmt::print("new Ingress to first 200: median {:.2f} ms, p99 {:.2f} ms\n", times[times.size() / 2],
             times[times.size() * 99 / 100]);
}

TEST(LiveTest, AccessListIsInForceAtOnceAndFailsClosed) {
  Rig rig;
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  snapshot.live.allowed_source_ranges = {"192.0.2.0/24"};
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Get(rig.http_port, "a.test", "/").status, 403);
  EXPECT_EQ(Get(rig.http_port, "unknown.test", "/").status, 403) << "before anything else is told";
  snapshot.live.allowed_source_ranges = {"127.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"};
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Get(rig.http_port, "a.test", "/").status, 200);
  snapshot.live = DecodeLiveConfig(nullptr);
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Get(rig.http_port, "a.test", "/").status, 403);
  EXPECT_EQ(engine->counts().reloads, 0U);
}

TEST(LiveTest, CertificatesBySniAndTheirRotation) {
  Rig rig;
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  const auto secret = [&](const std::string& name, std::vector<std::string> names) {
    snapshot.secrets["a/" + name] = {fixture::MakeCertificate(names), ""};
  };
  const auto tls = [&](const std::string& name, const std::string& host) {
    kube::Object object(
        kube::Json{{"kind", "Ingress"},
                   {"metadata", {{"name", "tls-" + name}, {"namespace", "a"}}},
                   {"spec", {{"ingressClassName", "fleet"}, {"tls", {{{"secretName", name}, {"hosts", {host}}}}}}}});
    fixture::AddObject(snapshot, object);
  };
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Shake(rig.https_port, "a.test").common_name, "default");
  EXPECT_EQ(Shake(rig.https_port, "").protocol, "h2");
  secret("one", {"one.test", "a.test"});
  secret("wild", {"*.w.test"});
  tls("one", "a.test");
  tls("wild", "*.w.test");
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Shake(rig.https_port, "a.test").common_name, "one.test");
  EXPECT_EQ(Shake(rig.https_port, "one.test").common_name, "default") << "only hosts that an Ingress names";
  EXPECT_EQ(Shake(rig.https_port, "x.w.test").common_name, "*.w.test");
  EXPECT_EQ(Shake(rig.https_port, "y.x.w.test").common_name, "default");
  secret("one", {"two.test", "a.test"});
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Shake(rig.https_port, "a.test").common_name, "two.test") << "rotated";
  EXPECT_EQ(Shake(rig.https_port, "two.test").common_name, "default") << "rotation changes no names (T8)";
  snapshot.self_signed = fixture::MakeCertificate({"other default"});
  snapshot.secrets.erase("a/wild");
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(Shake(rig.https_port, "x.w.test").common_name, "other default");
  EXPECT_TRUE(engine->Audit());
  EXPECT_EQ(engine->counts().reloads, 0U);
}

TEST(LiveTest, ProxyProtocolOnlyFromTrustedAddresses) {
  Rig rig(true);
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  snapshot.live.allowed_source_ranges = {"203.0.113.0/24"};
  auto engine = rig.NewEngine();
  const auto get = [&](const std::string& header) {
    Connection connection(rig.http_port);
    connection.Send(header + "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    return connection.Receive();
  };
  const std::string v1 = "PROXY TCP4 203.0.113.9 10.0.0.1 40000 80\r\n";
  std::string v2("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x0a\x0a\x00\x00\x01\x9c\x40\x00\x50", 28);
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(get(v1).status, 0) << "nobody is trusted yet";
  snapshot.live.trusted_proxies = {"127.0.0.0/8"};
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_THAT(get(v1).text, HasSubstr("x-forwarded-for: 203.0.113.9"));
  EXPECT_THAT(get(v2).text, HasSubstr("x-forwarded-for: 203.0.113.10"));
  EXPECT_EQ(get("PROXY TCP4 198.51.100.1 10.0.0.1 40000 80\r\n").status, 403) << "the list judges the address in the header";
  EXPECT_EQ(get("").status, 0) << "a connection without a header is not answered";
  snapshot.live.trusted_proxies = {"10.0.0.0/8"};
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(get(v1).status, 0);
  EXPECT_EQ(engine->counts().reloads, 0U);
}

TEST(LiveTest, ProbeSourcesClaimASourceAndNobodyElseDoes) {
  Rig rig;
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  snapshot.live.allowed_source_ranges = {"127.0.0.0/8", "203.0.113.0/24"};
  auto engine = rig.NewEngine();
  const auto get = [&](const std::string& header, const std::string& host = "a.test") {
    Connection connection(rig.http_port);
    connection.Send(header + "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    return connection.Receive();
  };
  const std::string allowed = "PROXY TCP4 203.0.113.9 10.0.0.1 40000 80\r\n";
  const std::string denied = "PROXY TCP4 198.51.100.1 10.0.0.1 40000 80\r\n";
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(get(allowed).status, 400) << "a header from somebody who may not claim anything";
  EXPECT_THAT(get("").text, Not(HasSubstr("x-ingressfleet-route")));

  snapshot.live.probe_sources = {"127.0.0.1"};
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_THAT(get(allowed).text,
              AllOf(HasSubstr("x-forwarded-for: 203.0.113.9"), HasSubstr("x-ingressfleet-route: a/web:80\r\n")));
  EXPECT_THAT(get(allowed, "b.test").text, AllOf(HasSubstr(" 404 "), HasSubstr("x-ingressfleet-route: none\r\n")));
  EXPECT_THAT(get(denied).text, AllOf(HasSubstr(" 403 "), HasSubstr("x-ingressfleet-route: \r\n")))
      << "the list judges the address in the header";
  EXPECT_EQ(get("").status, 0) << "who may claim has to";
  EXPECT_TRUE(engine->Audit());

  // One address, not its neighbours.
  snapshot.live.probe_sources = {"127.0.0.2"};
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(get(allowed).status, 400);
  EXPECT_EQ(get("").status, 200);
  EXPECT_EQ(engine->counts().reloads, 0U);
}

TEST(LiveTest, ProbeSourcesBesideTrustedProxies) {
  Rig rig(true);
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  snapshot.live.allowed_source_ranges = {"203.0.113.0/24"};
  snapshot.live.probe_sources = {"127.0.0.1"};
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  const auto get = [&](const std::string& header) {
    Connection connection(rig.http_port);
    connection.Send(header + "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    return connection.Receive();
  };
  EXPECT_THAT(get("PROXY TCP4 203.0.113.9 10.0.0.1 40000 80\r\n").text, HasSubstr("x-ingressfleet-route: a/web:80"));
  EXPECT_EQ(get("PROXY TCP4 198.51.100.1 10.0.0.1 40000 80\r\n").status, 403);
  snapshot.live.probe_sources = {};
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(get("PROXY TCP4 203.0.113.9 10.0.0.1 40000 80\r\n").status, 0) << "neither a trusted proxy nor a prober";
}

TEST(LiveTest, PoolGrowsByOneReloadWithoutAFailedRequest) {
  Rig rig(false, 16);
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  Load load(rig.http_port, "a.test", 8);
  for (int i = 0; i < 40; ++i) {
    const auto host = fmt::format("g{}.test", i);
    AddService(snapshot, host, {server.port()});
    AddIngress(snapshot, host, host, host);
    if (i == 11) {
      ASSERT_SYNC(*engine, snapshot);
      EXPECT_EQ(engine->counts().reloads, 1U) << "13 of 16 members";
    }
  }
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(engine->counts().reloads, 2U);
  EXPECT_EQ(engine->held().pool_size, 64);
  EXPECT_EQ(Get(rig.http_port, "g39.test", "/").status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  load.Stop();
  EXPECT_EQ(load.failed(), 0U) << load.FirstFailure();
  EXPECT_TRUE(engine->Audit());
}

TEST(LiveTest, LargeCertificateTakesOneReload) {
  Rig rig;
  Snapshot snapshot = WebSnapshot({});
  auto engine = rig.NewEngine();
  ASSERT_SYNC(*engine, snapshot);
  const auto leaf = fixture::MakePem({"a.test"}, fixture::Now(), base::SystemClock().Now() + std::chrono::hours(1));
  std::string chain = leaf.certificate;
  while (chain.size() < 20'000) chain += fixture::MakePem({"issuer"}, fixture::Now(), fixture::Now()).certificate;
  snapshot.secrets["a/one"] = {std::make_shared<const Certificate>(*ParseCertificate(chain, leaf.key)), ""};
  fixture::AddObject(snapshot, kube::Object(kube::Json::parse(
                                   R"({"kind":"Ingress","metadata":{"name":"t","namespace":"a"},
                                       "spec":{"ingressClassName":"fleet","tls":[{"secretName":"one","hosts":["a.test"]}]}})")));
  ASSERT_SYNC(*engine, snapshot);
  EXPECT_EQ(engine->counts().reloads, 1U);
  EXPECT_EQ(Shake(rig.https_port, "a.test").common_name, "a.test");
}

TEST(LiveTest, AnotherAgentAdoptsWithoutAnyChange) {
  Rig rig;
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  AddService(snapshot, "b", {server.port()});
  AddIngress(snapshot, "b", "b.test", "b", "/x;y", "Exact");
  snapshot.secrets["a/one"] = {fixture::MakeCertificate({"a.test"}), ""};
  fixture::AddObject(snapshot, kube::Object(kube::Json::parse(
                                   R"({"kind":"Ingress","metadata":{"name":"t","namespace":"a"},
                                       "spec":{"ingressClassName":"fleet","tls":[{"secretName":"one","hosts":["a.test"]}]}})")));
  ASSERT_SYNC(*rig.NewEngine(), snapshot);
  Load load(rig.http_port, "a.test", 4);
  auto second = rig.NewEngine();
  ASSERT_TRUE(second->Adopt());
  ASSERT_SYNC(*second, snapshot);
  EXPECT_EQ(second->counts().commands, 0U) << "nothing had changed";
  EXPECT_EQ(second->counts().reloads + second->counts().starts, 0U);
  // What changed while nobody looked is sent as a difference.
  SetEndpoints(snapshot, "b", {});
  snapshot.ingresses.erase("a/t");
  auto third = rig.NewEngine();
  ASSERT_TRUE(third->Adopt());
  ASSERT_SYNC(*third, snapshot);
  EXPECT_EQ(third->counts().commands, 2U);
  EXPECT_EQ(Get(rig.http_port, "b.test", "/x;y").status, 503);
  EXPECT_EQ(Get(rig.http_port, "a.test", "/").status, 200);
  load.Stop();
  EXPECT_EQ(load.failed(), 0U) << load.FirstFailure();
}

TEST(LiveTest, AnotherConfigurationIsTakenByOneReload) {
  Rig rig;
  WebServer server("web");
  Snapshot snapshot = WebSnapshot({server.port()});
  ASSERT_SYNC(*rig.NewEngine(), snapshot);
  auto options = rig.engine_options();
  options.render.settings.timeout_server = std::chrono::seconds(90);
  Engine second(options);
  ASSERT_TRUE(second.Adopt());
  ASSERT_SYNC(second, snapshot);
  EXPECT_EQ(second.counts().reloads, 1U);
  ASSERT_SYNC(second, snapshot);
  EXPECT_EQ(second.counts().reloads, 1U);
  EXPECT_EQ(Get(rig.http_port, "a.test", "/").status, 200);
}

TEST(LiveTest, AnAgentBringsADeadHaproxyBackAndReplaysAfterAForeignReload) {
  Rig rig;
  WebServer server("web");
  AgentRig agent(rig);
  agent.Put([&](Snapshot& snapshot) { snapshot = WebSnapshot({server.port()}); });
  agent.Start();
  ASSERT_TRUE(testing::Eventually([&] { return agent.status().ready; }));
  EXPECT_EQ(agent.status().ingresses, 1U);
  agent.Put([&](Snapshot& snapshot) { AddIngress(snapshot, "b", "b.test", "web"); });
  ASSERT_TRUE(testing::Eventually([&] { return Get(rig.http_port, "b.test", "/").status == 200; }));

  const auto begin = SteadyClock::now();
  const auto killed = rig.Haproxy();
  SendSignal(killed, SIGKILL);
  const auto is_back = [&] {
    const auto now = rig.Haproxy();
    return now.IsSet() && now.pid != killed.pid && Get(rig.http_port, "b.test", "/").status == 200;
  };
  ASSERT_TRUE(testing::Eventually(is_back));
  fmt::print("HAProxy killed to back: {:.0f} ms\n", MillisecondsSince(begin));
  ASSERT_TRUE(testing::Eventually([&] { return agent.status().ready; }));

  // Somebody reloads from the files, which do not know what came since.
  agent.Put([&](Snapshot& snapshot) { AddIngress(snapshot, "c", "c.test", "web"); });
  ASSERT_TRUE(testing::Eventually([&] { return Get(rig.http_port, "c.test", "/").status == 200; }));
  SendSignal(rig.Haproxy(), SIGUSR2);
  EXPECT_TRUE(testing::Eventually([&] { return Get(rig.http_port, "c.test", "/").status == 404; }))
      << "forgotten by the foreign reload";
  EXPECT_TRUE(testing::Eventually([&] { return Get(rig.http_port, "c.test", "/").status == 200; }));
  agent.Stop();
  EXPECT_FALSE(rig.Haproxy().IsSet()) << "the end of the agent is the end of HAProxy";
}

TEST(LiveTest, ADrainLosesNoRequest) {
  Rig rig;
  WebServer server("web");
  AgentRig agent(rig);
  agent.Put([&](Snapshot& snapshot) { snapshot = WebSnapshot({server.port()}); });
  agent.Start();
  ASSERT_TRUE(testing::Eventually([&] { return agent.status().ready; }));
  Connection slow(rig.http_port);
  slow.Send("GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ASSERT_TRUE(testing::Eventually([&] { return server.requests() == 1; }));
  std::jthread stopper([&] { agent.Stop(); });
  EXPECT_EQ(slow.Receive().status, 200);
}

TEST(LiveTest, WithoutClientsADrainIsOverAtOnce) {
  Rig rig;
  AgentRig agent(rig);
  agent.Put([&](Snapshot& snapshot) { snapshot = WebSnapshot({}); });
  agent.Start();
  ASSERT_TRUE(testing::Eventually([&] { return agent.status().ready; }));
  const auto begin = SteadyClock::now();
  agent.Stop();
  EXPECT_LT(MillisecondsSince(begin), 3'000) << "nothing of the agent's own keeps the worker alive";
  EXPECT_FALSE(rig.Haproxy().IsSet());
}

}  // namespace
}  // namespace ingressfleet::agent::rig
