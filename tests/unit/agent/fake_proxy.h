#pragma once
// A stand-in for HAProxy that knows its rules: what a command may do is checked here independently of agent::Apply.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "proxy/command.h"
#include "proxy/state.h"

namespace ingressfleet::agent {

class FakeProxy {
 public:
  explicit FakeProxy(int pool_size) { state_.pool_size = pool_size; }

  void Execute(const Command& command) {
    Server* server = FindServer(command);
    switch (command.verb) {
      case Verb::kAddServer:
        ASSERT_EQ(server, nullptr) << "there is one of that name: " << command.ToString();
        ASSERT_LT(command.member, state_.pool_size);
        servers_[{command.member, command.slot}] = {command.value, true, 0};
        return;
      case Verb::kMoveServer:
        ASSERT_NE(server, nullptr);
        ASSERT_FALSE(server->ready) << "a ready server is moved: " << command.ToString();
        ASSERT_EQ(server->running, 0) << "a server with running requests is moved: " << command.ToString();
        *server = {command.value, true, 0};
        return;
      case Verb::kReadyServer:
        ASSERT_NE(server, nullptr);
        server->ready = true;
        return;
      case Verb::kMaintServer:
        ASSERT_NE(server, nullptr);
        ASSERT_TRUE(server->ready);
        server->ready = false;
        return;
      case Verb::kAddRoute:
        ASSERT_TRUE(routes_.emplace(command.key, command.value).second) << "a duplicate key: " << command.key;
        CheckLeads(command);
        return;
      case Verb::kSetRoute:
        ASSERT_TRUE(routes_.contains(command.key)) << "no such key: " << command.key;
        routes_[command.key] = command.value;
        CheckLeads(command);
        return;
      case Verb::kDeleteRoute: ASSERT_EQ(routes_.erase(command.key), 1U) << "no such key: " << command.key; return;
      case Verb::kNameMember: ASSERT_TRUE(names_.emplace(command.member, command.value).second); return;
      case Verb::kUnnameMember: ASSERT_EQ(names_.erase(command.member), 1U); return;
      case Verb::kAddCertificate: ASSERT_TRUE(certificates_.emplace(command.key, command.items).second); return;
      case Verb::kUpdateCertificate: ASSERT_TRUE(certificates_.contains(command.key)); return;
      case Verb::kDeleteCertificate: ASSERT_EQ(certificates_.erase(command.key), 1U); return;
      case Verb::kSetAllowed:
      case Verb::kSetTrusted:
      case Verb::kSetProbes: return;
    }
  }

  /// Requests that run on the servers that are ready now.
  void StartRequests() {
    for (auto& [name, server] : servers_) server.running += server.ready ? 1 : 0;
  }
  void EndRequests() {
    for (auto& [name, server] : servers_) server.running = 0;
  }
  bool IsIdle(int member, int slot) const { return servers_.at({member, slot}).running == 0; }

  /// Sorted addresses of the ready servers behind a route; empty for "n", "u" and for a member without any.
  std::vector<std::string> Behind(const std::string& key) const {
    std::vector<std::string> addresses;
    const int member = ParseMemberName(routes_.at(key));
    for (const auto& [name, server] : servers_) {
      if (name.first == member && server.ready) addresses.push_back(server.address);
    }
    std::sort(addresses.begin(), addresses.end());
    return addresses;
  }
  const std::map<std::string, std::string>& routes() const { return routes_; }

 private:
  struct Server {
    std::string address;
    bool ready = false;
    int running = 0;
  };

  Server* FindServer(const Command& command) {
    const auto found = servers_.find({command.member, command.slot});
    return found == servers_.end() ? nullptr : &found->second;
  }

  void CheckLeads(const Command& command) {
    const int member = ParseMemberName(command.value);
    ASSERT_TRUE(member < 0 || names_.contains(member)) << "leads to an unnamed member: " << command.ToString();
  }

  ProxyState state_;
  std::map<std::pair<int, int>, Server> servers_;
  std::map<int, std::string> names_;
  std::map<std::string, std::string> routes_;
  std::map<std::string, std::vector<std::string>> certificates_;
};

}  // namespace ingressfleet::agent
