// The only file that knows cpprestsdk. What the library does and does not do, and why it stands behind a seam, is in
// docs/adr/0001-api-transport.md; each setting below answers one line of that table.

#define _TURN_OFF_PLATFORM_STRING  // cpprest's macro U breaks other headers
#include <cpprest/http_client.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

#include "io/kubeconfig.h"
#include "io/line_splitter.h"
#include "io/transport.h"
#include "kube/api_status.h"

namespace ingressfleet::io {
namespace {

using web::http::http_headers;
using web::http::http_request;
using web::http::http_response;
using web::http::client::http_client;
using web::http::client::http_client_config;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

constexpr int kPoolThreads = 4;
constexpr auto kTokenMaxAge = std::chrono::minutes(1);

struct StoreDeleter {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
using StorePtr = std::unique_ptr<X509_STORE, StoreDeleter>;

/// All certificates of a PEM bundle as trust anchors; nullptr when there is none.
StorePtr ReadTrust(const std::string& pem) {
  StorePtr store(X509_STORE_new());
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  int count = 0;
  while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(store.get(), certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // the end of the bundle is reported as an error
  return count > 0 ? std::move(store) : nullptr;
}

/// A certificate and a key that belong together, judged before the first connection so that the error is precise.
base::Status CheckClientCertificate(const Connection& connection) {
  if (connection.client_certificate_pem.empty()) return {};
  try {
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
    context.use_certificate_chain(boost::asio::buffer(connection.client_certificate_pem));
    context.use_private_key(boost::asio::buffer(connection.client_key_pem), boost::asio::ssl::context::pem);
  } catch (const boost::system::system_error& error) {
    return base::Fail(base::Code::kInvalid, fmt::format("client certificate and key: {}", error.code().message()));
  }
  return {};
}

/// The bearer token: given once, or read from a file that rotates.
class TokenSource {
 public:
  explicit TokenSource(const Connection& connection) : token_(connection.token), file_(connection.token_file) {}

  std::string Get() {
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!file_.empty() && (!read_ || now - read_at_ >= kTokenMaxAge)) {
      read_at_ = now;
      // A file that cannot be read now keeps the token of before: it may still be good for most of an hour.
      if (std::string text = ReadTrimmed(); !text.empty()) token_ = std::move(text);
      read_ = true;
    }
    return token_;
  }

  /// The server refused the token: look at the file again before the next request.
  void Expire() {
    const std::scoped_lock lock(mutex_);
    read_ = false;
  }

 private:
  std::string ReadTrimmed() const {
    std::ifstream file(file_);
    std::stringstream text;
    text << file.rdbuf();
    std::string token = text.str();
    token.erase(token.find_last_not_of(" \r\n\t") + 1);
    return token;
  }

  std::mutex mutex_;
  std::string token_;
  const std::string file_;
  bool read_ = false;
  std::chrono::steady_clock::time_point read_at_;
};

/// Lets the kernel notice a peer that vanished without a word (a watch is silent for minutes, so silence proves
/// nothing). cpprest calls this before it connects; the socket can only be opened here when the address family is
/// known.
void DetectDeadPeer(boost::asio::ip::tcp::socket& socket, bool opens_ipv4) {
  boost::system::error_code ignored;  // a connection without keep-alive still works
  if (!socket.is_open() && opens_ipv4) socket.open(boost::asio::ip::tcp::v4(), ignored);
  if (!socket.is_open()) return;
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  const auto set = [&socket](int option, int value) {
    setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof(value));
  };
  set(TCP_KEEPIDLE, 15);
  set(TCP_KEEPINTVL, 5);
  set(TCP_KEEPCNT, 4);
  set(TCP_USER_TIMEOUT, 35'000);
}

base::Error ErrorOf(const web::http::http_exception& error, const std::string& server, const std::stop_token& stop) {
  if (stop.stop_requested()) return {base::Code::kCanceled, "stopped"};
  // The codes are inaccurate but for these two.
  switch (error.error_code().value()) {
    case ETIMEDOUT: return {base::Code::kTimeout, fmt::format("{}: no answer in time", server)};
    case ECANCELED: return {base::Code::kUnavailable, fmt::format("{}: the connection was closed", server)};
    default: return {base::Code::kUnavailable, fmt::format("{}: {}", server, error.what())};
  }
}

base::Status ReadLines(const http_response& response, const std::function<void(std::string_view)>& on_line,
                       const std::string& server, const std::stop_token& stop) {
  auto buffer = response.body().streambuf();
  LineSplitter splitter(on_line);
  std::string chunk;
  while (!stop.stop_requested()) {
    // One byte waits for whatever comes next; the rest of what came is then taken at once. Never on a pplx thread.
    const auto first = buffer.bumpc().get();
    if (first == concurrency::streams::char_traits<uint8_t>::eof()) break;
    chunk.resize(1 + buffer.in_avail());
    chunk[0] = static_cast<char>(first);
    if (chunk.size() > 1) {
      chunk.resize(1 + buffer.getn(reinterpret_cast<uint8_t*>(&chunk[1]), chunk.size() - 1).get());
    }
    splitter.Feed(chunk);
  }
  if (stop.stop_requested()) return base::Fail(base::Code::kCanceled, "stopped");
  response.content_ready().get();  // throws what broke the stream
  if (splitter.InsideLine()) {
    return base::Fail(base::Code::kUnavailable, fmt::format("{}: the stream ended inside a line", server));
  }
  return {};
}

int RetryAfterOf(const http_response& response) {
  std::string text;
  if (!response.headers().match("Retry-After", text)) return 0;
  return std::max(0, std::atoi(text.c_str()));  // the form with a date is not used by the API server
}

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(const Connection& connection, StorePtr trust)
      : server_(connection.server), tokens_(connection), config_(MakeConfig(connection, std::move(trust))) {}

