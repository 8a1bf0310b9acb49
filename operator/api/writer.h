#pragma once
// The archive that encodes (see api/fields.h). For this layer's .cc files.

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/fields.h"

namespace ingressfleet::api {

/// Writes a struct as a JSON object. What was not said is not written: an optional without a value, and texts, lists, maps
/// and structs that are empty without being optional.
class Writer {
 public:
  template <class T>
  void Field(const char* name, T& member) {
    kube::Json value = ToJson(member);
    if (!IsUnsaid(member, value)) object_[name] = std::move(value);
  }

  template <class Shape, class Member>
  void Shaped(const char* name, Member& member) {
    Field(name, member);
  }

  kube::Json Finish() { return std::move(object_); }

  template <class T>
  requires requires(Writer& writer, T& value) { Fields(writer, value); }
  static kube::Json ToJson(T& value) {
    Writer writer;
    Fields(writer, value);
    return writer.Finish();
  }

 private:
  static kube::Json ToJson(bool value) { return value; }
  static kube::Json ToJson(std::int64_t value) { return value; }
  static kube::Json ToJson(const std::string& value) { return value; }
  static kube::Json ToJson(const kube::Json& value) { return value; }
  static kube::Json ToJson(const Quantity& value) { return value.value; }
  static kube::Json ToJson(std::vector<kube::Condition>& value) { return kube::EncodeConditions(value); }

  template <class E>
  requires std::is_enum_v<E>
  static kube::Json ToJson(E value) { return EnumName(value); }

  template <class T>
  static kube::Json ToJson(std::optional<T>& value) {
    return value ? ToJson(*value) : kube::Json();
  }

  template <class T>
  static kube::Json ToJson(std::vector<T>& value) {
    kube::Json list = kube::Json::array();
    for (T& item : value) list.push_back(ToJson(item));
    return list;
  }

  template <class T>
  static kube::Json ToJson(std::map<std::string, T>& value) {
    kube::Json map = kube::Json::object();
    for (auto& [key, item] : value) map[key] = ToJson(item);
    return map;
  }

  template <class T>
  static bool IsUnsaid(const std::optional<T>& member, const kube::Json&) {
    return !member.has_value();
  }
  template <class T>
  static bool IsUnsaid(const T&, const kube::Json& value) {
    return value.is_string() ? value.get_ref<const std::string&>().empty() : value.is_structured() && value.empty();
  }

  kube::Json object_ = kube::Json::object();
};

}  // namespace ingressfleet::api
