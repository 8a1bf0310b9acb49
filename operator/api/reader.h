#pragma once
// The archive that decodes (see api/fields.h). For this layer's .cc files.

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/field_error.h"
#include "api/fields.h"

namespace ingressfleet::api {

/// Reads one JSON object into a struct. What does not fit becomes a FieldError and leaves the member as it was; reading
/// goes on, so that one pass finds everything.
class Reader {
 public:
  Reader(const kube::Json& object, std::string path, FieldErrors& errors)
      : object_(object), path_(std::move(path)), errors_(errors) {}

  template <class T>
  void Field(const char* name, T& member) {
    if (const kube::Json* value = Take(name)) Read(*value, PathOf(name), member);
  }

  template <class Shape, class Member>
  void Shaped(const char* name, Member& member) {
    const kube::Json* value = Take(name);
    if (value == nullptr) return;
    Shape shape{};
    Read(*value, PathOf(name), shape);
    member = *value;
  }

  /// The fields that no Field() asked for. Call after Fields().
  void ReportUnknown() const;

  /// Reads a whole value; `out` is a struct that Fields() knows or anything a field may hold.
  template <class T>
  static void ReadAll(const kube::Json& value, std::string path, T& out, FieldErrors& errors) {
    Reader(value, "", errors).Read(value, path, out);
  }

 private:
  const kube::Json* Take(const char* name);
  std::string PathOf(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  void WrongType(const kube::Json& value, const std::string& path, std::string_view wanted);
  void NotSupported(const kube::Json& value, const std::string& path, const std::vector<std::string_view>& supported);

  void Read(const kube::Json& value, const std::string& path, bool& out);
  void Read(const kube::Json& value, const std::string& path, std::int64_t& out);
  void Read(const kube::Json& value, const std::string& path, std::string& out);
  void Read(const kube::Json& value, const std::string& path, Quantity& out);
  void Read(const kube::Json& value, const std::string& path, std::vector<kube::Condition>& out);

  template <class E>
  requires std::is_enum_v<E>
  void Read(const kube::Json& value, const std::string& path, E& out) {
    if (!value.is_string()) return WrongType(value, path, "a string");
    if (const auto parsed = ParseEnum<E>(value.get_ref<const std::string&>())) {
      out = *parsed;
      return;
    }
    std::vector<std::string_view> supported;
    for (const auto& [known, name] : EnumTable(E{})) supported.push_back(name);
    NotSupported(value, path, supported);
  }

  template <class T>
  void Read(const kube::Json& value, const std::string& path, std::optional<T>& out) {
    T read{};
    Read(value, path, read);
    out = std::move(read);
  }

  template <class T>
  void Read(const kube::Json& value, const std::string& path, std::vector<T>& out) {
    if (!value.is_array()) return WrongType(value, path, "a list");
    for (std::size_t i = 0; i < value.size(); ++i) {
      T item{};
      Read(value[i], path + "[" + std::to_string(i) + "]", item);
      out.push_back(std::move(item));
    }
  }

  template <class T>
  void Read(const kube::Json& value, const std::string& path, std::map<std::string, T>& out) {
    if (!value.is_object()) return WrongType(value, path, "a map");
    for (const auto& [key, item] : value.items()) Read(item, path + "[" + key + "]", out[key]);
  }

  template <class T>
  requires requires(Reader& reader, T& value) { Fields(reader, value); }
  void Read(const kube::Json& value, const std::string& path, T& out) {
    if (!value.is_object()) return WrongType(value, path, "a map");
    Reader inner(value, path, errors_);
    Fields(inner, out);
    inner.ReportUnknown();
  }

  const kube::Json& object_;
  std::string path_;
  FieldErrors& errors_;
  std::vector<std::string_view> known_;
};

}  // namespace ingressfleet::api
