// crds/ingressfleet.yaml and operator/api/fields.h describe the same resource: field by field, type by type.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "api/schema.h"
#include "kube/yaml.h"

namespace ingressfleet::api {
namespace {

using kube::Json;

const Json& Crd() {
  static const Json crd = [] {
    std::ifstream file(std::string(INGRESSFLEET_SOURCE_DIR) + "/crds/ingressfleet.yaml");
    std::ostringstream text;
    text << file.rdbuf();
    return kube::ParseYaml(text.str()).value().at(0);
  }();
  return crd;
}

const Json& Schema() { return Crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]; }

/// Calls `visit(path, node)` for the node and everything below it, with the paths of SchemaNode.
template <class Visit>
void Walk(const Json& node, const std::string& path, Visit visit) {
  visit(path, node);
  for (const auto& [name, child] : kube::ListOf(node, "properties").items()) Walk(child, path + "." + name, visit);
  if (node.contains("items")) Walk(node["items"], path + "[]", visit);
  if (node.contains("additionalProperties")) Walk(node["additionalProperties"], path + "{}", visit);
}

template <class Visit>
void WalkResource(Visit visit) {
  Walk(Schema()["properties"]["spec"], "spec", visit);
  Walk(Schema()["properties"]["status"], "status", visit);
}

std::string TypeOf(const Json& node) {
  return kube::BooleanOf(node, "x-kubernetes-int-or-string") ? "quantity" : std::string(kube::TextOf(node, "type"));
}

std::map<std::string, SchemaNode> FromCode() {
  std::map<std::string, SchemaNode> nodes;
  for (const auto& list : {SpecSchema(), StatusSchema()}) {
    for (const SchemaNode& node : list) nodes[node.path] = node;
  }
  return nodes;
}

TEST(CrdParityTest, EveryFieldOfTheCodeIsInTheCrd) {
  std::set<std::string> in_crd;
  WalkResource([&](const std::string& path, const Json&) { in_crd.insert(path); });
  for (const auto& [path, node] : FromCode())
    EXPECT_TRUE(in_crd.contains(path)) << path << ": add it to crds/ingressfleet.yaml";
}

TEST(CrdParityTest, EveryFieldOfTheCrdIsInTheCode) {
  const auto in_code = FromCode();
  WalkResource([&](const std::string& path, const Json&) {
    EXPECT_TRUE(in_code.contains(path)) << path << ": add it to operator/api/fields.h";
  });
}

TEST(CrdParityTest, TypesAgree) {
  const auto in_code = FromCode();
  WalkResource([&](const std::string& path, const Json& node) {
    const auto found = in_code.find(path);
    if (found == in_code.end()) return;
    EXPECT_EQ(TypeOf(node), found->second.type) << path;
  });
}

TEST(CrdParityTest, EnumsAgree) {
  const auto in_code = FromCode();
  WalkResource([&](const std::string& path, const Json& node) {
    const auto found = in_code.find(path);
    if (found == in_code.end() || found->second.values.empty()) return;
    EXPECT_EQ(node.value("enum", std::vector<std::string>{}), found->second.values) << path;
  });
}

TEST(CrdParityTest, EveryNodeIsDescribed) {
  WalkResource([&](const std::string& path, const Json& node) {
    const std::string_view description = kube::TextOf(node, "description");
    EXPECT_FALSE(description.empty()) << path << ": kubectl explain would show nothing";
    EXPECT_TRUE(description.empty() || description.back() == '.') << path << ": a description is a sentence";
  });
}

TEST(CrdParityTest, EveryListSaysHowItMerges) {
  WalkResource([&](const std::string& path, const Json& node) {
    if (TypeOf(node) != "array") return;
    EXPECT_TRUE(node.contains("x-kubernetes-list-type")) << path;
  });
}

TEST(CrdParityTest, NothingThatTierDefaultsCanSayHasASchemaDefault) {
  WalkResource([&](const std::string& path, const Json& node) {
    if (path.starts_with("spec.tier")) {
      EXPECT_FALSE(node.contains("default")) << path << ": the API server would shadow spec.tierDefaults with it";
    }
  });
}

/// spec.tiers[].x and spec.tierDefaults.x are one schema, except for what makes a tier itself.
TEST(CrdParityTest, TierDefaultsAreATierWithoutIdentity) {
  const Json& spec = Schema()["properties"]["spec"]["properties"];
  Json tier = spec["tiers"]["items"]["properties"];
  tier.erase("name");
  tier.erase("ingressClass");
  EXPECT_EQ(tier, spec["tierDefaults"]["properties"]);
}

TEST(CrdParityTest, EveryRuleHasAMessage) {
  WalkResource([&](const std::string& path, const Json& node) {
    for (const Json& rule : kube::ListOf(node, "x-kubernetes-validations")) {
      EXPECT_FALSE(kube::TextOf(rule, "message").empty()) << path << ": " << kube::TextOf(rule, "rule");
    }
  });
}

}  // namespace
}  // namespace ingressfleet::api
