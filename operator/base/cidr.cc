#include "base/cidr.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace ingressfleet::base {
namespace {

bool BitSet(const std::array<std::uint8_t, 16>& address, int bit) {
  return (address[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1;
}

void ClearBit(std::array<std::uint8_t, 16>& address, int bit) {
  address[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(1U << (7 - bit % 8)));
}

}  // namespace

Result<Cidr> Cidr::Parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return Fail(Code::kInvalid, "must be a CIDR with a prefix length, e.g. 10.0.0.0/8");
  const std::string address(text.substr(0, slash));
  const std::string_view length = text.substr(slash + 1);

  Cidr cidr;
  cidr.ipv6_ = address.find(':') != std::string::npos;
  if (inet_pton(cidr.ipv6_ ? AF_INET6 : AF_INET, address.c_str(), cidr.address_.data()) != 1) {
    return Fail(Code::kInvalid, fmt::format("must be a CIDR: \"{}\" is not an IP address", address));
  }
  const int bits = cidr.ipv6_ ? 128 : 32;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), cidr.prefix_length_);
  if (error != std::errc() || end != length.data() + length.size() || length.empty() || cidr.prefix_length_ < 0 ||
      cidr.prefix_length_ > bits) {
    return Fail(Code::kInvalid, fmt::format("must be a CIDR with a prefix length between 0 and {}", bits));
  }
  Cidr canonical = cidr;
  for (int bit = cidr.prefix_length_; bit < bits; ++bit) ClearBit(canonical.address_, bit);
  if (!(canonical == cidr)) {
    return Fail(Code::kInvalid, fmt::format("must not have host bits set; did you mean {}?", canonical.ToString()));
  }
  return cidr;
}

bool Cidr::Contains(const Cidr& other) const {
  if (ipv6_ != other.ipv6_ || prefix_length_ > other.prefix_length_) return false;
  for (int bit = 0; bit < prefix_length_; ++bit) {
    if (BitSet(address_, bit) != BitSet(other.address_, bit)) return false;
  }
  return true;
}

std::string Cidr::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(ipv6_ ? AF_INET6 : AF_INET, address_.data(), text.data(), text.size());
  return fmt::format("{}/{}", text.data(), prefix_length_);
}

}  // namespace ingressfleet::base
