#include "io/prober.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <optional>

namespace ingressfleet::io {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;
using effect::ProbeRequest;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBodyKept = 64 * 1024;
constexpr int kClaimedPort = 50'000;
constexpr int kBurst = 10;

// ------------------------------------------------------------------------------------------------------------- certificates

std::string CommonName(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  char text[256] = {};
  if (X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text)) >= 0) return text;
  X509_NAME_oneline(name, text, sizeof(text));
  return text;
}

std::string AlternativeName(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) {
    const unsigned char* data = ASN1_STRING_get0_data(name.d.dNSName);
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(ASN1_STRING_length(name.d.dNSName))};
  }
  if (name.type != GEN_IPADD) return {};
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(ASN1_STRING_length(name.d.iPAddress) == 16 ? AF_INET6 : AF_INET, ASN1_STRING_get0_data(name.d.iPAddress), text,
            sizeof(text));
  return text;
}

effect::Certificate Describe(X509* certificate) {
  effect::Certificate described;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  for (unsigned int i = 0; i < size; ++i) described.fingerprint += fmt::format("{:02x}", digest[i]);
  described.subject = CommonName(certificate);
  // By names alone: what proxies make for themselves often lacks the right to sign, by which X509_check_issued goes.
  described.self_signed = X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    if (std::string text = AlternativeName(*sk_GENERAL_NAME_value(names, i)); !text.empty())
      described.names.push_back(std::move(text));
  }
  GENERAL_NAMES_free(names);
  std::sort(described.names.begin(), described.names.end());
  return described;
}

// ------------------------------------------------------------------------------------------------------------------ sockets

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> ParseAddress(const std::string& text, int port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(*v4);
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(static_cast<std::uint16_t>(port));
  address.size = sizeof(*v6);
  return address;
}

/// Version 1 of the protocol: haproxy.org/download/3.0/doc/proxy-protocol.txt, 2.1. The destination has to be of the same
/// family and means nothing here.
std::string ProxyHeader(const std::string& source, int port) {
  const bool ipv6 = source.find(':') != std::string::npos;
  return fmt::format("PROXY {} {} {} {} {}\r\n", ipv6 ? "TCP6" : "TCP4", source, ipv6 ? "::1" : "127.0.0.1", kClaimedPort,
                     port);
}

std::string ErrorText(int error) { return std::string(std::strerror(error)); }

/// Nothing that would break out of the request line or the URL.
bool IsSendable(const ProbeRequest& request) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  const auto host_character = [&](char c) {
    return visible(c) && std::string_view("/?#@\\\"<>").find(c) == std::string_view::npos;
  };
  return request.path.starts_with('/') && std::all_of(request.path.begin(), request.path.end(), visible) &&
         std::all_of(request.host.begin(), request.host.end(), host_character);
}

// ----------------------------------------------------------------------------------------------------------------- transfer

