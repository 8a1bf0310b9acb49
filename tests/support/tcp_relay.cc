#include "support/tcp_relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace ingressfleet::testing {
namespace {

constexpr int kTickMilliseconds = 5;

sockaddr_in AddressOf(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

/// False when the connection is at its end.
bool Copy(int from, int to) {
  char buffer[65536];
  const ssize_t size = recv(from, buffer, sizeof(buffer), 0);
  for (ssize_t sent = 0; sent < size;) {
    const ssize_t part = send(to, buffer + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
    if (part <= 0) return false;
    sent += part;
  }
  return size > 0;
}

}  // namespace

TcpRelay::TcpRelay(std::string host, int port, const std::string& listen_address)
    : host_(std::move(host)), server_port_(port), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = AddressOf(listen_address, 0);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, any, size) != 0 || listen(listener_, 16) != 0) return;
  getsockname(listener_, any, &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this](std::stop_token stop) { Accept(std::move(stop)); });
}

TcpRelay::~TcpRelay() {
  accepting_.request_stop();
  if (accepting_.joinable()) accepting_.join();
  pumps_.clear();
  close(listener_);
}

void TcpRelay::Accept(std::stop_token stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{listener_, POLLIN, 0};
    if (mode_ == Mode::kFrozen || poll(&waiting, 1, kTickMilliseconds) != 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    const int client = accept(listener_, nullptr, nullptr);
    pumps_.emplace_back([this, client](std::stop_token end) { Pump(client, end); });
  }
}

void TcpRelay::Pump(int client, const std::stop_token& stop) const {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = AddressOf(host_, server_port_);
  bool open = mode_ != Mode::kCut && connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  while (open && mode_ != Mode::kCut && !stop.stop_requested()) {
    if (mode_ == Mode::kFrozen) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMilliseconds));
      continue;
    }
    pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    poll(ends, 2, kTickMilliseconds);
    if (ends[0].revents != 0) open = Copy(client, server);
    if (open && ends[1].revents != 0) open = Copy(server, client);
  }
  close(client);
  close(server);
}

}  // namespace ingressfleet::testing
