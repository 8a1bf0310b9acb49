#pragma once
// A Kubernetes object as a thin value around its JSON. Untyped on purpose: server-side apply sends partial bodies, unknown
// fields survive a round trip, int-or-string is free. Only our own resource is typed (api/).
//
// A plain value: copy it, compare it, no thread-safety beyond that of its copies. Stores share const Objects.

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "kube/kind.h"

namespace ingressfleet::kube {

using Json = nlohmann::json;
using StringMap = std::map<std::string, std::string>;

/// Names one object of a kind of the table: what queues, stores and plans use as identity. Not the UID.
struct ObjectKey {
  std::string kind;
  std::string ns;  ///< empty for cluster-scoped kinds
  std::string name;

  /// "Service edge/public-entry", "IngressClass public"
  std::string ToString() const;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

class Object {
 public:
  Object() = default;
  explicit Object(Json body) : body_(std::move(body)) {}
  /// apiVersion, kind and metadata filled from the table's row; `ns` is left out for cluster-scoped kinds.
  Object(const KindInfo& kind, std::string_view ns, std::string_view name);

  const Json& body() const { return body_; }
  Json& body() { return body_; }

  std::string_view ApiVersion() const { return Text("/apiVersion"); }
  std::string_view Kind() const { return Text("/kind"); }
  std::string_view Name() const { return Text("/metadata/name"); }
  std::string_view Namespace() const { return Text("/metadata/namespace"); }
  std::string_view Uid() const { return Text("/metadata/uid"); }
  std::string_view ResourceVersion() const { return Text("/metadata/resourceVersion"); }
  std::int64_t Generation() const { return Integer("/metadata/generation"); }
  bool IsDeleting() const { return !Text("/metadata/deletionTimestamp").empty(); }
  /// The epoch when the field is missing (objects that were never stored).
  base::TimePoint CreatedAt() const;
  ObjectKey Key() const;

  StringMap Labels() const { return Map("/metadata/labels"); }
  StringMap Annotations() const { return Map("/metadata/annotations"); }
  /// Empty when absent; use Labels() where absent and empty must differ.
  std::string_view Label(std::string_view key) const { return MapText("labels", key); }
  std::string_view Annotation(std::string_view key) const { return MapText("annotations", key); }

  /// Safe readers by JSON pointer ("/spec/replicas"): a missing field or one of another type gives the fallback.
  std::string_view Text(const char* pointer) const;
  std::int64_t Integer(const char* pointer, std::int64_t fallback = 0) const;
  bool Boolean(const char* pointer, bool fallback = false) const;
  /// nullptr when missing.
  const Json* Find(const char* pointer) const;
  /// The array (or object) there, or an empty one: safe to iterate.
  const Json& List(const char* pointer) const;
  StringMap Map(const char* pointer) const;

  friend bool operator==(const Object&, const Object&) = default;

 private:
  std::string_view MapText(const char* map, std::string_view key) const;

  Json body_ = Json::object();
};

/// How stores and snapshots share objects: never changed once stored.
using ObjectPtr = std::shared_ptr<const Object>;

/// Readers for a JSON value inside an object (an element of a list), with the same forgiving rules.
std::string_view TextOf(const Json& value, const char* key);
std::int64_t IntegerOf(const Json& value, const char* key, std::int64_t fallback = 0);
bool BooleanOf(const Json& value, const char* key, bool fallback = false);
const Json& ListOf(const Json& value, const char* key);
StringMap MapOf(const Json& value, const char* key);

}  // namespace ingressfleet::kube
