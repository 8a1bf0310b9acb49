#include "plan/verify/source.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/cidr.h"

namespace ingressfleet::plan::verify {
namespace {

/// An address as the number that it is: 4 or 16 bytes, most significant first.
using Bytes = std::vector<std::uint8_t>;

Bytes Parse(const std::string& address) {
  const bool ipv6 = address.find(':') != std::string::npos;
  Bytes bytes(ipv6 ? 16 : 4);
  inet_pton(ipv6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data());
  return bytes;
}

std::string Print(const Bytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == 16 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
  return text.data();
}

base::Cidr Single(const Bytes& bytes) { return *base::Cidr::Parse(Print(bytes) + (bytes.size() == 16 ? "/128" : "/32")); }

/// False when there is no such address: the number wrapped around.
bool Step(Bytes& bytes, int by) {
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<std::uint8_t>(*byte + by);
    if (*byte != (by > 0 ? 0 : 255)) return true;
  }
  return false;
}

struct Range {
  base::Cidr cidr;
  Bytes first;
  Bytes last;
};

Range ParseRange(const base::Cidr& cidr) {
  const std::string text = cidr.ToString();
  Range range{cidr, Parse(text.substr(0, text.find('/'))), {}};
  range.last = range.first;
  for (int bit = cidr.prefix_length(); bit < static_cast<int>(range.last.size()) * 8; ++bit) {
    range.last[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  }
  return range;
}

class Chooser {
 public:
  explicit Chooser(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}

  Sources Run() {
    for (const Range& range : ranges_) {
      Bytes inside = range.first;
      if (range.first != range.last) Step(inside, 1);
      Add(sources_.allowed, inside);
    }
    // Addresses that nobody has (RFC 5737, RFC 3849) say most clearly that they are outside.
    for (const char* address : {"203.0.113.77", "198.51.100.77", "192.0.2.77", "2001:db8:ffff::77"}) AddOutside(Parse(address));
    for (const Range& range : ranges_) {
      Bytes before = range.first;
      if (Step(before, -1)) AddOutside(before);
      Bytes after = range.last;
      if (Step(after, 1)) AddOutside(after);
    }
    return std::move(sources_);
  }

 private:
  void AddOutside(const Bytes& bytes) {
    const base::Cidr address = Single(bytes);
    const auto holds = [&](const Range& range) { return range.cidr.Contains(address); };
    if (std::none_of(ranges_.begin(), ranges_.end(), holds)) Add(sources_.denied, bytes);
  }

  static void Add(std::vector<std::string>& list, const Bytes& bytes) {
    const std::string text = Print(bytes);
    if (list.size() < kMaxSources && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  }

  std::vector<Range> ranges_;
  Sources sources_;
};

}  // namespace

Sources SourcesOf(const std::vector<std::string>& ranges) {
  std::vector<Range> parsed;
  for (const std::string& range : ranges) {
    if (const auto cidr = base::Cidr::Parse(range)) parsed.push_back(ParseRange(*cidr));
  }
  return Chooser(std::move(parsed)).Run();
}

}  // namespace ingressfleet::plan::verify