/// One question: connects by itself (only so can a PROXY header come before TLS), then hands the connection to curl.
class Transfer {
 public:
  Transfer(const ProbeRequest& request, ProbeAnswer& answer, std::chrono::milliseconds timeout)
      : request_(request), answer_(answer), begin_(Clock::now()), deadline_(begin_ + timeout) {}
  ~Transfer() {
    if (socket_ >= 0) close(socket_);
    curl_slist_free_all(headers_);
    curl_slist_free_all(connect_to_);
    curl_easy_cleanup(easy_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  enum class State { kConnecting, kReady, kFailed };

  State Begin() {
    if (!IsSendable(request_)) return Fail(ProbeError::kConnect, "host or path cannot be sent");
    const auto address = ParseAddress(request_.address, request_.port);
    if (!address) return State::kReady;  // a name: curl looks it up and connects
    socket_ = ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return Fail(ProbeError::kConnect, ErrorText(errno));
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address->storage), address->size) == 0) return Connected();
    return errno == EINPROGRESS ? State::kConnecting : Fail(ProbeError::kConnect, ErrorText(errno));
  }

  /// Call when the socket is writable.
  State Connected() {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Fail(ProbeError::kConnect, ErrorText(error));
    if (request_.source.empty()) return State::kReady;
    // A fresh connection takes these hundred bytes at once.
    const std::string header = ProxyHeader(request_.source, request_.port);
    if (send(socket_, header.data(), header.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(header.size())) return State::kReady;
    return Fail(ProbeError::kClosed, ErrorText(errno));
  }

  State Fail(ProbeError error, std::string detail) {
    answer_.error = error;
    answer_.detail = std::move(detail);
    SetTook();
    return State::kFailed;
  }

  CURL* MakeEasy() {
    easy_ = curl_easy_init();
    own_connection_ = socket_ >= 0;
    SetConnection();
    SetRequest();
    SetTls();
    SetReceiving();
    return easy_;
  }

  void Finish(CURLcode result) {
    SetTook();
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status != 0 && headers_complete_) {
      answer_.error = ProbeError::kNone;
      answer_.status = static_cast<int>(status);
      return;
    }
    answer_.error = result == CURLE_OK ? ProbeError::kClosed : ErrorOf(result);
    answer_.detail = error_text_[0] != 0 ? error_text_ : curl_easy_strerror(result);
  }

  int descriptor() const { return socket_; }
  CURL* easy() const { return easy_; }
  Clock::time_point deadline() const { return deadline_; }

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);
  }

  void SetTook() { answer_.took = std::chrono::duration_cast<base::Duration>(Clock::now() - begin_); }

  void SetConnection() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    Set(CURLOPT_TIMEOUT_MS, std::max<long>(1, left.count()));
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROXY, "");  // whatever the environment says
    Set(CURLOPT_FRESH_CONNECT, 1L);
    Set(CURLOPT_FORBID_REUSE, 1L);
    if (!own_connection_) return;
    const bool ipv6 = request_.address.find(':') != std::string::npos;
    connect_to_ = curl_slist_append(
        nullptr, fmt::format(fmt::runtime(ipv6 ? "::[{}]:{}" : "::{}:{}"), request_.address, request_.port).c_str());
    Set(CURLOPT_CONNECT_TO, connect_to_);
    Set(CURLOPT_OPENSOCKETFUNCTION, &HandOver);
    Set(CURLOPT_OPENSOCKETDATA, this);
    Set(CURLOPT_SOCKOPTFUNCTION, &SayConnected);
  }

  // The port is left out where we connected ourselves: clients of the entry do not send one.
  std::string Url() const {
    const std::string& host = request_.host.empty() ? request_.address : request_.host;
    const bool ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
    return fmt::format("{}://{}{}{}", request_.tls ? "https" : "http", ipv6 ? "[" + host + "]" : host,
                       own_connection_ ? "" : fmt::format(":{}", request_.port), request_.path);
  }

  void SetRequest() {
    Set(CURLOPT_URL, Url().c_str());
    Set(CURLOPT_PATH_AS_IS, 1L);
    Set(CURLOPT_FOLLOWLOCATION, 0L);
    Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    Set(CURLOPT_USERAGENT, "ingressfleet-probe/" INGRESSFLEET_VERSION);
    if (request_.method == "HEAD") {
      Set(CURLOPT_NOBODY, 1L);
    } else if (request_.method != "GET") {
      Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
    for (const auto& [name, value] : request_.headers)
      headers_ = curl_slist_append(headers_, fmt::format("{}: {}", name, value).c_str());
    Set(CURLOPT_HTTPHEADER, headers_);
  }

  void SetTls() {
    Set(CURLOPT_SSL_VERIFYPEER, 0L);
    Set(CURLOPT_SSL_VERIFYHOST, 0L);
    // Nobody is verified, and reading the system's authorities for each connection costs more than the question.
    Set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    Set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // a resumed session shows no certificate
    Set(CURLOPT_SSL_CTX_FUNCTION, &WatchCertificate);
    Set(CURLOPT_SSL_CTX_DATA, this);
  }

  void SetReceiving() {
    Set(CURLOPT_HEADERFUNCTION, &TakeHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_WRITEFUNCTION, &TakeBody);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_ERRORBUFFER, error_text_);
    Set(CURLOPT_PRIVATE, this);
  }

  ProbeError ErrorOf(CURLcode result) const {
    switch (result) {
      case CURLE_COULDNT_CONNECT:
      case CURLE_COULDNT_RESOLVE_HOST: return ProbeError::kConnect;
      case CURLE_SSL_CONNECT_ERROR:
      case CURLE_SSL_CIPHER:
      case CURLE_PEER_FAILED_VERIFICATION: return ProbeError::kTls;
      case CURLE_OPERATION_TIMEDOUT: {
        curl_off_t connected = 0;
        curl_easy_getinfo(easy_, CURLINFO_CONNECT_TIME_T, &connected);
        return own_connection_ || connected > 0 ? ProbeError::kTimeout : ProbeError::kConnect;
      }
      default: return ProbeError::kClosed;
    }
  }

  static curl_socket_t HandOver(void* self, curlsocktype, curl_sockaddr*) {
    return std::exchange(static_cast<Transfer*>(self)->socket_, CURL_SOCKET_BAD);
  }
  static int SayConnected(void*, curl_socket_t, curlsocktype) { return CURL_SOCKOPT_ALREADY_CONNECTED; }

  // OpenSSL asks this instead of verifying, also where the answer does not matter.
  static CURLcode WatchCertificate(CURL*, void* context, void* self) {
    SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), &TakeCertificate, self);
    return CURLE_OK;
  }
  static int TakeCertificate(X509_STORE_CTX* store, void* self) {
    if (X509* certificate = X509_STORE_CTX_get0_cert(store))
      static_cast<Transfer*>(self)->answer_.certificate = Describe(certificate);
    return 1;
  }

  static std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* self) {
    static_cast<Transfer*>(self)->AddHeader({data, size});
    return size;
  }
  void AddHeader(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    headers_complete_ = line.empty();
    if (line.starts_with("HTTP/")) answer_.headers.clear();  // of an informational answer before this one
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    line.remove_prefix(colon + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    answer_.headers[name] = line;
  }

  /// Less than was given ends the transfer: all that is wanted is there.
  static std::size_t TakeBody(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Transfer*>(self)->AddBody({data, size});
  }
  std::size_t AddBody(std::string_view data) {
    if (!request_.keep_body) return 0;
    const std::size_t room = kBodyKept - answer_.body.size();
    answer_.body += data.substr(0, room);
    return data.size() <= room ? data.size() : 0;
  }

  const ProbeRequest& request_;
  ProbeAnswer& answer_;
  const Clock::time_point begin_;
  const Clock::time_point deadline_;
  int socket_ = -1;  ///< -1 once curl owns it
  bool own_connection_ = false;
  bool headers_complete_ = false;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  char error_text_[CURL_ERROR_SIZE] = {};
};

