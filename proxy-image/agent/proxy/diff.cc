#include "proxy/diff.h"

#include <fmt/format.h>

namespace ingressfleet::agent {
namespace {

class Differ {
 public:
  Differ(const ProxyState& held, const ProxyState& desired) : held_(held), desired_(desired) {}

  Plan Run() {
    if (desired_.pool_size != held_.pool_size) {
      plan_.reload_reason = fmt::format("the pool grows from {} to {} members", held_.pool_size, desired_.pool_size);
    }
    Lists();
    MakeCertificates();
    MakeServers();
    Routes();
    BreakServers();
    BreakCertificates();
    return std::move(plan_);
  }

 private:
  void Add(Command command) { plan_.commands.push_back(std::move(command)); }

  void Lists() {
    if (held_.allowed_source_ranges != desired_.allowed_source_ranges) {
      Add({.verb = Verb::kSetAllowed, .items = desired_.allowed_source_ranges});
    }
    if (held_.trusted_proxies != desired_.trusted_proxies) Add({.verb = Verb::kSetTrusted, .items = desired_.trusted_proxies});
    if (held_.probe_sources != desired_.probe_sources) Add({.verb = Verb::kSetProbes, .items = desired_.probe_sources});
  }

  void MakeCertificates() {
    for (const auto& [stem, entry] : desired_.certificates) {
      const auto found = held_.certificates.find(stem);
      const bool known = found != held_.certificates.end() && found->second.hosts == entry.hosts;
      if (known && found->second.fingerprint == entry.fingerprint) continue;
      if (entry.certificate->pem.size() > kMaxPayload) {
        plan_.reload_reason = fmt::format("certificate {} is too large to be sent", stem);
      }
      Add({.verb = known ? Verb::kUpdateCertificate : Verb::kAddCertificate,
           .key = stem,
           .items = known ? std::vector<std::string>() : entry.hosts,
           .certificate = entry.certificate});
    }
  }

  void BreakCertificates() {
    for (const auto& [stem, entry] : held_.certificates) {
      if (!desired_.certificates.contains(stem)) Add({.verb = Verb::kDeleteCertificate, .key = stem});
    }
  }

  const Member& Held(int number) const {
    static const Member kNone;
    const auto found = held_.members.find(number);
    return found == held_.members.end() ? kNone : found->second;
  }

  void MakeServers() {
    for (const auto& [number, member] : desired_.members) {
      const Member& held = Held(number);
      if (held.backend != member.backend) {
        if (!held.backend.empty()) Add({.verb = Verb::kUnnameMember, .member = number});
        if (!member.backend.empty()) Add({.verb = Verb::kNameMember, .member = number, .value = member.backend});
      }
      for (const auto& [slot, wanted] : member.slots) {
        if (wanted.ready) MakeServer(number, slot, wanted, held);
      }
    }
  }

  void MakeServer(int member, int slot, const Slot& wanted, const Member& held) {
    const auto found = held.slots.find(slot);
    if (found == held.slots.end()) {
      Add({.verb = Verb::kAddServer, .member = member, .slot = slot, .value = wanted.address});
    } else if (found->second.address != wanted.address) {
      Add({.verb = Verb::kMoveServer, .member = member, .slot = slot, .value = wanted.address});
    } else if (!found->second.ready) {
      Add({.verb = Verb::kReadyServer, .member = member, .slot = slot});
    }
  }

  // Added backwards, deleted forwards: "host/" closes a host against wildcard rules, so it comes last and goes first.
  void Routes() {
    for (auto wanted = desired_.routes.rbegin(); wanted != desired_.routes.rend(); ++wanted) {
      const auto found = held_.routes.find(wanted->first);
      if (found == held_.routes.end()) {
        Add({.verb = Verb::kAddRoute, .key = wanted->first, .value = wanted->second});
      } else if (found->second != wanted->second) {
        Add({.verb = Verb::kSetRoute, .key = wanted->first, .value = wanted->second});
      }
    }
    for (const auto& [key, value] : held_.routes) {
      if (!desired_.routes.contains(key)) Add({.verb = Verb::kDeleteRoute, .key = key});
    }
  }

  void BreakServers() {
    for (const auto& [number, held] : held_.members) {
      const auto found = desired_.members.find(number);
      for (const auto& [slot, state] : held.slots) {
        if (!state.ready) continue;
        const bool wanted =
            found != desired_.members.end() && found->second.slots.contains(slot) && found->second.slots.at(slot).ready;
        if (!wanted) Add({.verb = Verb::kMaintServer, .member = number, .slot = slot});
      }
    }
  }

  const ProxyState& held_;
  const ProxyState& desired_;
  Plan plan_;
};

}  // namespace

std::string Plan::Print() const {
  std::string text;
  if (!reload_reason.empty()) text += fmt::format("reload: {}\n", reload_reason);
  for (const Command& command : commands) text += command.ToString() + "\n";
  return text;
}

Plan Diff(const ProxyState& held, const ProxyState& desired) { return Differ(held, desired).Run(); }

}  // namespace ingressfleet::agent
