#include "io/serve.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ingressfleet::io {
namespace {

using base::Code;

/// The whole answer to the bytes of a request.
std::string Ask(int port, const std::string& request) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(socket);
    return "refused";
  }
  (void)!send(socket, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char buffer[4096];
  for (ssize_t size; (size = recv(socket, buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  close(socket);
  return answer;
}

struct Answer {
  int status = 0;
  std::string body;
};

Answer Get(int port, const std::string& path, const std::string& method = "GET") {
  const std::string text = Ask(port, fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n\r\n", method, path));
  const auto body = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || body == std::string::npos) return {};
  return {std::stoi(text.substr(9, 3)), text.substr(body + 4)};
}

class Serve : public ::testing::Test {
 protected:
  void Start() {
    ServeOptions options{.address = "127.0.0.1", .port = 0};
    options.healthz = {{"ping", [] { return base::Status(); }}};
    options.readyz = {{"ping", [] { return base::Status(); }},
                      {"sync", [this]() -> base::Status {
                         return synced_ ? base::Status() : base::Fail(Code::kUnavailable, "pods: not listed");
                       }}};
    options.pages = {{"/debug/table", [] { return std::string("{\"a\":1}"); }},
                     {"/debug/empty", [] { return std::string(); }},
                     {"/debug/throws", []() -> std::string { throw std::runtime_error("secret"); }}};
    auto server = HealthServer::Start(std::move(options), metrics_);
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = std::move(*server);
    port_ = server_->port();
  }

  Metrics metrics_;
  std::atomic<bool> synced_ = true;
  std::unique_ptr<HealthServer> server_;
  int port_ = 0;
};

TEST_F(Serve, ChecksAnswerLikeTheApiServer) {
  Start();
  EXPECT_EQ(Get(port_, "/healthz").body, "ok");
  EXPECT_EQ(Get(port_, "/livez").status, 200);
  EXPECT_EQ(Get(port_, "/readyz?verbose").body, "[+]ping ok\n[+]sync ok\nreadyz check passed\n");
  synced_ = false;
  const auto failing = Get(port_, "/readyz");
  EXPECT_EQ(failing.status, 503);
  EXPECT_EQ(failing.body, "[+]ping ok\n[-]sync failed: pods: not listed\nreadyz check failed\n");
  EXPECT_EQ(Get(port_, "/healthz").status, 200);
}

TEST_F(Serve, MetricsAndPages) {
  Start();
  EXPECT_NE(Get(port_, "/metrics").body.find("process_resident_memory_bytes"), std::string::npos);
  EXPECT_EQ(Get(port_, "/debug/table").body, "{\"a\":1}");
  EXPECT_EQ(Get(port_, "/debug/empty").status, 404);
  EXPECT_EQ(Get(port_, "/etc/passwd").status, 404);
  EXPECT_EQ(Get(port_, "/../../etc/passwd").status, 404);
  const auto thrown = Get(port_, "/debug/throws");
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body.find("secret"), std::string::npos);
}

TEST_F(Serve, OtherMethodsAreRefusedAndHeadHasNoBody) {
  Start();
  EXPECT_EQ(Get(port_, "/metrics", "POST").status, 405);
  EXPECT_EQ(Get(port_, "/metrics", "DELETE").status, 405);
  const auto head = Get(port_, "/healthz", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST_F(Serve, BrokenClientsDoNoHarm) {
  Start();
  Ask(port_, "nonsense\r\n\r\n");
  Ask(port_, "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(Get(port_, "/healthz").status, 200);
}

TEST_F(Serve, ATakenPortIsNamed) {
  Start();
  const auto second = HealthServer::Start({.address = "127.0.0.1", .port = port_}, metrics_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(fmt::format("127.0.0.1:{}", port_)), std::string::npos) << second.error().message;
}

TEST_F(Serve, StopsInTheDestructor) {
  Start();
  server_.reset();
  EXPECT_EQ(Ask(port_, "GET /healthz HTTP/1.1\r\n\r\n"), "refused");
}

TEST_F(Serve, Ipv6) {
  auto server = HealthServer::Start({.address = "::1", .port = 0}, metrics_);
  if (!server) GTEST_SKIP() << "no IPv6 here: " << server.error().message;
  EXPECT_GT((*server)->port(), 0);
}

}  // namespace
}  // namespace ingressfleet::io
