#pragma once
// A real HAProxy on loopback, driven by the Engine or the whole Agent, with web servers behind it and clients before it.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "haproxy/engine.h"
#include "io/metrics.h"
#include "model/snapshot.h"
#include "run/agent.h"

namespace ingressfleet::agent::rig {

/// A web server on 127.0.0.1 that answers with its name and the request it got. `Upgrade: websocket` turns a connection into an
/// echo. "/slow" takes 300 ms.
class WebServer {
 public:
  explicit WebServer(std::string name);
  ~WebServer() { Stop(); }
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  int port() const { return port_; }
  std::uint64_t requests() const { return requests_; }
  void Stop();

 private:
  void Accept(std::stop_token stop);
  void Serve(int fd);

  std::string name_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<std::uint64_t> requests_{0};
  std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::jthread> threads_;
};

/// A port of a machine that is gone: connections to it are neither taken nor refused.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  int port() const { return port_; }

 private:
  std::vector<int> fds_;
  int port_ = 0;
};

struct Answer {
  int status = 0;    ///< 0 = no answer
  std::string text;  ///< all of it, head and body
};

/// A client connection.
class Connection {
 public:
  explicit Connection(int port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(const std::string& raw);
  /// One answer with Content-Length, or what arrives until the end of the connection.
  Answer Receive();
  /// Whatever arrives next; empty at the end.
  std::string ReceiveSome();

 private:
  int fd_;
  std::string rest_;
};

/// One GET over a fresh connection.
Answer Get(int port, const std::string& host, const std::string& path, const std::string& headers = "");
/// The common name of the certificate that a client gets for `server_name` (empty = without SNI), and the protocol chosen by
/// ALPN.
struct Handshake {
  std::string common_name;
  std::string protocol;
};
Handshake Shake(int port, const std::string& server_name);

int FreePort();

/// Clients that repeat a keep-alive GET as fast as they can, and count.
class Load {
 public:
  Load(int port, std::string host, int clients);
  ~Load() { Stop(); }
  void Stop();
  std::uint64_t good() const { return good_; }
  std::uint64_t failed() const { return failed_; }
  std::string FirstFailure() const;

 private:
  void Run(std::stop_token stop);

  int port_;
  std::string host_;
  std::atomic<std::uint64_t> good_{0}, failed_{0};
  mutable std::mutex mutex_;
  std::string first_failure_;
  std::vector<std::jthread> threads_;
};

/// A run directory and ports of its own; HAProxy is killed at the end.
class Rig {
 public:
  explicit Rig(bool proxy_protocol = false, int pool_size = 32);
  ~Rig();

  /// An Engine over the same directory, as an agent has after its start.
  std::unique_ptr<Engine> NewEngine() const;
  EngineOptions engine_options() const;
  const std::string& directory() const { return directory_; }
  ProcessId Haproxy() const;

  int http_port, https_port, stats_port;

 private:
  std::string directory_;
  bool proxy_protocol_;
  int pool_size_;
};

/// A whole Agent on its thread, fed by hand. Its end drains HAProxy, as SIGTERM does.
class AgentRig {
 public:
  explicit AgentRig(const Rig& rig);
  ~AgentRig() { Stop(); }
  void Start();
  void Stop();
  void Put(Change change) { inbox_.Put(std::move(change)); }
  const Agent& agent() const { return *agent_; }
  PodStatus status() const;

 private:
  io::Metrics metrics_;
  Inbox inbox_;
  mutable std::mutex mutex_;
  PodStatus status_;
  std::unique_ptr<Agent> agent_;
  std::jthread thread_;
};

/// Fills a Snapshot as an informer would: a Service "web" with these endpoints behind host "a.test" (Prefix /).
Snapshot WebSnapshot(const std::vector<int>& ports);
void SetEndpoints(Snapshot& snapshot, const std::string& service, const std::vector<int>& ports);
void AddService(Snapshot& snapshot, const std::string& service, const std::vector<int>& ports);
void AddIngress(Snapshot& snapshot, const std::string& name, const std::string& host, const std::string& service,
                const std::string& path = "/", const std::string& type = "Prefix");

}  // namespace ingressfleet::agent::rig
