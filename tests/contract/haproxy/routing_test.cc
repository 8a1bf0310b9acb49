// What requests get, on a real HAProxy: the table of data that Ingress semantics are made of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compile/compile.h"
#include "contract/haproxy/rig.h"
#include "golden/agent/fixture.h"

namespace ingressfleet::agent::rig {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RoutingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    servers_ = new std::map<std::string, WebServer*>;
    rig_ = new Rig;
    Snapshot snapshot = fixture::LoadSnapshot("");
    snapshot.live.allowed_source_ranges = {"127.0.0.0/8"};
    for (const char* name : {"root", "api", "exact", "spec", "wild", "any", "fallback", "odd"}) {
      auto* server = new WebServer(name);
      servers_->emplace(name, server);
      AddService(snapshot, name, {server->port()});
    }
    AddService(snapshot, "empty", {});
    AddIngress(snapshot, "i1", "a.test", "root", "/", "Prefix");
    AddIngress(snapshot, "i2", "a.test", "api", "/api/", "Prefix");
    AddIngress(snapshot, "i3", "a.test", "exact", "/api", "Exact");
    AddIngress(snapshot, "i4", "a.test", "spec", "/st", "ImplementationSpecific");
    AddIngress(snapshot, "i5", "a.test", "empty", "/empty", "Prefix");
    AddIngress(snapshot, "i6", "a.test", "missing", "/missing", "Prefix");
    AddIngress(snapshot, "i7", "*.w.test", "wild", "/", "Prefix");
    AddIngress(snapshot, "i8", "named.w.test", "root", "/only", "Prefix");
    AddIngress(snapshot, "i9", "", "any", "/any", "Prefix");
    AddIngress(snapshot, "i10", "a.test", "odd", "/x;y=(1)'$&,!*+:@%20z", "Exact");
    AddIngress(snapshot, "i11", "p.test", "api", "/public", "Prefix");
    AddIngress(snapshot, "i13", "u.test", "root", "/ü", "Exact");
    AddIngress(snapshot, "i12", "p.test", "exact", "/admin", "Prefix");
    engine_ = rig_->NewEngine().release();
    const auto status = engine_->Sync(Compile(snapshot));
    ASSERT_TRUE(status) << status.error().ToString();
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete rig_;
    for (const auto& [name, server] : *servers_) delete server;
    delete servers_;
  }

  static std::map<std::string, WebServer*>* servers_;
  static Rig* rig_;
  static Engine* engine_;
};

std::map<std::string, WebServer*>* RoutingTest::servers_ = nullptr;
Rig* RoutingTest::rig_ = nullptr;
Engine* RoutingTest::engine_ = nullptr;

