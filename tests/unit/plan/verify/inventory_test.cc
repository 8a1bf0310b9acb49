#include "plan/verify/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/yaml.h"

namespace ingressfleet::plan::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

ResolvedTier Tier() {
  ResolvedTier tier;
  tier.name = "public";
  tier.class_name = "public";
  return tier;
}

Snapshot World(const std::string& yaml) {
  Snapshot snapshot;
  std::vector<kube::Json> documents = kube::ParseYaml(yaml).value();
  for (kube::Json& document : documents) {
    auto object = std::make_shared<kube::Object>(std::move(document));
    if (object->Kind() == "Ingress") {
      snapshot.ingresses.push_back(object);
    } else {
      snapshot.objects[object->Key()] = object;
    }
  }
  return snapshot;
}

std::vector<std::string> Urls(const Inventory& inventory) {
  std::vector<std::string> urls;
  for (const Target& target : inventory.targets) urls.push_back(target.ToString());
  return urls;
}

const char* const kNobody = "http://ingressfleet-probe.invalid/ (a host that no Ingress names)";
const char* const kNobodyTls = "https://ingressfleet-probe.invalid/ (a host that no Ingress names)";

TEST(InventoryTest, EveryHostAndPathOfTheClass) {
  const Snapshot snapshot = World(R"yaml(
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  tls: [{hosts: [Shop.test, only-tls.test]}]
  rules:
  - host: shop.test
    http: {paths: [{path: /, pathType: Prefix}, {path: /a b/ü, pathType: Exact}]}
  - host: "*.wild.test"
    http: {paths: [{path: "/v1(/|$)(.*)", pathType: ImplementationSpecific}, {path: "/x(1)", pathType: Prefix}]}
  - http: {paths: [{pathType: ImplementationSpecific}]}
  - host: bare.test
---
kind: Ingress
metadata: {name: api, namespace: shop, annotations: {kubernetes.io/ingress.class: public}}
spec:
  defaultBackend: {service: {name: x}}
  rules: [{host: shop.test, http: {paths: [{path: /, pathType: Prefix}]}}]
---
kind: Ingress
metadata: {name: other, namespace: shop}
spec: {ingressClassName: internal, rules: [{host: other.test}]}
)yaml");
  ;
  EXPECT_THAT(
      Urls(MakeInventory(Tier(), snapshot)),
      ElementsAre("http://any.ingressfleet-probe.invalid/ (Ingress shop/api)", "http://bare.test/ (Ingress shop/web)", kNobody,
                  "http://ingressfleet-probe.wild.test/v1 (Ingress shop/web)",
                  "http://ingressfleet-probe.wild.test/v1(/%7C$)(.*) (Ingress shop/web)",
                  "http://ingressfleet-probe.wild.test/x(1) (Ingress shop/web)", "http://shop.test/ (Ingress shop/api)",
                  "http://shop.test/a%20b/%C3%BC (Ingress shop/web)", kNobodyTls, "https://only-tls.test/ (Ingress shop/web)",
                  "https://shop.test/ (Ingress shop/web)", "https://shop.test/a%20b/%C3%BC (Ingress shop/web)"));
}

TEST(InventoryTest, ATierWithoutIngressesHasTheHostThatNobodyNames) {
  EXPECT_THAT(Urls(MakeInventory(Tier(), Snapshot())), ElementsAre(kNobody, kNobodyTls));
}

TEST(InventoryTest, WhatCannotBeARequestIsLeftOut) {
  const Snapshot snapshot = World(R"(
kind: Ingress
metadata: {name: odd, namespace: a}
spec:
  ingressClassName: public
  rules: [{host: "a b", http: {paths: [{path: /}]}}, {host: a.test, http: {paths: [{path: relative}]}}, {host: "a.test/x"}]
)");
  EXPECT_THAT(Urls(MakeInventory(Tier(), snapshot)), ElementsAre(kNobody, kNobodyTls));
}

