#include "contract/haproxy/rig.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "golden/agent/fixture.h"
#include "haproxy/files.h"

namespace ingressfleet::agent::rig {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int ListenOn(int port, int backlog = 512) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in address = Loopback(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, backlog) != 0)
    throw std::runtime_error("listen");
  return fd;
}

int PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

int ConnectTo(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const timeval limit{10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

void SendAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const auto sent = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t ContentLength(std::string_view head) {
  for (const char* name : {"content-length: ", "Content-Length: ", "Content-length: "}) {
    const auto found = head.find(name);
    if (found != std::string_view::npos) return std::strtoul(head.data() + found + std::string_view(name).size(), nullptr, 10);
  }
  return 0;
}

}  // namespace

WebServer::WebServer(std::string name) : name_(std::move(name)), listener_(ListenOn(0)), port_(PortOf(listener_)) {
  threads_.emplace_back([this](std::stop_token stop) { Accept(std::move(stop)); });
}

void WebServer::Stop() {
  if (listener_ < 0) return;
  shutdown(listener_, SHUT_RDWR);
  threads_.front().request_stop();
  threads_.front().join();
  close(listener_);
  listener_ = -1;
  {
    const std::scoped_lock lock(mutex_);
    for (const int fd : connections_) shutdown(fd, SHUT_RDWR);
  }
  threads_.clear();
}

void WebServer::Accept(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::scoped_lock lock(mutex_);
    connections_.push_back(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void WebServer::Serve(int fd) {
  std::string data;
  std::array<char, 16384> buffer;
  bool echo = false;
  while (true) {
    const auto size = recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    const std::string_view arrived(buffer.data(), static_cast<std::size_t>(size));
    if (echo) {
      SendAll(fd, arrived);
      continue;
    }
    data += arrived;
    for (auto end = data.find("\r\n\r\n"); end != std::string::npos; end = data.find("\r\n\r\n")) {
      const std::string head = data.substr(0, end + 2);
      data.erase(0, end + 4);
      ++requests_;
      if (head.find("/slow") != std::string::npos) std::this_thread::sleep_for(std::chrono::milliseconds(300));
      echo = head.find("websocket") != std::string::npos;
      if (echo) {
        SendAll(fd,
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
      } else {
        const auto body = fmt::format("server={}\n{}", name_, head);
        SendAll(fd, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
      }
    }
  }
  const std::scoped_lock lock(mutex_);
  std::erase(connections_, fd);
  close(fd);
}

// Nobody accepts, and once the queue is full Linux drops what wants to get in.
SilentServer::SilentServer() {
  const int listener = ListenOn(0, 0);
  fds_.push_back(listener);
  port_ = PortOf(listener);
  const sockaddr_in address = Loopback(port_);
  for (int i = 0; i < 4; ++i) {
    fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    connect(fds_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
}

SilentServer::~SilentServer() {
  for (const int fd : fds_) close(fd);
}

Connection::Connection(int port) : fd_(ConnectTo(port)) {}
Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

void Connection::Send(const std::string& raw) {
  if (fd_ >= 0) SendAll(fd_, raw);
}

std::string Connection::ReceiveSome() {
  std::array<char, 65536> buffer;
  const auto size = fd_ < 0 ? 0 : recv(fd_, buffer.data(), buffer.size(), 0);
  return size <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

Answer Connection::Receive() {
  while (true) {
    const auto end = rest_.find("\r\n\r\n");
    const bool until_the_end = rest_.substr(0, end).find("chunked") != std::string::npos;
    if (end != std::string::npos && !until_the_end) {
      const auto length = end + 4 + ContentLength(std::string_view(rest_).substr(0, end));
      if (rest_.size() >= length) {
        Answer answer{std::atoi(rest_.c_str() + 9), rest_.substr(0, length)};
        rest_.erase(0, length);
        return answer;
      }
    }
    const auto more = ReceiveSome();
    if (more.empty()) return {until_the_end ? std::atoi(rest_.c_str() + 9) : 0, rest_};
    rest_ += more;
  }
}

Answer Get(int port, const std::string& host, const std::string& path, const std::string& headers) {
  Connection connection(port);
  connection.Send(fmt::format("GET {} HTTP/1.1\r\n{}{}Connection: close\r\n\r\n", path,
                              host.empty() ? "" : "Host: " + host + "\r\n", headers));
  return connection.Receive();
}

Handshake Shake(int port, const std::string& server_name) {
  Handshake handshake;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  const int fd = ConnectTo(port);
  SSL_set_fd(ssl, fd);
  if (!server_name.empty()) SSL_set_tlsext_host_name(ssl, server_name.c_str());
  const std::string protocols("\x02h2\x08http/1.1");
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()), static_cast<unsigned>(protocols.size()));
  if (SSL_connect(ssl) == 1) {
    X509* certificate = SSL_get1_peer_certificate(ssl);
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), static_cast<int>(name.size()));
    handshake.common_name = name.data();
    X509_free(certificate);
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    handshake.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  close(fd);
  return handshake;
}

int FreePort() {
  const int fd = ListenOn(0);
  const int port = PortOf(fd);
  close(fd);
  return port;
}

Load::Load(int port, std::string host, int clients) : port_(port), host_(std::move(host)) {
  for (int i = 0; i < clients; ++i) threads_.emplace_back([this](std::stop_token stop) { Run(std::move(stop)); });
}

void Load::Stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

std::string Load::FirstFailure() const {
  const std::scoped_lock lock(mutex_);
  return first_failure_;
}

void Load::Run(std::stop_token stop) {
  const auto request = fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host_);
  auto connection = std::make_unique<Connection>(port_);
  while (!stop.stop_requested()) {
    connection->Send(request);
    const Answer answer = connection->Receive();
    if (answer.status == 200) {
      ++good_;
    } else {
      ++failed_;
      const std::scoped_lock lock(mutex_);
      if (first_failure_.empty()) first_failure_ = fmt::format("{} {}", answer.status, answer.text);
    }
    const bool closed = answer.status != 200 || answer.text.find("onnection: close") != std::string::npos;
    if (closed) connection = std::make_unique<Connection>(port_);
  }
}

Rig::Rig(bool proxy_protocol, int pool_size)
    : http_port(FreePort()),
      https_port(FreePort()),
      stats_port(FreePort()),
      proxy_protocol_(proxy_protocol),
      pool_size_(pool_size) {
  std::string pattern = "/tmp/ifp-XXXXXX";
  directory_ = mkdtemp(pattern.data());
}

Rig::~Rig() {
  SendSignal(Haproxy(), SIGTERM);
  const auto id = Haproxy();
  for (int i = 0; i < 200 && IsRunning(id); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  SendSignal(id, SIGKILL);
  std::filesystem::remove_all(directory_);
}

ProcessId Rig::Haproxy() const { return ReadPidFile(directory_ + "/haproxy.pid"); }

EngineOptions Rig::engine_options() const {
  const char* binary = std::getenv("HAPROXY_BIN");
  if (binary == nullptr) throw std::runtime_error("HAPROXY_BIN is not set: see tests/contract/haproxy/README.md");
  EngineOptions options;
  options.binary = binary;
  options.render = {.directory = directory_,
                    .http_port = http_port,
                    .https_port = https_port,
                    .stats_port = stats_port,
                    .proxy_protocol = proxy_protocol_,
                    .ipv6 = false,
                    .drain_seconds = 5,
                    .threads = 2,
                    .max_connections = 1000};
  options.render.settings.pool_size = pool_size_;
  return options;
}

std::unique_ptr<Engine> Rig::NewEngine() const { return std::make_unique<Engine>(engine_options()); }

AgentRig::AgentRig(const Rig& rig) {
  RegisterMetrics(metrics_);
  Options options;
  options.ingress_class = "fleet";
  options.run_directory = rig.directory();
  options.pre_stop_delay_seconds = 0;
  options.drain_seconds = 5;
  AgentEdges edges{
      .has_synced_objects = [] { return true; },
      .has_synced = [] { return true; },
      .set_referenced_secrets = [](const std::vector<ObjectName>&) {},
      .report_status =
          [this](const PodStatus& status) {
            const std::scoped_lock lock(mutex_);
            status_ = status;
          },
      .report_problems = [](const std::vector<Problem>&, const Table<Ingress>&) {},
  };
  agent_ = std::make_unique<Agent>(options, rig.engine_options(), inbox_, edges, base::SystemClock(), metrics_);
}

void AgentRig::Start() {
  thread_ = std::jthread([this](std::stop_token stop) { agent_->Run(std::move(stop)); });
}

void AgentRig::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

PodStatus AgentRig::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

void AddService(Snapshot& snapshot, const std::string& service, const std::vector<int>& ports) {
  fixture::AddObject(snapshot, kube::Object(kube::Json{{"kind", "Service"},
                                                       {"metadata", {{"name", service}, {"namespace", "a"}}},
                                                       {"spec", {{"ports", {{{"port", 80}}}}}}}));
  SetEndpoints(snapshot, service, ports);
}

// Loopback servers differ in their ports, which a slice has only one of: one slice per endpoint.
void SetEndpoints(Snapshot& snapshot, const std::string& service, const std::vector<int>& ports) {
  snapshot.slices.erase("a/" + service);
  for (const int port : ports) {
    fixture::AddObject(snapshot, kube::Object(kube::Json{{"kind", "EndpointSlice"},
                                                         {"metadata",
                                                          {{"name", fmt::format("{}-{}", service, port)},
                                                           {"namespace", "a"},
                                                           {"labels", {{"kubernetes.io/service-name", service}}}}},
                                                         {"ports", {{{"name", ""}, {"port", port}}}},
                                                         {"endpoints", {{{"addresses", {"127.0.0.1"}}}}}}));
  }
}

void AddIngress(Snapshot& snapshot, const std::string& name, const std::string& host, const std::string& service,
                const std::string& path, const std::string& type) {
  kube::Json rule{{"http",
                   {{"paths",
                     {{{"path", path},
                       {"pathType", type},
                       {"backend", {{"service", {{"name", service}, {"port", {{"number", 80}}}}}}}}}}}}};
  if (!host.empty()) rule["host"] = host;
  fixture::AddObject(snapshot, kube::Object(kube::Json{{"kind", "Ingress"},
                                                       {"metadata", {{"name", name}, {"namespace", "a"}}},
                                                       {"spec", {{"ingressClassName", "fleet"}, {"rules", {rule}}}}}));
}

Snapshot WebSnapshot(const std::vector<int>& ports) {
  Snapshot snapshot = fixture::LoadSnapshot("");
  snapshot.live.allowed_source_ranges = {"127.0.0.0/8"};
  AddService(snapshot, "web", ports);
  AddIngress(snapshot, "web", "a.test", "web");
  return snapshot;
}

}  // namespace ingressfleet::agent::rig
