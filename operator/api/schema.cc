#include "api/schema.h"

#include "api/fields.h"

namespace ingressfleet::api {
namespace {

/// The archive that lists (see api/fields.h).
class SchemaLister {
 public:
  SchemaLister(std::string path, std::vector<SchemaNode>& nodes) : path_(std::move(path)), nodes_(nodes) {}

  template <class T>
  void Field(const char* name, T& member) {
    List(path_ + "." + name, member);
  }

  template <class Shape, class Member>
  void Shaped(const char* name, Member&) {
    Shape shape{};
    List(path_ + "." + name, shape);
  }

  template <class T>
  requires requires(SchemaLister& lister, T& value) { Fields(lister, value); }
  void List(const std::string& path, T& value) {
    nodes_.push_back({path, "object", {}});
    SchemaLister inner(path, nodes_);
    Fields(inner, value);
  }

 private:
  void List(const std::string& path, bool&) { nodes_.push_back({path, "boolean", {}}); }
  void List(const std::string& path, std::int64_t&) { nodes_.push_back({path, "integer", {}}); }
  void List(const std::string& path, std::string&) { nodes_.push_back({path, "string", {}}); }
  void List(const std::string& path, Quantity&) { nodes_.push_back({path, "quantity", {}}); }

  template <class E>
  requires std::is_enum_v<E>
  void List(const std::string& path, E&) {
    SchemaNode node{path, "string", {}};
    for (const auto& [value, name] : EnumTable(E{})) node.values.emplace_back(name);
    nodes_.push_back(std::move(node));
  }

  template <class T>
  void List(const std::string& path, std::optional<T>&) {
    T value{};
    List(path, value);
  }

  template <class T>
  void List(const std::string& path, std::vector<T>&) {
    nodes_.push_back({path, "array", {}});
    T item{};
    List(path + "[]", item);
  }

  template <class T>
  void List(const std::string& path, std::map<std::string, T>&) {
    nodes_.push_back({path, "object", {}});
    T item{};
    List(path + "{}", item);
  }

  void List(const std::string& path, std::vector<kube::Condition>&) {
    nodes_.push_back({path, "array", {}});
    nodes_.push_back({path + "[]", "object", {}});
    for (const char* field : {"lastTransitionTime", "message", "reason", "status", "type"}) {
      nodes_.push_back({path + "[]." + field, "string", {}});
    }
    nodes_.push_back({path + "[].observedGeneration", "integer", {}});
  }

  std::string path_;
  std::vector<SchemaNode>& nodes_;
};

template <class T>
std::vector<SchemaNode> ListAll(const char* root) {
  std::vector<SchemaNode> nodes;
  T value{};
  SchemaLister(root, nodes).List(root, value);
  return nodes;
}

}  // namespace

std::vector<SchemaNode> SpecSchema() { return ListAll<FleetSpec>("spec"); }
std::vector<SchemaNode> StatusSchema() { return ListAll<FleetStatus>("status"); }

}  // namespace ingressfleet::api