  base::Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop) override {
    try {
      pplx::cancellation_token_source cancel;
      const std::stop_callback bridge(stop, [&cancel] { cancel.cancel(); });
      const http_response answer = ClientFor(request).request(MakeRequest(request), cancel.get_token()).get();
      NoteStatus(answer.status_code());
      HttpResponse response{answer.status_code(), {}, RetryAfterOf(answer)};
      response.body = answer.extract_utf8string(/*ignore_content_type=*/true).get();
      return response;
    } catch (const web::http::http_exception& error) {
      return base::Fail(ErrorOf(error, server_, stop));
    } catch (const std::exception& error) {
      return base::Fail(Unexpected(error, stop));
    }
  }

  base::Status Stream(const HttpRequest& request, const std::function<void(std::string_view)>& on_line,
                      std::stop_token stop) override {
    try {
      pplx::cancellation_token_source cancel;
      const std::stop_callback bridge(stop, [&cancel] { cancel.cancel(); });
      const http_response answer = ClientFor(request).request(MakeRequest(request), cancel.get_token()).get();
      NoteStatus(answer.status_code());
      if (answer.status_code() == web::http::status_codes::OK) return ReadLines(answer, on_line, server_, stop);
      const std::string body = answer.extract_utf8string(/*ignore_content_type=*/true).get();
      return base::Fail(kube::ErrorFromResponse(answer.status_code(), body, RetryAfterOf(answer)));
    } catch (const web::http::http_exception& error) {
      return base::Fail(ErrorOf(error, server_, stop));
    } catch (const std::exception& error) {
      return base::Fail(Unexpected(error, stop));
    }
  }

