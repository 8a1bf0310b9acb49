#include "proxy/parse.h"

#include <charconv>

#include "model/grammar.h"

namespace ingressfleet::agent {
namespace {

template <class Visit>
void ForEachLine(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (!line.empty() && line.front() != '#') visit(line);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const auto end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

std::optional<int> Number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::pair<int, int>> ServerName(std::string_view member_name, std::string_view slot_name) {
  const int member = ParseMemberName(member_name);
  const int slot = ParseSlotName(slot_name);
  if (member < 0 || slot < 0) return std::nullopt;
  return std::pair(member, slot);
}

std::string StemOf(std::string_view file) {
  const auto slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  if (file.ends_with(".pem")) file.remove_suffix(4);
  return std::string(file);
}

}  // namespace

std::map<std::string, std::string> ParseMap(std::string_view answer) {
  std::map<std::string, std::string> map;
  ForEachLine(answer, [&](std::string_view line) {
    const auto words = Words(line);
    if (words.size() == 3) map.emplace(words[1], words[2]);
  });
  return map;
}

std::vector<std::string> ParseList(std::string_view answer) {
  std::vector<std::string> list;
  ForEachLine(answer, [&](std::string_view line) {
    const auto words = Words(line);
    if (words.size() == 2) list.emplace_back(words[1]);
  });
  return list;
}

std::optional<int> ParseVersion(std::string_view answer) {
  constexpr std::string_view kPrefix = "New version created: ";
  if (!answer.starts_with(kPrefix)) return std::nullopt;
  return Number(answer.substr(kPrefix.size()));
}

std::map<int, Member> ParseServers(std::string_view answer) {
  // Columns of format version 1: management.txt, "show servers state".
  constexpr std::size_t kBackend = 1, kServer = 3, kAddress = 4, kAdminState = 6, kPort = 18;
  std::map<int, Member> members;
  ForEachLine(answer, [&](std::string_view line) {
    const auto words = Words(line);
    if (words.size() <= kPort) return;
    const auto name = ServerName(words[kBackend], words[kServer]);
    const auto port = Number(words[kPort]);
    const auto admin_state = Number(words[kAdminState]);
    if (!name || !port || !admin_state) return;
    const bool ready = *admin_state == 0;
    members[name->first].slots[name->second] = {JoinAddress(words[kAddress], *port), ready, !ready};
  });
  return members;
}

std::set<std::pair<int, int>> ParseIdleServers(std::string_view answer) {
  constexpr std::size_t kUsedConnections = 6;
  std::set<std::pair<int, int>> idle;
  ForEachLine(answer, [&](std::string_view line) {
    const auto words = Words(line);
    if (words.size() <= kUsedConnections || Number(words[kUsedConnections]) != 0) return;
    const auto slash = words[0].find('/');
    if (slash == std::string_view::npos) return;
    if (const auto name = ServerName(words[0].substr(0, slash), words[0].substr(slash + 1))) idle.insert(*name);
  });
  return idle;
}

std::map<std::string, std::vector<std::string>> ParseCertificateList(std::string_view answer) {
  std::map<std::string, std::vector<std::string>> list;
  ForEachLine(answer, [&](std::string_view line) {
    const auto words = Words(line);
    if (!words.empty()) list[StemOf(words.front())].assign(words.begin() + 1, words.end());
  });
  return list;
}

std::string ParseFingerprint(std::string_view answer) {
  constexpr std::string_view kField = "SHA1 FingerPrint: ";
  std::string fingerprint;
  ForEachLine(answer, [&](std::string_view line) {
    if (line.starts_with(kField) && fingerprint.empty()) fingerprint = line.substr(kField.size());
  });
  return fingerprint;
}

std::map<std::string, std::string> ParseInfo(std::string_view answer) {
  std::map<std::string, std::string> info;
  ForEachLine(answer, [&](std::string_view line) {
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos) info.emplace(line.substr(0, colon), line.substr(colon + 2));
  });
  return info;
}

}  // namespace ingressfleet::agent
