#include "model/grammar.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;

constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxPath = 4096;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool IsUnreserved(char c) { return IsAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
bool IsPathCharacter(char c) { return IsUnreserved(c) || std::string_view("!$&'()*+,;=:@/").find(c) != std::string_view::npos; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!IsAlphanumeric(c) && c != '-' && c != '_') return false;
  }
  return true;
}

bool IsDnsName(std::string_view name) {
  if (name.empty() || name.size() > kMaxHost) return false;
  while (true) {
    const auto dot = name.find('.');
    if (!IsLabel(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// One character of a path, from `rest` to `out`. False when the path cannot hold it.
bool TakeCharacter(std::string_view& rest, std::string& out) {
  const char c = rest.front();
  if (c == '%') {
    if (rest.size() < 3 || HexValue(rest[1]) < 0 || HexValue(rest[2]) < 0) return false;
    const char decoded = static_cast<char>(HexValue(rest[1]) * 16 + HexValue(rest[2]));
    if (IsUnreserved(decoded)) {
      out += decoded;
    } else {
      out += fmt::format("%{:02X}", static_cast<std::uint8_t>(decoded));
    }
    rest.remove_prefix(3);
    return true;
  }
  if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f || c == '#' || c == '?') return false;
  if (IsPathCharacter(c)) {
    out += c;
  } else {
    out += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
  }
  rest.remove_prefix(1);
  return true;
}

bool HasOddSegment(std::string_view path) {
  for (const std::string_view odd : {"//", "/./", "/../"}) {
    if (path.find(odd) != std::string_view::npos) return true;
  }
  return path.ends_with("/.") || path.ends_with("/..");
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

base::Result<std::string> CanonicalHost(std::string_view host) {
  if (host.empty()) return std::string(kAnyHost);
  const bool wildcard = host.starts_with("*.");
  if (!IsDnsName(wildcard ? host.substr(2) : host)) {
    return Fail(Code::kInvalid, fmt::format("host \"{}\" is neither a DNS name nor a wildcard like *.example.com", host));
  }
  return LowerCase(host);
}

base::Result<std::string> CanonicalPath(std::string_view path) {
  if (path.empty()) return std::string("/");
  if (path.front() != '/') return Fail(Code::kInvalid, fmt::format("path \"{}\" must begin with \"/\"", path));
  if (path.size() > kMaxPath) return Fail(Code::kInvalid, fmt::format("path is longer than {} bytes", kMaxPath));
  std::string canonical;
  for (std::string_view rest = path; !rest.empty();) {
    if (!TakeCharacter(rest, canonical)) {
      return Fail(Code::kInvalid, fmt::format("path \"{}\" holds a character that no request path can hold", path));
    }
  }
  if (HasOddSegment(canonical)) {
    return Fail(Code::kInvalid, fmt::format("path \"{}\" must not hold empty segments, \".\" or \"..\"", path));
  }
  return canonical;
}

std::vector<std::string> RouteKeys(std::string_view host, PathType type, std::string_view path) {
  const std::string key = std::string(host) + std::string(path);
  switch (type) {
    case PathType::kExact: return {key + "#"};
    case PathType::kImplementationSpecific: return {key};
    case PathType::kPrefix: break;
  }
  if (path == "/") return {key};
  const std::string trimmed = key.ends_with('/') ? key.substr(0, key.size() - 1) : key;
  return {trimmed + "/", trimmed + "#"};
}

std::optional<std::string> CanonicalAddress(std::string_view address) {
  const std::string text(address);
  const int family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  inet_ntop(family, bytes.data(), canonical.data(), canonical.size());
  return canonical.data();
}

std::string JoinAddress(std::string_view address, int port) {
  return address.find(':') == std::string_view::npos ? fmt::format("{}:{}", address, port)
                                                     : fmt::format("[{}]:{}", address, port);
}

}  // namespace ingressfleet::agent