 private:
  static http_client_config MakeConfig(const Connection& connection, StorePtr trust) {
    const web::uri base(connection.server);
    boost::system::error_code no_address;
    const bool is_ipv4 = boost::asio::ip::make_address(base.host(), no_address).is_v4() && !no_address;
    const bool is_https = base.scheme() == "https";
    http_client_config config;
    config.set_max_redirects(0);  // it would copy the Authorization header to wherever the answer points
    config.set_validate_certificates(!connection.insecure_skip_verify);
    config.set_tlsext_sni_enabled(!is_ipv4);
    config.set_nativehandle_options([is_ipv4, is_https](web::http::client::native_handle handle) {
      DetectDeadPeer(
          is_https ? static_cast<TlsStream*>(handle)->next_layer() : *static_cast<boost::asio::ip::tcp::socket*>(handle),
          is_ipv4);
    });
    config.set_ssl_context_callback([trust = std::shared_ptr<X509_STORE>(std::move(trust)),
                                     certificate = connection.client_certificate_pem,
                                     key = connection.client_key_pem](boost::asio::ssl::context& context) {
      SSL_CTX* const native = context.native_handle();
      SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
      if (trust) SSL_CTX_set1_cert_store(native, trust.get());  // instead of the system's authorities
      if (certificate.empty()) return;
      context.use_certificate_chain(boost::asio::buffer(certificate));
      context.use_private_key(boost::asio::buffer(key), boost::asio::ssl::context::pem);
    });
    return config;
  }

  /// cpprest's timeout belongs to a client, ours to a request: one client (and connection pool) per timeout in use.
  http_client ClientFor(const HttpRequest& request) {
    const std::scoped_lock lock(mutex_);
    const auto found = clients_.find(request.idle_timeout);
    if (found != clients_.end()) return found->second;
    http_client_config config = config_;
    config.set_timeout(request.idle_timeout);
    return clients_.emplace(request.idle_timeout, http_client(web::uri(server_), config)).first->second;
  }

  http_request MakeRequest(const HttpRequest& request) {
    http_request message(request.method);
    message.set_request_uri(web::uri(request.path));
    http_headers& headers = message.headers();
    headers.add("Accept", "application/json");
    headers.add("User-Agent", "ingressfleet/" INGRESSFLEET_VERSION);
    if (const std::string token = tokens_.Get(); !token.empty()) headers.add("Authorization", "Bearer " + token);
    if (!request.content_type.empty()) message.set_body(request.body, request.content_type);
    return message;
  }

  void NoteStatus(int status) {
    if (status == web::http::status_codes::Unauthorized) tokens_.Expire();
  }

  /// Bad addresses and the like: cpprest throws more than its http_exception.
  base::Error Unexpected(const std::exception& error, const std::stop_token& stop) const {
    if (stop.stop_requested()) return {base::Code::kCanceled, "stopped"};
    return {base::Code::kUnavailable, fmt::format("{}: {}", server_, error.what())};
  }

  const std::string server_;
  TokenSource tokens_;
  const http_client_config config_;
  std::mutex mutex_;
  std::map<std::chrono::milliseconds, http_client> clients_;
};

}  // namespace

void InitTransport() {
  static std::once_flag once;
  std::call_once(once, [] {
    crossplat::threadpool::initialize_with_threads(kPoolThreads);
    // cpprest loads the system's authorities for each connection before we replace them: 40–75 ms of CPU for nothing.
    setenv("SSL_CERT_FILE", "/dev/null", /*overwrite=*/0);
  });
}

base::Result<std::shared_ptr<Transport>> MakeTransport(const Connection& connection) {
  const bool is_https = connection.server.starts_with("https://");
  if (!is_https && !connection.server.starts_with("http://")) {
    return base::Fail(base::Code::kInvalid, fmt::format("\"{}\" is not the address of a server", connection.server));
  }
  if (connection.server.find("://[") != std::string::npos) {
    return base::Fail(
        base::Code::kInvalid,
        fmt::format("{}: an IPv6 address is not supported by the HTTP library, use a host name", connection.server));
  }
  StorePtr trust = ReadTrust(connection.ca_pem);
  if (is_https && !trust && !connection.insecure_skip_verify) {
    return base::Fail(base::Code::kInvalid, fmt::format("{}: no certificate of an authority to trust", connection.server));
  }
  if (auto checked = CheckClientCertificate(connection); !checked) return base::Fail(checked.error());
  InitTransport();
  try {
    return std::make_shared<CpprestTransport>(connection, std::move(trust));
  } catch (const std::exception& error) {
    return base::Fail(base::Code::kInvalid, fmt::format("{}: {}", connection.server, error.what()));
  }
}

}  // namespace ingressfleet::io