// ---------------------------------------------------------------------------------------------------------------------- ask

/// All transfers of one Ask, on the calling thread.
class Round {
 public:
  Round(const ProberOptions& options, std::function<Clock::time_point()> book, std::stop_token stop)
      : options_(options), book_(std::move(book)), stop_(std::move(stop)), multi_(curl_multi_init()) {}
  ~Round() {
    for (const auto& transfer : running_) {
      if (transfer->easy() != nullptr) curl_multi_remove_handle(multi_, transfer->easy());
    }
    running_.clear();
    curl_multi_cleanup(multi_);
  }
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;

  std::vector<ProbeAnswer> Run(const std::vector<ProbeRequest>& requests) {
    std::vector<ProbeAnswer> answers(requests.size());
    std::stop_callback wake(stop_, [this] { curl_multi_wakeup(multi_); });
    std::size_t next = 0;
    while (!stop_.stop_requested() && (next < requests.size() || !running_.empty())) {
      while (next < requests.size() && MayBegin()) {
        Begin(requests[next], answers[next]);
        ++next;
      }
      Wait(next < requests.size());
      Harvest();
    }
    return answers;
  }

 private:
  using TransferPtr = std::unique_ptr<Transfer>;

  bool MayBegin() {
    if (running_.size() >= options_.concurrency) return false;
    if (!booked_) booked_ = book_();
    return *booked_ <= Clock::now();
  }

