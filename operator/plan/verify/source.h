#pragma once
// Which addresses to claim when a tier is asked: some that its access list lets in, some that it must refuse. Pure.

#include <string>
#include <vector>

namespace ingressfleet::plan::verify {

struct Sources {
  std::vector<std::string> allowed;  ///< empty: the list lets nobody in
  std::vector<std::string> denied;   ///< empty: the list lets everybody in
};

/// Addresses inside the ranges, and outside of all of them, among these the neighbours of ranges (a wrong prefix length shows
/// there). At most kMaxSources each, the same for the same list.
Sources SourcesOf(const std::vector<std::string>& ranges);
inline constexpr std::size_t kMaxSources = 16;

}  // namespace ingressfleet::plan::verify
