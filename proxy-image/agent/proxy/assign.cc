#include "proxy/assign.h"

#include <algorithm>
#include <set>

namespace ingressfleet::agent {
namespace {

// Servers without an endpoint go to maintenance and drain: what they serve may go on. Only servers that had drained before are
// given another address: a running request would put its connection to the old address back into the server's pool.
void AssignSlots(std::map<int, Slot>& slots, const std::vector<std::string>& endpoints) {
  std::set<std::string> missing(endpoints.begin(), endpoints.end());
  std::vector<Slot*> free;
  for (auto& [number, slot] : slots) {
    const bool was_idle = !slot.ready && !slot.draining;
    const bool wanted = missing.erase(slot.address) > 0;
    slot = {slot.address, wanted, !wanted && !was_idle};
    if (!wanted && was_idle) free.push_back(&slot);
  }
  auto recycled = free.begin();
  for (const std::string& endpoint : missing) {
    if (recycled != free.end()) {
      **recycled++ = {endpoint, true, false};
    } else {
      slots.emplace(slots.empty() ? 0 : slots.rbegin()->first + 1, Slot{endpoint, true, false});
    }
  }
}

class PoolAssigner {
 public:
  PoolAssigner(const ProxyState& held, const RoutingTable& table) : held_(held), table_(table) {
    desired_.members = held.members;
  }

  ProxyState Run() {
    for (const auto& [number, member] : held_.members) {
      if (!member.backend.empty()) member_of_.emplace(member.backend, number);
    }
    ReleaseUnused();
    desired_.pool_size = GrownPool();
    for (const auto& [id, endpoints] : table_.backends) AssignBackend(id, endpoints);
    for (const auto& [key, route] : table_.routes) desired_.routes.emplace_hint(desired_.routes.end(), key, ValueOf(route));
    AssignCertificates();
    desired_.allowed_source_ranges = table_.allowed_source_ranges;
    desired_.trusted_proxies = table_.trusted_proxies;
    desired_.probe_sources = table_.probe_sources;
    return std::move(desired_);
  }

 private:
  void ReleaseUnused() {
    for (auto& [number, member] : desired_.members) {
      const auto owner = member_of_.find(member.backend);
      const bool used = owner != member_of_.end() && owner->second == number && table_.backends.contains(member.backend);
      if (used) continue;
      AssignSlots(member.slots, {});
      // It keeps its backend's name until it has drained: should the backend come back, it finds its member.
      const bool drains =
          std::any_of(member.slots.begin(), member.slots.end(), [](const auto& slot) { return slot.second.draining; });
      if (!drains) member.backend.clear();
    }
  }

  int GrownPool() const {
    std::size_t busy = 0;
    for (const auto& [number, member] : desired_.members) busy += member.IsBusy() && !table_.backends.contains(member.backend);
    busy += table_.backends.size();
    int size = held_.pool_size;
    while (busy * 5 > static_cast<std::size_t>(size) * 4) size *= 2;
    return size;
  }

  void AssignBackend(const std::string& id, const std::vector<std::string>& endpoints) {
    const auto known = member_of_.find(id);
    const int number = known != member_of_.end() ? known->second : TakeFree();
    Member& member = desired_.members[number];
    member.backend = id;
    AssignSlots(member.slots, endpoints);
    member_of_[id] = number;
  }

  int TakeFree() {
    while (true) {
      const auto found = desired_.members.find(next_free_);
      if (found == desired_.members.end() || !found->second.IsBusy()) return next_free_++;
      ++next_free_;
    }
  }

  std::string ValueOf(const Route& route) const {
    const auto member = member_of_.find(route.target);
    return member == member_of_.end() ? route.target : MemberName(member->second);
  }

  void AssignCertificates() {
    for (const auto& [stem, use] : table_.certificates) {
      desired_.certificates[stem] = {use.hosts, use.certificate->fingerprint, use.certificate};
    }
    desired_.certificates[std::string(kDefaultCertificate)] = {
        {"*"}, table_.default_certificate->fingerprint, table_.default_certificate};
  }

  const ProxyState& held_;
  const RoutingTable& table_;
  ProxyState desired_;
  std::map<std::string, int, std::less<>> member_of_;
  int next_free_ = 0;
};

}  // namespace

ProxyState Assign(const ProxyState& held, const RoutingTable& table) { return PoolAssigner(held, table).Run(); }

}  // namespace ingressfleet::agent
