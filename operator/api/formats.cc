#include "api/formats.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/cidr.h"

namespace ingressfleet::api {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxSubdomain = 253;
constexpr std::size_t kMaxControllerValue = 250;
constexpr std::size_t kMaxTag = 128;
constexpr std::size_t kMaxImage = 1024;

// Own predicates: those of <cctype> depend on the locale.
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLowerAlnum(char c) { return IsLower(c) || IsDigit(c); }
bool IsAlnum(char c) { return IsLowerAlnum(c) || (c >= 'A' && c <= 'Z'); }
bool IsWord(char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; }
bool IsPathChar(char c) { return IsAlnum(c) || std::string_view("/-._~%!$&'()*+,;=:").find(c) != std::string_view::npos; }

template <class Predicate>
bool All(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

template <class Predicate>
bool AllParts(std::string_view text, char separator, Predicate predicate) {
  for (;;) {
    const auto end = text.find(separator);
    if (!predicate(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

/// The rest after leading digits.
std::string_view SkipDigits(std::string_view text) {
  while (!text.empty() && IsDigit(text.front())) text.remove_prefix(1);
  return text;
}

bool IsQuantitySuffix(std::string_view text) {
  constexpr std::array<std::string_view, 16> kSuffixes{"",  "n", "u",  "m",  "k",  "M",  "G",  "T",
                                                       "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  if (std::find(kSuffixes.begin(), kSuffixes.end(), text) != kSuffixes.end()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  return !text.empty() && All(text, IsDigit);
}

bool IsDigest(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view hex = text.substr(colon + 1);
  return All(text.substr(0, colon), IsWord) && hex.size() >= 32 &&
         All(hex, [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsRegistry(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !All(port, IsDigit)) return false;
    text = text.substr(0, colon);
  }
  return !text.empty() && All(text, [](char c) { return IsAlnum(c) || c == '-' || c == '.'; });
}

bool IsRepositoryPart(std::string_view text) {
  return !text.empty() && IsLowerAlnum(text.front()) && IsLowerAlnum(text.back()) &&
         All(text, [](char c) { return IsLowerAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

bool IsDnsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLabel && IsLowerAlnum(text.front()) && IsLowerAlnum(text.back()) &&
         All(text, [](char c) { return IsLowerAlnum(c) || c == '-'; });
}

bool IsServiceName(std::string_view text) { return IsDnsLabel(text) && IsLower(text.front()); }

bool IsDnsSubdomain(std::string_view text) {
  return text.size() <= kMaxSubdomain && AllParts(text, '.', [](std::string_view part) {
           return !part.empty() && IsLowerAlnum(part.front()) && IsLowerAlnum(part.back()) &&
                  All(part, [](char c) { return IsLowerAlnum(c) || c == '-'; });
         });
}

bool IsQualifiedName(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos && !IsDnsSubdomain(text.substr(0, slash))) return false;
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  return !name.empty() && IsLabelValue(name);
}

bool IsLabelValue(std::string_view text) {
  if (text.empty()) return true;
  return text.size() <= kMaxLabel && IsAlnum(text.front()) && IsAlnum(text.back()) && All(text, IsWord);
}

bool IsDomainPath(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || text.size() > kMaxControllerValue) return false;
  const std::string_view path = text.substr(slash + 1);
  return IsDnsSubdomain(text.substr(0, slash)) && !path.empty() && All(path, IsPathChar);
}

bool IsConfigMapKey(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSubdomain && All(text, IsWord) && text != "." && !text.starts_with("..");
}

bool IsImageTag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTag && (IsAlnum(text.front()) || text.front() == '_') && All(text, IsWord);
}

bool IsImageReference(std::string_view text) {
  if (text.size() > kMaxImage) return false;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (!IsDigest(text.substr(at + 1))) return false;
    text = text.substr(0, at);
  }
  const auto last_slash = text.rfind('/');
  const auto colon = text.find(':', last_slash == std::string_view::npos ? 0 : last_slash);
  if (colon != std::string_view::npos) {
    if (!IsImageTag(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
  }
  // The first part is a registry when it cannot be a path: it has a dot or a port, or is "localhost".
  const auto slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  if (slash != std::string_view::npos && (first.find_first_of(".:") != std::string_view::npos || first == "localhost")) {
    if (!IsRegistry(first)) return false;
    text = text.substr(slash + 1);
  }
  return AllParts(text, '/', IsRepositoryPart);
}

bool IsIpAddress(std::string_view text) {
  const bool ipv6 = text.find(':') != std::string_view::npos;
  return text.find('/') == std::string_view::npos && base::Cidr::Parse(std::string(text) + (ipv6 ? "/128" : "/32"));
}

bool IsQuantity(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::string_view rest = SkipDigits(text);
  std::size_t digits = text.size() - rest.size();
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    const std::string_view after = SkipDigits(rest);
    digits += rest.size() - after.size();
    rest = after;
  }
  return digits > 0 && IsQuantitySuffix(rest);
}

}  // namespace ingressfleet::api
