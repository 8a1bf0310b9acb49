#pragma once
// Content hashes. Used as identity of revisions and applied bodies, so the function must never change silently.

#include <cstddef>
#include <string>
#include <string_view>

namespace ingressfleet::base {

/// SHA-256 as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view data);
/// The first `digits` (1–64) of it; 10 is enough to tell revisions of one tier apart and short enough to read.
std::string ShortHash(std::string_view data, std::size_t digits = 10);

}  // namespace ingressfleet::base
