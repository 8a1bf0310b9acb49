#pragma once
// What HAProxy holds, or should hold: one type for both, so that a difference is a difference of two values. Pure.

#include <map>
#include <string>
#include <vector>

#include "model/certificate.h"
#include "model/routing_table.h"

namespace ingressfleet::agent {

/// A server of a pool member ("p3/s0" is slot 0 of member 3). Servers are never deleted, only recycled.
struct Slot {
  std::string address;    ///< "10.0.0.1:80", "[2001:db8::1]:80"
  bool ready = false;     ///< false = in maintenance: no new requests
  bool draining = false;  ///< in maintenance, but requests to the old address may still run: not to be given another address

  friend bool operator==(const Slot&, const Slot&) = default;
};

struct Member {
  std::string backend;  ///< "namespace/service:port"; empty = free
  std::map<int, Slot> slots;

  bool IsBusy() const;  ///< has a backend, or servers that are ready or drain
  friend bool operator==(const Member&, const Member&) = default;
};

struct CertificateEntry {
  std::vector<std::string> hosts;
  std::string fingerprint;
  CertificatePtr certificate;  ///< only in a desired state

  friend bool operator==(const CertificateEntry& a, const CertificateEntry& b) {
    return a.hosts == b.hosts && a.fingerprint == b.fingerprint;
  }
};

/// The stem of the default certificate's file; its only "host" in the certificate list is "*".
inline constexpr std::string_view kDefaultCertificate = "default";

struct ProxyState {
  int pool_size = 0;
  std::map<int, Member> members;                         ///< members without an entry are free and have no servers
  std::map<std::string, std::string> routes;             ///< route key → "p3", "n", "u"
  std::map<std::string, CertificateEntry> certificates;  ///< by file stem
  std::vector<std::string> allowed_source_ranges;        ///< sorted
  std::vector<std::string> trusted_proxies;              ///< sorted
  std::vector<std::string> probe_sources;                ///< sorted

  friend bool operator==(const ProxyState&, const ProxyState&) = default;
};

std::string MemberName(int member);  ///< "p3"
std::string SlotName(int slot);      ///< "s0"
/// -1 when the text is no such name.
int ParseMemberName(std::string_view name);
int ParseSlotName(std::string_view name);

}  // namespace ingressfleet::agent
