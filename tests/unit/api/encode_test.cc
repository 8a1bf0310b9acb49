#include "api/encode.h"

#include <set>

#include "api/reader.h"
#include "api/schema.h"
#include "api/writer.h"
#include "unit/api/fixture.h"

namespace ingressfleet::api {
namespace {

/// An archive that gives every field a value of its own, so that none can be forgotten or exchanged unnoticed.
class Filler {
 public:
  explicit Filler(int& next) : next_(next) {}

  template <class T>
  void Field(const char*, T& member) {
    Fill(member);
  }
  template <class Shape, class Member>
  void Shaped(const char*, Member& member) {
    Shape shape{};
    Fill(shape);
    Writer writer;
    writer.Field("it", shape);
    member = writer.Finish()["it"];
  }

 private:
  void Fill(bool& out) { out = true; }
  void Fill(std::int64_t& out) { out = ++next_; }
  void Fill(std::string& out) { out = "text" + std::to_string(++next_); }
  void Fill(Quantity& out) { out.value = ++next_; }
  void Fill(std::vector<kube::Condition>& out) {
    out = {{"Type", kube::ConditionStatus::kTrue, "Reason", "message", ++next_, base::TimePoint(base::Duration(1000))}};
  }
  template <class E>
  requires std::is_enum_v<E>
  void Fill(E& out) {
    const auto table = EnumTable(E{});
    out = table[static_cast<std::size_t>(++next_) % table.size()].first;
  }
  template <class T>
  void Fill(std::optional<T>& out) {
    Fill(out.emplace());
  }
  template <class T>
  void Fill(std::vector<T>& out) {
    out.resize(2);
    for (T& item : out) Fill(item);
  }
  template <class T>
  void Fill(std::map<std::string, T>& out) {
    Fill(out["key" + std::to_string(++next_)]);
  }
  template <class T>
  requires requires(Filler& filler, T& value) { Fields(filler, value); }
  void Fill(T& out) { Fields(*this, out); }

  int& next_;
};

template <class T>
T Filled() {
  int next = 0;
  T value{};
  Filler filler(next);
  Fields(filler, value);
  return value;
}

void CollectPaths(const kube::Json& value, const std::string& path, std::set<std::string>& paths) {
  paths.insert(path);
  for (const auto& [key, item] : value.items()) {
    if (value.is_object()) CollectPaths(item, path + "." + key, paths);
    if (value.is_array()) CollectPaths(item, path + "[]", paths);
  }
}

/// Maps have keys of their own, which the schema does not list.
std::size_t CountMissing(const std::vector<SchemaNode>& schema, const std::set<std::string>& paths) {
  std::size_t missing = 0;
  for (const SchemaNode& node : schema) {
    if (node.path.find("{}") != std::string::npos || paths.contains(node.path)) continue;
    ADD_FAILURE() << "not encoded: " << node.path;
    ++missing;
  }
  return missing;
}

TEST(EncodeTest, DecodesToTheSameSpec) {
  FleetSpec spec = Filled<FleetSpec>();
  const kube::Json encoded = Writer::ToJson(spec);
  FleetSpec read;
  FieldErrors errors;
  Reader::ReadAll(encoded, "spec", read, errors);
  EXPECT_EQ(Text(errors), "");
  EXPECT_EQ(Writer::ToJson(read), encoded);
  std::set<std::string> paths;
  CollectPaths(encoded, "spec", paths);
  EXPECT_EQ(CountMissing(SpecSchema(), paths), 0U);
}

TEST(EncodeTest, DecodesToTheSameStatus) {
  const kube::Json encoded = EncodeStatus(Filled<FleetStatus>());
  kube::Object object(kube::kIngressFleet, "", "platform");
  object.body()["status"] = encoded;
  EXPECT_EQ(EncodeStatus(DecodeStatus(object)), encoded);
  std::set<std::string> paths;
  CollectPaths(encoded, "status", paths);
  EXPECT_EQ(CountMissing(StatusSchema(), paths), 0U);
}

TEST(EncodeTest, WritesOnlyWhatWasSaid) {
  kube::Json expected = BaseFleet();
  expected["spec"]["paused"] = false;
  expected["spec"]["namespace"] = "ingress-fleet";
  expected["spec"]["defaultClass"]["allowExternal"] = false;
  EXPECT_EQ(EncodeFleet(*DecodeFleet(kube::Object(BaseFleet())).fleet).body(), expected);
}

template <class E>
void ExpectRoundTrips() {
  for (const auto& [value, name] : EnumTable(E{})) {
    EXPECT_EQ(EnumName(value), name);
    EXPECT_EQ(ParseEnum<E>(name), value);
  }
  EXPECT_EQ(ParseEnum<E>(""), std::nullopt);
}

TEST(EnumTest, EveryValueRoundTrips) {
  ExpectRoundTrips<Engine>();
  ExpectRoundTrips<WorkloadKind>();
  ExpectRoundTrips<PublishingType>();
  ExpectRoundTrips<Scope>();
  ExpectRoundTrips<Provider>();
  ExpectRoundTrips<ExternalTrafficPolicy>();
  ExpectRoundTrips<ListenerProtocol>();
  ExpectRoundTrips<EnforcementLayer>();
  ExpectRoundTrips<SelectorOperator>();
  ExpectRoundTrips<DeletionPolicy>();
  ExpectRoundTrips<TolerationOperator>();
  ExpectRoundTrips<TaintEffect>();
}

}  // namespace
}  // namespace ingressfleet::api
