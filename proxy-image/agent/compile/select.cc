#include "compile/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace ingressfleet::agent {
namespace {

bool IsOfClass(const Ingress& ingress, std::string_view name) {
  if (ingress.class_name && !ingress.class_name->empty()) return *ingress.class_name == name;
  return !name.empty() && ingress.legacy_class == name;
}

bool IsInScope(const Ingress& ingress, const Snapshot& snapshot) {
  if (snapshot.live.namespace_selector.MatchesEverything()) return true;
  const auto found = snapshot.namespaces.find(ingress.ns);
  return found != snapshot.namespaces.end() && snapshot.live.namespace_selector.Matches(found->second->labels);
}

}  // namespace

std::vector<const Ingress*> SelectIngresses(const Snapshot& snapshot) {
  std::vector<const Ingress*> selected;
  if (snapshot.class_state == ClassState::kMissing || snapshot.class_state == ClassState::kForeign) return selected;
  for (const auto& [key, ingress] : snapshot.ingresses) {
    if (IsOfClass(*ingress, snapshot.ingress_class) && IsInScope(*ingress, snapshot)) selected.push_back(ingress.get());
  }
  std::sort(selected.begin(), selected.end(), [](const Ingress* a, const Ingress* b) {
    return std::tie(a->created, a->ns, a->name) < std::tie(b->created, b->ns, b->name);
  });
  return selected;
}

void ReportFleet(const Snapshot& snapshot, std::vector<Problem>& problems) {
  if (!snapshot.live.error.empty()) {
    problems.push_back({"", "LiveConfigInvalid", fmt::format("nobody is allowed: {}", snapshot.live.error)});
  }
  if (!snapshot.live.probe_sources_error.empty()) {
    problems.push_back(
        {"", "LiveConfigInvalid", fmt::format("nobody may claim a source address: {}", snapshot.live.probe_sources_error)});
  }
  const std::string& name = snapshot.ingress_class;
  switch (snapshot.class_state) {
    case ClassState::kServed: return;
    case ClassState::kKept:
      problems.push_back({"", "IngressClassMissing",
                          fmt::format("IngressClass {} is gone; its routes stay until {}", name,
                                      base::FormatTime(snapshot.class_kept_until))});
      return;
    case ClassState::kMissing:
      problems.push_back({"", "IngressClassMissing", fmt::format("IngressClass {} does not exist; nothing is served", name)});
      return;
    case ClassState::kForeign:
      problems.push_back(
          {"", "IngressClassForeign",
           fmt::format("IngressClass {} names the controller {}; nothing is served", name, snapshot.class_controller)});
      return;
  }
}

}  // namespace ingressfleet::agent
