#include "api/tier_defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingressfleet::api {
namespace {

using kube::Json;
using kube::ListOf;
using kube::TextOf;

constexpr std::string_view kTierPrefix = "spec.tiers[";

Json Merge(const Json& defaults, const Json& own) {
  if (!defaults.is_object() || !own.is_object()) return own;
  Json merged = defaults;
  for (const auto& [key, value] : own.items()) {
    const auto inherited = defaults.find(key);
    merged[key] = inherited == defaults.end() ? value : Merge(*inherited, value);
  }
  return merged;
}

/// A member of `publishing` that only some types have.
struct TypedMember {
  const char* name;
  std::array<std::string_view, 2> types;
};

constexpr std::array<TypedMember, 4> kTypedMembers{{
    {"loadBalancer", {"LoadBalancer", "LoadBalancer"}},
    {"nodePort", {"NodePort", "NodePort"}},
    {"hostNetwork", {"HostNetwork", "HostNetwork"}},
    {"externalTrafficPolicy", {"LoadBalancer", "NodePort"}},
}};

void DropInherited(Json& merged, const Json& own, const char* group, const char* member) {
  if (!ListOf(own, group).contains(member) && merged.contains(group)) merged[group].erase(member);
}

void DropOtherTypes(Json& merged, const Json& own) {
  const std::string type(TextOf(ListOf(merged, "publishing"), "type"));
  if (type.empty()) return;
  for (const TypedMember& member : kTypedMembers) {
    if (std::find(member.types.begin(), member.types.end(), type) == member.types.end()) {
      DropInherited(merged, own, "publishing", member.name);
    }
  }
}

void DropOtherEngine(Json& merged, const Json& defaults, const Json& own) {
  const std::string_view theirs = TextOf(ListOf(defaults, "controller"), "engine");
  const std::string_view ours = TextOf(ListOf(own, "controller"), "engine");
  if (theirs.empty() || ours.empty() || theirs == ours) return;
  // A map merged key by key: what the tier itself says of config stays, so it is set anew rather than dropped.
  for (const char* member : {"version", "image"}) DropInherited(merged, own, "controller", member);
  merged["controller"].erase("config");
  const Json& config = ListOf(ListOf(own, "controller"), "config");
  if (!config.empty()) merged["controller"]["config"] = config;
}

void DropOtherStrategy(Json& merged, const Json& own) {
  const bool host_network = TextOf(ListOf(merged, "publishing"), "type") == "HostNetwork";
  if (host_network && TextOf(ListOf(merged, "upgrade"), "strategy") != "RollingUpdate") {
    DropInherited(merged, own, "upgrade", "strategy");
  }
  if (TextOf(ListOf(merged, "upgrade"), "strategy") != "Canary") DropInherited(merged, own, "upgrade", "steps");
}

bool RunsAsDaemonSet(const Json& merged) {
  const std::string_view kind = TextOf(ListOf(merged, "workload"), "kind");
  return kind.empty() ? TextOf(ListOf(merged, "publishing"), "type") == "HostNetwork" : kind == "DaemonSet";
}

/// "access.allowedSourceRanges[0]" as "access", "allowedSourceRanges", "0".
std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const bool bracket = path.front() == '[';
    const auto end = std::min(bracket ? path.find(']') : path.find_first_of(".[", 1), path.size());
    const std::size_t begin = path.front() == '[' || path.front() == '.' ? 1 : 0;
    segments.push_back(path.substr(begin, end - begin));
    path.remove_prefix(std::min(bracket ? end + 1 : end, path.size()));
  }
  return segments;
}

std::optional<std::size_t> Index(std::string_view text) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

bool Stands(const Json& root, std::string_view path) {
  const Json* at = &root;
  for (const std::string_view segment : Segments(path)) {
    if (at->is_array()) {
      const auto index = Index(segment);
      if (!index || *index >= at->size()) return false;
      at = &(*at)[*index];
      continue;
    }
    const auto found = at->is_object() ? at->find(std::string(segment)) : at->end();
    if (found == at->end()) return false;
    at = &*found;
  }
  return true;
}

/// The path below `spec.tierDefaults` when the tier has the field from there, else nothing.
std::optional<std::string> InheritedPath(const std::string& path, const Json& spec) {
  if (!path.starts_with(kTierPrefix)) return std::nullopt;
  const auto close = path.find(']');
  const auto index = Index(std::string_view(path).substr(kTierPrefix.size(), close - kTierPrefix.size()));
  const Json& tiers = ListOf(spec, "tiers");
  if (!index || *index >= tiers.size() || close + 2 > path.size()) return std::nullopt;
  const std::string below = path.substr(close + 2);
  if (Stands(tiers[*index], below) || !Stands(ListOf(spec, "tierDefaults"), below)) return std::nullopt;
  return "spec.tierDefaults." + below;
}

}  // namespace

Json MergeTier(const Json& defaults, const Json& tier) {
  Json merged = Merge(defaults, tier);
  DropOtherTypes(merged, tier);
  DropOtherEngine(merged, defaults, tier);
  DropOtherStrategy(merged, tier);
  if (RunsAsDaemonSet(merged)) DropInherited(merged, tier, "workload", "replicas");
  return merged;
}

FieldErrors AttributeToDefaults(FieldErrors errors, const Json& spec) {
  FieldErrors attributed;
  for (FieldError& error : errors) {
    // What is missing is missing in the tier, even where the defaults have something that the tier does not inherit.
    const bool missing = error.type == FieldError::Type::kRequired;
    if (auto inherited = InheritedPath(error.path, spec); inherited && !missing) error.path = std::move(*inherited);
    if (std::find(attributed.begin(), attributed.end(), error) == attributed.end()) attributed.push_back(std::move(error));
  }
  return attributed;
}

}  // namespace ingressfleet::api