TEST(InventoryTest, OnlyNamespacesThatTheTierServes) {
  const Snapshot snapshot = World(R"(
kind: Namespace
apiVersion: v1
metadata: {name: in, labels: {team: a}}
---
kind: Namespace
apiVersion: v1
metadata: {name: out}
---
kind: Ingress
metadata: {name: i, namespace: in}
spec: {ingressClassName: public, rules: [{host: in.test}]}
---
kind: Ingress
metadata: {name: i, namespace: out}
spec: {ingressClassName: public, rules: [{host: out.test}]}
)");
  ResolvedTier tier = Tier();
  tier.namespace_selector = {{"matchLabels", {{"team", "a"}}}};
  EXPECT_THAT(Urls(MakeInventory(tier, snapshot)), ElementsAre("http://in.test/ (Ingress in/i)", kNobody, kNobodyTls));
}

Snapshot Many(int ingresses, int paths) {
  Snapshot snapshot;
  for (int i = 0; i < ingresses; ++i) {
    kube::Json rules = kube::Json::array();
    for (int path = 0; path < paths; ++path) {
      rules.push_back({{"host", fmt::format("h{}.test", i)},
                       {"http", {{"paths", {{{"path", fmt::format("/{}", path)}, {"pathType", "Exact"}}}}}}});
    }
    snapshot.ingresses.push_back(
        std::make_shared<kube::Object>(kube::Json{{"kind", "Ingress"},
                                                  {"metadata", {{"name", fmt::format("i{}", i)}, {"namespace", "a"}}},
                                                  {"spec", {{"ingressClassName", "public"}, {"rules", std::move(rules)}}}}));
  }
  return snapshot;
}

TEST(InventoryTest, ASampleHasOneOfEachIngressAndIsTheSameEverywhere) {
  Snapshot snapshot = Many(40, 10);
  const Inventory all = MakeInventory(Tier(), snapshot);
  EXPECT_EQ(all.total, 402U);
  EXPECT_EQ(all.targets.size(), 402U);
  const Inventory sample = MakeInventory(Tier(), snapshot, 50);
  EXPECT_EQ(sample.total, 402U);
  EXPECT_EQ(sample.hash, all.hash);
  ASSERT_EQ(sample.targets.size(), 50U);
  EXPECT_TRUE(std::is_sorted(sample.targets.begin(), sample.targets.end()));
  std::set<std::string> ingresses;
  for (const Target& target : sample.targets) ingresses.insert(target.ingress);
  EXPECT_EQ(ingresses.size(), 41U) << "all 40, and the host that nobody names";
  std::reverse(snapshot.ingresses.begin(), snapshot.ingresses.end());
  EXPECT_EQ(MakeInventory(Tier(), snapshot, 50).targets, sample.targets) << "the order of the Ingresses means nothing";
  EXPECT_EQ(MakeInventory(Tier(), snapshot, 10).targets.size(), 10U);
}

TEST(InventoryTest, OneMoreIngressChangesLittleOfASample) {
  const auto few = MakeInventory(Tier(), Many(40, 10), 50), more = MakeInventory(Tier(), Many(41, 10), 50);
  EXPECT_NE(few.hash, more.hash);
  std::size_t kept = 0;
  for (const Target& target : few.targets) kept += std::binary_search(more.targets.begin(), more.targets.end(), target) ? 1 : 0;
  EXPECT_GE(kept, 48U);
}

TEST(InventoryTest, AChangedIngressIsAnotherQuestionWithTheSameHash) {
  Snapshot snapshot = Many(1, 1);
  const Inventory before = MakeInventory(Tier(), snapshot);
  kube::Object changed = *snapshot.ingresses[0];
  changed.body()["metadata"]["resourceVersion"] = "8";
  snapshot.ingresses[0] = std::make_shared<kube::Object>(std::move(changed));
  const Inventory after = MakeInventory(Tier(), snapshot);
  EXPECT_EQ(before.hash, after.hash);
  EXPECT_THAT(after.targets, Not(Contains(before.targets[0])));
}

}  // namespace
}  // namespace ingressfleet::plan::verify
