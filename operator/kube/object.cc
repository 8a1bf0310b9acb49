#include "kube/object.h"

#include <fmt/format.h>

namespace ingressfleet::kube {
namespace {

const Json& EmptyArray() {
  static const Json empty = Json::array();
  return empty;
}

std::string_view TextIn(const Json* value) {
  if (value == nullptr || !value->is_string()) return {};
  return value->get_ref<const std::string&>();
}

std::int64_t IntegerIn(const Json* value, std::int64_t fallback) {
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}

bool BooleanIn(const Json* value, bool fallback) {
  return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

const Json& ListIn(const Json* value) { return value != nullptr && value->is_structured() ? *value : EmptyArray(); }

StringMap MapIn(const Json* value) {
  StringMap map;
  if (value == nullptr || !value->is_object()) return map;
  for (const auto& [key, item] : value->items()) {
    if (item.is_string()) map.emplace(key, item.get<std::string>());
  }
  return map;
}

const Json* Member(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(key);
  return found == value.end() ? nullptr : &*found;
}

}  // namespace

std::string ObjectKey::ToString() const {
  return ns.empty() ? fmt::format("{} {}", kind, name) : fmt::format("{} {}/{}", kind, ns, name);
}

Object::Object(const KindInfo& kind, std::string_view ns, std::string_view name) {
  body_ = {{"apiVersion", kind.api_version}, {"kind", kind.kind}, {"metadata", {{"name", name}}}};
  if (kind.namespaced) body_["metadata"]["namespace"] = ns;
}

base::TimePoint Object::CreatedAt() const {
  return base::ParseTime(Text("/metadata/creationTimestamp")).value_or(base::TimePoint());
}

ObjectKey Object::Key() const { return {std::string(Kind()), std::string(Namespace()), std::string(Name())}; }

const Json* Object::Find(const char* pointer) const {
  const Json* value = &body_;
  std::string_view rest(pointer);
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const auto slash = rest.find('/');
    value = Member(*value, rest.substr(0, slash));
    if (value == nullptr) return nullptr;
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  }
  return value;
}

std::string_view Object::Text(const char* pointer) const { return TextIn(Find(pointer)); }
std::int64_t Object::Integer(const char* pointer, std::int64_t fallback) const { return IntegerIn(Find(pointer), fallback); }
bool Object::Boolean(const char* pointer, bool fallback) const { return BooleanIn(Find(pointer), fallback); }
const Json& Object::List(const char* pointer) const { return ListIn(Find(pointer)); }
StringMap Object::Map(const char* pointer) const { return MapIn(Find(pointer)); }

std::string_view Object::MapText(const char* map, std::string_view key) const {
  const Json* metadata = Member(body_, "metadata");
  const Json* values = metadata == nullptr ? nullptr : Member(*metadata, map);
  return values == nullptr ? std::string_view() : TextIn(Member(*values, key));
}

std::string_view TextOf(const Json& value, const char* key) { return TextIn(Member(value, key)); }
std::int64_t IntegerOf(const Json& value, const char* key, std::int64_t fallback) {
  return IntegerIn(Member(value, key), fallback);
}
bool BooleanOf(const Json& value, const char* key, bool fallback) { return BooleanIn(Member(value, key), fallback); }
const Json& ListOf(const Json& value, const char* key) { return ListIn(Member(value, key)); }
StringMap MapOf(const Json& value, const char* key) { return MapIn(Member(value, key)); }

}  // namespace ingressfleet::kube
