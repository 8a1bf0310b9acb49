#include "support/probe_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

namespace ingressfleet::testing {
namespace {

void SetName(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
}

/// Signed with its own key in any case: nobody verifies it.
SSL_CTX* MakeContext(const ProbeServer::Options& options) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  static std::atomic<long> serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_set_version(certificate, 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  SetName(X509_get_subject_name(certificate), options.common_name);
  X509_NAME* issuer = X509_NAME_new();
  SetName(issuer, options.issuer.empty() ? options.common_name : options.issuer);
  X509_set_issuer_name(certificate, issuer);
  X509_NAME_free(issuer);
  const std::string names = "DNS:" + options.common_name + ",IP:192.0.2.1";
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

std::string HeaderOf(const std::string& head, const std::string& name) {
  const auto begin = head.find("\r\n" + name + ": ");
  if (begin == std::string::npos) return {};
  const auto value = begin + name.size() + 4;
  return head.substr(value, head.find("\r\n", value) - value);
}

/// The first line from the socket itself, byte by byte: what follows may be TLS. Empty unless it is a PROXY header.
std::string ReadProxyLine(int connection) {
  std::string line;
  for (char c; line.size() < 108 && recv(connection, &c, 1, 0) == 1;) {
    line += c;
    if (line.size() == 6 && line != "PROXY ") return {};
    if (c == '\n') return line;
  }
  return {};
}

std::string Render(const ProbeServer::Reply& reply) {
  std::string text =
      fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n", reply.status, reply.body.size());
  for (const auto& [name, value] : reply.headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n" + reply.body;
}

}  // namespace

ProbeServer::ProbeServer(Options options, Handler handler)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      context_(MakeContext(options_)),
      http_(Listen(options_.http_port, false)),
      https_(Listen(options_.https_port, true)) {
  // Either side may go away in the middle of TLS, and OpenSSL knows no MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  accepting_http_ = std::jthread([this](const std::stop_token& stop) { Accept(http_, stop); });
  accepting_https_ = std::jthread([this](const std::stop_token& stop) { Accept(https_, stop); });
}

ProbeServer::~ProbeServer() {
  accepting_http_ = {};
  accepting_https_ = {};
  connections_.clear();
  close(http_.descriptor);
  close(https_.descriptor);
  SSL_CTX_free(context_);
}

ProbeServer::Listener ProbeServer::Listen(int port, bool tls) const {
  Listener listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0, tls};
  const int one = 1;
  setsockopt(listener.descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, options_.address.c_str(), &address.sin_addr);
  if (bind(listener.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.descriptor, 512) != 0) {
    throw std::runtime_error(fmt::format("listen on {}:{}", options_.address, port));
  }
  socklen_t size = sizeof(address);
  getsockname(listener.descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  listener.port = ntohs(address.sin_port);
  return listener;
}

void ProbeServer::Accept(const Listener& listener, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{listener.descriptor, POLLIN, 0};
    if (poll(&waiting, 1, 20) != 1) continue;
    const int connection = accept4(listener.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const timeval limit{10, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    const std::lock_guard lock(mutex_);
    connections_.emplace_back([this, connection, tls = listener.tls] {
      most_ = std::max<std::size_t>(most_, ++open_);
      Serve(connection, tls);
      --open_;
      close(connection);
    });
  }
}

void ProbeServer::Serve(int connection, bool tls) {
  Request request;
  request.tls = tls;
  request.source = "127.0.0.1";
  if (options_.expects_proxy) {
    std::istringstream line(ReadProxyLine(connection));
    std::string proxy, family;
    if (!(line >> proxy >> family >> request.source)) return;
  }
  if (!tls) {
    Answer(
        request,
        [&](char* data, int size) { return static_cast<int>(recv(connection, data, static_cast<std::size_t>(size), 0)); },
        [&](const std::string& text) { (void)!send(connection, text.data(), text.size(), MSG_NOSIGNAL); });
    return;
  }
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, connection);
  if (SSL_accept(ssl) == 1) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    request.sni = name == nullptr ? "" : name;
    Answer(
        request, [&](char* data, int size) { return SSL_read(ssl, data, size); },
        [&](const std::string& text) { SSL_write(ssl, text.data(), static_cast<int>(text.size())); });
  }
  SSL_free(ssl);
}

void ProbeServer::Answer(Request& request, const std::function<int(char*, int)>& read,
                         const std::function<void(const std::string&)>& write) {
  char buffer[4096];
  while (request.head.find("\r\n\r\n") == std::string::npos) {
    const int size = read(buffer, sizeof(buffer));
    if (size <= 0) return;
    request.head.append(buffer, static_cast<std::size_t>(size));
  }
  request.line = request.head.substr(0, request.head.find("\r\n"));
  request.host = HeaderOf(request.head, "Host");
  ++requests_;
  const Reply reply = handler_(request);
  std::this_thread::sleep_for(reply.delay);
  if (reply.status != 0) write(Render(reply));
}

}  // namespace ingressfleet::testing
