#include "proxy/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ingressfleet::agent {
namespace {

int ParseName(std::string_view name, char letter) {
  int number = -1;
  if (name.size() < 2 || name.front() != letter) return -1;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 1, end, number);
  return error == std::errc() && stop == end ? number : -1;
}

}  // namespace

bool Member::IsBusy() const {
  return !backend.empty() ||
         std::any_of(slots.begin(), slots.end(), [](const auto& slot) { return slot.second.ready || slot.second.draining; });
}

std::string MemberName(int member) { return fmt::format("p{}", member); }
std::string SlotName(int slot) { return fmt::format("s{}", slot); }
int ParseMemberName(std::string_view name) { return ParseName(name, 'p'); }
int ParseSlotName(std::string_view name) { return ParseName(name, 's'); }

}  // namespace ingressfleet::agent