  void Begin(const ProbeRequest& request, ProbeAnswer& answer) {
    booked_.reset();
    auto transfer = std::make_unique<Transfer>(request, answer, options_.timeout);
    const Transfer::State state = transfer->Begin();
    if (state == Transfer::State::kFailed) return;
    if (state == Transfer::State::kReady) curl_multi_add_handle(multi_, transfer->MakeEasy());
    running_.push_back(std::move(transfer));
  }

  void Wait(bool more) {
    std::vector<curl_waitfd> sockets;
    auto until = Clock::now() + std::chrono::seconds(1);
    for (const TransferPtr& transfer : running_) {
      if (transfer->easy() != nullptr) continue;
      sockets.push_back({transfer->descriptor(), CURL_WAIT_POLLOUT, 0});
      until = std::min(until, transfer->deadline());
    }
    if (more && booked_) until = std::min(until, *booked_);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    int still_running = 0;
    curl_multi_perform(multi_, &still_running);
    curl_multi_poll(multi_, sockets.data(), static_cast<unsigned>(sockets.size()),
                    static_cast<int>(std::max<long>(0, left.count())), nullptr);
    curl_multi_perform(multi_, &still_running);
    for (const curl_waitfd& socket : sockets) Connect(socket);
  }

  void Connect(const curl_waitfd& socket) {
    const auto found = std::find_if(running_.begin(), running_.end(), [&](const TransferPtr& transfer) {
      return transfer->easy() == nullptr && transfer->descriptor() == socket.fd;
    });
    Transfer& transfer = **found;
    Transfer::State state = Transfer::State::kConnecting;
    if (socket.revents != 0) {
      state = transfer.Connected();
    } else if (transfer.deadline() <= Clock::now()) {
      state = transfer.Fail(ProbeError::kConnect, "timed out");
    }
    if (state == Transfer::State::kReady) curl_multi_add_handle(multi_, transfer.MakeEasy());
    if (state == Transfer::State::kFailed) running_.erase(found);
  }

  void Harvest() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode result = message->data.result;
      const auto found =
          std::find_if(running_.begin(), running_.end(), [&](const TransferPtr& transfer) { return transfer->easy() == easy; });
      (*found)->Finish(result);
      curl_multi_remove_handle(multi_, easy);
      running_.erase(found);
    }
  }

  const ProberOptions& options_;
  const std::function<Clock::time_point()> book_;
  const std::stop_token stop_;
  CURLM* multi_;
  std::optional<Clock::time_point> booked_;
  std::list<TransferPtr> running_;
};

}  // namespace

Prober::Prober(ProberOptions options) : options_(options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::vector<ProbeAnswer> Prober::Ask(const std::vector<ProbeRequest>& requests, std::stop_token stop) {
  return Round(
             options_, [this] { return Book(); }, std::move(stop))
      .Run(requests);
}

std::chrono::steady_clock::time_point Prober::Book() {
  const auto gap = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / options_.rate_per_second));
  const std::lock_guard lock(mutex_);
  // Who was late may catch up a little: a sleep always lasts longer than it should.
  const auto begin = std::max(next_begin_, Clock::now() - kBurst * gap);
  next_begin_ = begin + gap;
  return begin;
}

}  // namespace ingressfleet::io
