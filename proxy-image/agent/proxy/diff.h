#pragma once
// What HAProxy holds × what it should hold → ordered commands. Pure.
//
// Order: access lists first, then make before break: certificates and servers before the routes that lead to them, routes
// before the servers and names that they led to. Law: Diff(Apply(Diff(held, desired), held), desired) is empty.

#include <string>
#include <vector>

#include "proxy/command.h"
#include "proxy/state.h"

namespace ingressfleet::agent {

struct Plan {
  std::vector<Command> commands;
  std::string reload_reason;  ///< not empty: no command can do it; write the files of `desired` and reload

  bool IsEmpty() const { return commands.empty() && reload_reason.empty(); }
  std::string Print() const;
};

Plan Diff(const ProxyState& held, const ProxyState& desired);

}  // namespace ingressfleet::agent