TEST_F(RoutingTest, Table) {
  struct Case {
    std::string host, path, answer;  // the server's name, or a status
  };
  const std::vector<Case> cases{
      {"a.test", "/", "root"},
      {"a.test", "/x", "root"},
      {"A.TEST", "/", "root"},
      {"a.test:8080", "/", "root"},
      {"A.Test:8080", "/api/x", "api"},
      {"a.test.", "/", "root"},
      {"a.test", "/api", "exact"},
      {"a.test", "/api?q=/api/x", "exact"},
      {"a.test", "/api/", "api"},
      {"a.test", "/api/v1", "api"},
      {"a.test", "/apis", "root"},
      {"a.test", "/API", "root"},
      {"a.test", "/st", "spec"},
      {"a.test", "/static/x", "spec"},
      {"a.test", "/s", "root"},
      {"a.test", "/empty", "503"},
      {"a.test", "/empty/x", "503"},
      {"a.test", "/emptyx", "root"},
      {"a.test", "/missing", "503"},
      {"a.test", "/x;y=(1)'$&,!*+:@%20z", "odd"},
      {"a.test", "/x;y=(1)'$&,!*+:@%20", "root"},
      // Wildcards match one label; a named host hides them, and the rules without a host too.
      {"b.w.test", "/", "wild"},
      {"B.w.test:80", "/x", "wild"},
      {"c.b.w.test", "/", "404"},
      {"w.test", "/", "404"},
      {"named.w.test", "/only", "root"},
      {"named.w.test", "/", "404"},
      {"named.w.test", "/any", "404"},
      {"b.w.test", "/any", "wild"},
      {"unknown.test", "/any/x", "any"},
      {"unknown.test", "/", "404"},
      {"", "/", "404"},
      {"", "/any", "any"},
      {"[::1]:80", "/any", "any"},
      {"localhost", "/any", "any"},
      // Nobody reaches a path through a Host that looks like one, or by spelling a path oddly.
      {"p.test/public", "/admin", "400"},
      {"p.test,a.test", "/", "400"},
      {"p.test", "/public/../admin", "exact"},
      {"p.test", "/public/%2e%2e/admin", "exact"},
      {"p.test", "/public//../admin", "exact"},
      {"p.test", "//admin", "exact"},
      {"p.test", "/./admin", "exact"},
      {"p.test", "/%61dmin", "exact"},
      {"p.test", "/public/..", "404"},
      {"p.test", "/admin%2f", "404"},
      {"p.test", "/%61dmin?q=100%&x=%zz", "exact"},
      {"p.test", "/admin%", "400"},
      {"p.test", "/a%zz", "400"},
      {"p.test", "/public/%2E%2e%2fadmin", "400"},
      {"p.test", "/public%2f../admin", "400"},
      {"p.test", "/public/a%2fb", "api"},
      {"u.test", "/%C3%BC", "root"},
      {"u.test", "/%c3%bc", "root"},
      {"p.test", "/other", "404"},
      {"*", "/any", "any"},
  };
  for (const Case& row : cases) {
    const auto answer = Get(rig_->http_port, row.host, row.path);
    const auto got = answer.status == 200 ? answer.text.substr(answer.text.find("server=") + 7) : std::to_string(answer.status);
    EXPECT_EQ(got.substr(0, got.find('\n')), row.answer) << row.host << " " << row.path;
  }
}

TEST_F(RoutingTest, ForwardsThePathAsItCame) {
  EXPECT_THAT(Get(rig_->http_port, "p.test", "/%61dmin?q=100%").text, HasSubstr("GET /%61dmin?q=100% HTTP/1.1"));
  EXPECT_THAT(Get(rig_->http_port, "p.test", "/public/../admin//x?q=%41").text,
              HasSubstr("GET /public/../admin//x?q=%41 HTTP/1.1"));
}

TEST_F(RoutingTest, ReplacesWhatTheClientClaims) {
  const auto text =
      Get(rig_->http_port, "A.test:81", "/",
          "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
          "X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Request-ID: mine\r\n")
          .text;
  for (const char* header : {"x-forwarded-for: 127.0.0.1\r\n", "x-real-ip: 127.0.0.1\r\n", "x-forwarded-proto: http\r\n",
                             "x-forwarded-host: A.test:81\r\n", "x-forwarded-port: 80\r\n", "x-request-id: mine\r\n"}) {
    EXPECT_THAT(text, HasSubstr(header));
  }
  EXPECT_THAT(text, Not(HasSubstr("6.6.6.6")));
  EXPECT_THAT(Get(rig_->http_port, "a.test", "/").text, HasSubstr("x-request-id: "));
}

TEST_F(RoutingTest, UpgradesToWebSocket) {
  Connection connection(rig_->http_port);
  connection.Send(
      "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 101);
  connection.Send("ping");
  EXPECT_EQ(connection.ReceiveSome(), "ping");
}

TEST_F(RoutingTest, RefusesRequestsWithTwoHosts) {
  Connection connection(rig_->http_port);
  connection.Send("GET / HTTP/1.1\r\nHost: a.test\r\nHost: p.test\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 400);
}

TEST_F(RoutingTest, MetricsNameNoPoolMembersUnlessAsked) {
  EXPECT_THAT(Get(rig_->stats_port, "x", "/metrics").text,
              ::testing::AllOf(HasSubstr("haproxy_frontend_"), Not(HasSubstr("proxy=\"p0\""))));
  EXPECT_THAT(Get(rig_->stats_port, "x", "/metrics?scope=backend").text, HasSubstr("proxy=\"p0\""));
  EXPECT_THAT(Get(rig_->stats_port, "x", "/member/p0").text, HasSubstr("a/any:80"));
}

}  // namespace
}  // namespace ingressfleet::agent::rig
