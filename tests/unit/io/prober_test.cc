#include "io/prober.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/probe_server.h"

namespace ingressfleet::io {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;
using effect::ProbeRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ProbeServer;
using Steady = std::chrono::steady_clock;

ProbeRequest To(const ProbeServer& server, bool tls = false) {
  ProbeRequest request;
  request.address = "127.0.0.1";
  request.port = tls ? server.https_port() : server.http_port();
  request.tls = tls;
  request.host = "shop.test";
  return request;
}

ProbeAnswer AskOne(const ProbeRequest& request, ProberOptions options = {}) {
  Prober prober(options);
  return prober.Ask({request}, {}).at(0);
}

ProbeServer::Reply Echo(const ProbeServer::Request& request) {
  return {.headers = {{"X-Line", request.line}, {"X-Source", request.source}, {"X-Host", request.host}, {"X-Sni", request.sni}},
          .body = request.head};
}

/// A port that refuses.
int ClosedPort() {
  ProbeServer server({}, Echo);
  return server.http_port();
}

TEST(ProberTest, Http) {
  ProbeServer server({}, Echo);
  ProbeRequest request = To(server);
  request.path = "/a/../b%20c?d=1";
  request.headers = {{"x-extra", "yes"}};
  request.keep_body = true;
  const ProbeAnswer answer = AskOne(request);
  EXPECT_EQ(answer.error, ProbeError::kNone) << answer.detail;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("x-line"), "GET /a/../b%20c?d=1 HTTP/1.1");
  EXPECT_EQ(answer.headers.at("x-host"), "shop.test") << "without the port";
  EXPECT_THAT(answer.body, HasSubstr("x-extra: yes\r\n"));
  EXPECT_THAT(answer.body, HasSubstr("User-Agent: ingressfleet-probe/"));
  EXPECT_FALSE(answer.certificate);
}

TEST(ProberTest, HttpsReportsTheCertificateAndVerifiesNothing) {
  ProbeServer server({.common_name = "shop.test", .issuer = "nobody we know"}, Echo);
  const ProbeAnswer answer = AskOne(To(server, true));
  EXPECT_EQ(answer.status, 200) << answer.detail;
  EXPECT_EQ(answer.headers.at("x-sni"), "shop.test");
  ASSERT_TRUE(answer.certificate);
  EXPECT_EQ(answer.certificate->subject, "shop.test");
  EXPECT_THAT(answer.certificate->names, ElementsAre("192.0.2.1", "shop.test"));
  EXPECT_EQ(answer.certificate->fingerprint.size(), 64U);
  EXPECT_FALSE(answer.certificate->self_signed);
  ProbeServer other({.common_name = "shop.test"}, Echo);
  const ProbeAnswer second = AskOne(To(other, true));
  ASSERT_TRUE(second.certificate);
  EXPECT_TRUE(second.certificate->self_signed);
  EXPECT_NE(second.certificate->fingerprint, answer.certificate->fingerprint);
}

TEST(ProberTest, ClaimsASourceBeforeAnythingElse) {
  ProbeServer server({.expects_proxy = true}, Echo);
  for (const bool tls : {false, true}) {
    for (const char* source : {"203.0.113.9", "2001:db8::9"}) {
      ProbeRequest request = To(server, tls);
      request.source = source;
      const ProbeAnswer answer = AskOne(request);
      EXPECT_EQ(answer.status, 200) << answer.detail;
      EXPECT_EQ(answer.headers.at("x-source"), source);
      EXPECT_EQ(answer.certificate.has_value(), tls);
    }
  }
  EXPECT_EQ(AskOne(To(server)).error, ProbeError::kClosed);
  EXPECT_EQ(AskOne(To(server, true)).error, ProbeError::kTls);
}

TEST(ProberTest, RedirectsAreToldNotFollowed) {
  ProbeServer server({}, [](const auto&) {
    return ProbeServer::Reply{.status = 301, .headers = {{"Location", "https://shop.test/"}}};
  });
  const ProbeAnswer answer = AskOne(To(server));
  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(answer.headers.at("location"), "https://shop.test/");
  EXPECT_EQ(server.requests(), 1U);
}

