#include <algorithm>
#include <array>

#include "plan/engine/engine.h"

namespace ingressfleet::plan {

extern const Engine kHAProxyEngine;
extern const Engine kTraefikEngine;

namespace {

constexpr std::array<const Engine*, 2> kEngines{&kHAProxyEngine, &kTraefikEngine};

}  // namespace

std::span<const Engine* const> AllEngines() { return kEngines; }

const Engine* FindEngine(api::Engine engine) {
  const auto* const found =
      std::find_if(kEngines.begin(), kEngines.end(), [&](const Engine* row) { return row->engine == engine; });
  return found == kEngines.end() ? nullptr : *found;
}

const Engine* FindEngine(std::string_view name) {
  const auto* const found =
      std::find_if(kEngines.begin(), kEngines.end(), [&](const Engine* row) { return row->name == name; });
  return found == kEngines.end() ? nullptr : *found;
}

}  // namespace ingressfleet::plan
