#include "kube/covers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace ingressfleet::kube {
namespace {

// The keys by which the API merges lists of maps (x-kubernetes-list-map-keys of the kinds in kube/kind.h).
constexpr std::array<const char*, 7> kMergeKeys{"name", "containerPort", "port", "mountPath", "topologyKey", "type", "ip"};

const char* MergeKey(const Json& list) {
  for (const char* key : kMergeKeys) {
    const bool all =
        std::all_of(list.begin(), list.end(), [&](const Json& item) { return item.is_object() && item.contains(key); });
    if (all) return key;
  }
  return nullptr;
}

bool IsEmpty(const Json& value) { return value.is_structured() && value.empty(); }

std::string Difference(const Json& desired, const Json& live, const std::string& path);

std::string Missing(const std::string& path, const Json& desired) {
  return fmt::format("{}: missing, want {}", path, desired.dump());
}

std::string MapDifference(const Json& desired, const Json& live, const std::string& path) {
  for (const auto& [key, value] : desired.items()) {
    const std::string below = path + "/" + key;
    const auto found = live.find(key);
    if (found == live.end()) {
      if (!IsEmpty(value)) return Missing(below, value);
      continue;
    }
    if (std::string difference = Difference(value, *found, below); !difference.empty()) return difference;
  }
  return {};
}

std::string KeyedListDifference(const Json& desired, const Json& live, const char* key, const std::string& path) {
  for (const Json& item : desired) {
    const std::string below = fmt::format("{}[{}={}]", path, key, item[key].dump());
    const auto found = std::find_if(live.begin(), live.end(), [&](const Json& other) {
      return other.is_object() && other.contains(key) && other[key] == item[key];
    });
    if (found == live.end()) return Missing(below, item);
    if (std::string difference = Difference(item, *found, below); !difference.empty()) return difference;
  }
  return {};
}

std::string ListDifference(const Json& desired, const Json& live, const std::string& path) {
  if (!desired.empty()) {
    if (const char* key = MergeKey(desired)) return KeyedListDifference(desired, live, key, path);
  }
  if (desired.size() != live.size()) return fmt::format("{}: {}, want {}", path, live.dump(), desired.dump());
  for (std::size_t i = 0; i < desired.size(); ++i) {
    std::string difference = Difference(desired[i], live[i], fmt::format("{}[{}]", path, i));
    if (!difference.empty()) return difference;
  }
  return {};
}

std::string Difference(const Json& desired, const Json& live, const std::string& path) {
  if (desired.is_object() && live.is_object()) return MapDifference(desired, live, path);
  if (desired.is_array() && live.is_array()) return ListDifference(desired, live, path);
  if (desired == live) return {};
  return fmt::format("{}: {}, want {}", path, live.dump(), desired.dump());
}

}  // namespace

bool Covers(const Json& desired, const Json& live) { return Difference(desired, live, "").empty(); }
std::string FirstDifference(const Json& desired, const Json& live) { return Difference(desired, live, ""); }

}  // namespace ingressfleet::kube
