#pragma once
// An HTTP and an HTTPS server on one loopback address, as a slot of a tier is: scripted answers, a PROXY header if it is told
// to expect one.

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace ingressfleet::testing {

class ProbeServer {
 public:
  struct Request {
    bool tls = false;
    std::string source;  ///< of the PROXY header, or of the connection
    std::string line;    ///< "GET / HTTP/1.1"
    std::string host;
    std::string sni;
    std::string head;  ///< all of it
  };
  struct Reply {
    int status = 200;  ///< 0 = the connection is closed without an answer
    std::map<std::string, std::string> headers;
    std::string body;
    std::chrono::milliseconds delay{0};
  };
  using Handler = std::function<Reply(const Request&)>;

  struct Options {
    std::string address = "127.0.0.1";
    int http_port = 0;  ///< 0 = any
    int https_port = 0;
    bool expects_proxy = false;  ///< a connection without the header is closed
    std::string common_name = "probe.test";
    std::string issuer;  ///< empty = self-signed
  };

  /// `handler` is called on many threads.
  ProbeServer(Options options, Handler handler);
  ~ProbeServer();
  ProbeServer(const ProbeServer&) = delete;
  ProbeServer& operator=(const ProbeServer&) = delete;

  int http_port() const { return http_.port; }
  int https_port() const { return https_.port; }
  std::size_t requests() const { return requests_; }
  std::size_t most_at_once() const { return most_; }

 private:
  struct Listener {
    int descriptor = -1;
    int port = 0;
    bool tls = false;
  };
  Listener Listen(int port, bool tls) const;
  void Accept(const Listener& listener, const std::stop_token& stop);
  void Serve(int connection, bool tls);
  void Answer(Request& request, const std::function<int(char*, int)>& read,
              const std::function<void(const std::string&)>& write);

  const Options options_;
  const Handler handler_;
  SSL_CTX* context_;
  Listener http_, https_;
  std::atomic<std::size_t> requests_ = 0, open_ = 0, most_ = 0;
  std::mutex mutex_;
  std::list<std::jthread> connections_;
  std::jthread accepting_http_, accepting_https_;
};

}  // namespace ingressfleet::testing
