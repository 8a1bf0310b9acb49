#pragma once
// A wire between a client and a real server that a test can cut or freeze. On 127.0.0.1, any free port.

#include <atomic>
#include <list>
#include <string>
#include <thread>

namespace ingressfleet::testing {

class TcpRelay {
 public:
  /// `host` is an IPv4 address.
  TcpRelay(std::string host, int port, const std::string& listen_address = "127.0.0.1");
  ~TcpRelay();

  int port() const { return port_; }
  /// All connections break and new ones are closed at once.
  void Cut() { mode_ = Mode::kCut; }
  /// Connections stay, bytes do not move.
  void Freeze() { mode_ = Mode::kFrozen; }
  void Heal() { mode_ = Mode::kOpen; }

 private:
  enum class Mode { kOpen, kCut, kFrozen };
  void Accept(std::stop_token stop);
  void Pump(int client, const std::stop_token& stop) const;

  const std::string host_;
  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<Mode> mode_ = Mode::kOpen;
  std::list<std::jthread> pumps_;
  std::jthread accepting_;
};

}  // namespace ingressfleet::testing
