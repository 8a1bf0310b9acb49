#pragma once
// Answers of HAProxy's Runtime API → values. Pure; lines that are not understood are left out, never guessed.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/state.h"

namespace ingressfleet::agent {

/// `show map`: "0x55… key value" lines. The first of equal keys counts, as it does for HAProxy.
std::map<std::string, std::string> ParseMap(std::string_view answer);
/// `show acl`: "0x55… pattern" lines.
std::vector<std::string> ParseList(std::string_view answer);
/// `prepare acl`: "New version created: 3".
std::optional<int> ParseVersion(std::string_view answer);
/// `show servers state`: the servers of pool members. Those in maintenance come back as draining: nobody knows better yet.
std::map<int, Member> ParseServers(std::string_view answer);
/// `show servers conn`: (member, slot) of every server without a running request.
std::set<std::pair<int, int>> ParseIdleServers(std::string_view answer);
/// `show ssl crt-list <file>`: stem → hosts.
std::map<std::string, std::vector<std::string>> ParseCertificateList(std::string_view answer);
/// `show ssl cert <file>`: its SHA-1 fingerprint; empty when there is none.
std::string ParseFingerprint(std::string_view answer);
/// `show info`: "Name: value" lines.
std::map<std::string, std::string> ParseInfo(std::string_view answer);

}  // namespace ingressfleet::agent