TEST(ProberTest, KindsOfErrors) {
  const ProberOptions fast{.timeout = std::chrono::milliseconds(200)};
  ProbeServer silent({}, [](const auto&) { return ProbeServer::Reply{.status = 0}; });
  EXPECT_EQ(AskOne(To(silent)).error, ProbeError::kClosed);
  ProbeServer slow({}, [](const auto&) { return ProbeServer::Reply{.delay = std::chrono::milliseconds(500)}; });
  EXPECT_EQ(AskOne(To(slow), fast).error, ProbeError::kTimeout);
  ProbeServer strict({.expects_proxy = true}, Echo);
  EXPECT_EQ(AskOne(To(strict, true)).error, ProbeError::kTls) << "the handshake breaks off";
  ProbeRequest nobody = To(silent);
  nobody.port = ClosedPort();
  EXPECT_EQ(AskOne(nobody).error, ProbeError::kConnect);
  EXPECT_THAT(AskOne(nobody).detail, HasSubstr("refused"));
  nobody.address = "name.invalid";
  EXPECT_EQ(AskOne(nobody).error, ProbeError::kConnect);
  for (const char* path : {"", "relative", "/a b", "/a\r\nX: y"}) {
    ProbeRequest odd = To(silent);
    odd.path = path;
    EXPECT_EQ(AskOne(odd).error, ProbeError::kConnect) << path;
  }
  ProbeRequest odd = To(silent);
  odd.host = "a.test/../";
  EXPECT_EQ(AskOne(odd).error, ProbeError::kConnect);
}

TEST(ProberTest, ANameIsLookedUp) {
  ProbeServer server({}, Echo);
  ProbeRequest request = To(server);
  request.address = request.host = "localhost";
  const ProbeAnswer answer = AskOne(request);
  EXPECT_EQ(answer.status, 200) << answer.detail;
}

TEST(ProberTest, OnlyAnAnswerThatNobodyWaitsForIsShort) {
  ProbeServer server({}, [](const auto&) { return ProbeServer::Reply{.body = std::string(1'000'000, 'x')}; });
  EXPECT_EQ(AskOne(To(server)).status, 200);
  EXPECT_EQ(AskOne(To(server)).body, "");
  ProbeRequest request = To(server);
  request.keep_body = true;
  const ProbeAnswer answer = AskOne(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.size(), 64U * 1024);
}

TEST(ProberTest, HeadAndOtherMethods) {
  ProbeServer server({}, [](const auto& request) {
    auto reply = Echo(request);
    if (request.line.starts_with("HEAD")) reply.body.clear();
    return reply;
  });
  for (const char* method : {"HEAD", "OPTIONS", "POST"}) {
    ProbeRequest request = To(server);
    request.method = method;
    EXPECT_EQ(AskOne(request).headers["x-line"], std::string(method) + " / HTTP/1.1");
  }
}

TEST(ProberTest, ManyAtOnceInOrderAndNotMoreThanAllowed) {
  ProbeServer server({}, [](const auto& request) {
    auto reply = Echo(request);
    reply.delay = std::chrono::milliseconds(5);
    return reply;
  });
  std::vector<ProbeRequest> requests(100, To(server));
  for (std::size_t i = 0; i < requests.size(); ++i) requests[i].path = fmt::format("/{}", i);
  Prober prober({.concurrency = 4, .rate_per_second = 10'000});
  const auto answers = prober.Ask(requests, {});
  for (std::size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ(answers[i].headers.at("x-line"), fmt::format("GET /{} HTTP/1.1", i));
  EXPECT_LE(server.most_at_once(), 4U + 1) << "one may be closing";
}

TEST(ProberTest, TheRateIsSharedByAllAsks) {
  ProbeServer server({}, Echo);
  Prober prober({.rate_per_second = 100});
  const auto begin = Steady::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { prober.Ask(std::vector<ProbeRequest>(20, To(server)), {}); });
  }
  EXPECT_GE(Steady::now() - begin, std::chrono::milliseconds(285)) << "40 at 100/s, of which the first few may come at once";
  EXPECT_EQ(server.requests(), 40U);
}

TEST(ProberTest, StopsAtOnce) {
  ProbeServer slow({}, [](const auto&) { return ProbeServer::Reply{.delay = std::chrono::milliseconds(700)}; });
  Prober prober;
  std::stop_source stop;
  std::vector<ProbeRequest> requests(40, To(slow));
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto begin = Steady::now();
  const auto answers = prober.Ask(requests, stop.get_token());
  EXPECT_LT(Steady::now() - begin, std::chrono::milliseconds(300));
  ASSERT_EQ(answers.size(), 40U);
  for (const ProbeAnswer& answer : answers) EXPECT_EQ(answer.error, ProbeError::kCanceled);
  EXPECT_TRUE(prober.Ask({}, {}).empty());
}

TEST(ProberTest, AnUnansweredConnectionTimesOut) {
  // A full backlog: the next connection gets no answer at all.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  socklen_t size = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ProbeRequest request;
  request.address = "127.0.0.1";
  request.port = ntohs(address.sin_port);
  Prober prober({.timeout = std::chrono::milliseconds(150)});
  const auto answers = prober.Ask(std::vector<ProbeRequest>(8, request), {});
  EXPECT_EQ(answers.back().error, ProbeError::kConnect) << answers.back().detail;
  close(listener);
}

}  // namespace
}  // namespace ingressfleet::io
