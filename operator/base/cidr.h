#pragma once
// IP networks in CIDR notation, as access lists use them. A pure value; IPv4 and IPv6.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingressfleet::base {

class Cidr {
 public:
  /// Accepts "10.0.0.0/8" and "2001:db8::/32". Host bits must be zero (the API server's own rule for source ranges
  /// since 1.36), the prefix length is required. kInvalid says what is wrong and what the canonical form would be.
  static Result<Cidr> Parse(std::string_view text);

  bool is_ipv6() const { return ipv6_; }
  int prefix_length() const { return prefix_length_; }
  /// True for 0.0.0.0/0 and ::/0.
  bool IsEverything() const { return prefix_length_ == 0; }
  /// Whether every address of `other` is also in this network. Different families never contain each other.
  bool Contains(const Cidr& other) const;
  /// Canonical text.
  std::string ToString() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;

 private:
  std::array<std::uint8_t, 16> address_{};  // IPv4 uses the first four bytes
  int prefix_length_ = 0;
  bool ipv6_ = false;
};

}  // namespace ingressfleet::base
