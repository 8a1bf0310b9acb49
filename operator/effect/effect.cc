#include "effect/effect.h"

#include <fmt/format.h>

namespace ingressfleet::effect {

std::string_view VerbName(Verb verb) {
  switch (verb) {
    case Verb::kCreate: return "create";
    case Verb::kApply: return "apply";
    case Verb::kDelete: return "delete";
  }
  return "apply";
}

std::string Change::ToString() const {
  const std::string target = Key().ToString() + (subresource.empty() ? "" : "/" + subresource);
  return reason.empty() ? fmt::format("{} {}", VerbName(verb), target)
                        : fmt::format("{} {} ({})", VerbName(verb), target, reason);
}

std::size_t Batch::size() const {
  std::size_t count = 0;
  for (const Stage& stage : stages) count += stage.changes.size();
  return count;
}

}  // namespace ingressfleet::effect
