#include "compile/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "golden/agent/fixture.h"
#include "kube/yaml.h"
#include "support/golden.h"

namespace ingressfleet::agent {
namespace {

using fixture::LoadSnapshot;
using fixture::ReadFile;

std::string Source(const std::string& name) { return std::string(INGRESSFLEET_SOURCE_DIR) + "/tests/golden/agent/" + name; }

class CompileGoldenTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CompileGoldenTest, Table) {
  const auto yaml = ReadFile(Source(std::string(GetParam()) + ".in.yaml"));
  ASSERT_FALSE(yaml.empty());
  support::ExpectGolden(std::string("tests/golden/agent/") + GetParam() + ".table.txt", Compile(LoadSnapshot(yaml)).Print());
}

// The order in which objects arrive never matters.
TEST_P(CompileGoldenTest, OrderOfObjectsIsIrrelevant) {
  const auto yaml = ReadFile(Source(std::string(GetParam()) + ".in.yaml"));
  auto documents = *kube::ParseYaml(yaml);
  const auto wanted = Compile(LoadSnapshot(yaml)).Print();
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    std::shuffle(documents.begin(), documents.end(), random);
    Snapshot snapshot = LoadSnapshot("");
    for (const kube::Json& document : documents) fixture::AddObject(snapshot, kube::Object(document));
    EXPECT_EQ(Compile(snapshot).Print(), wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, CompileGoldenTest,
                         ::testing::Values("hosts-and-paths", "backends", "classes-and-conflicts", "certificates", "closed"));

TEST(CompileTest, ClassStates) {
  Snapshot snapshot = LoadSnapshot(R"(
kind: Ingress
metadata: {name: i, namespace: a}
spec: {ingressClassName: fleet, defaultBackend: {service: {name: s, port: {number: 80}}}})");
  for (const auto& [state, served] : std::vector<std::pair<ClassState, std::size_t>>{
           {ClassState::kServed, 1}, {ClassState::kKept, 1}, {ClassState::kMissing, 0}, {ClassState::kForeign, 0}}) {
    snapshot.class_state = state;
    const auto table = Compile(snapshot);
    EXPECT_EQ(table.ingresses, served);
    const bool told = std::any_of(table.problems.begin(), table.problems.end(),
                                  [](const Problem& problem) { return problem.reason.starts_with("IngressClass"); });
    EXPECT_EQ(told, state != ClassState::kServed);
  }
}

TEST(CompileTest, ReferencedSecretsAreThoseOfServedIngressesAndTheDefault) {
  Snapshot snapshot = LoadSnapshot(R"(
kind: Ingress
metadata: {name: ours, namespace: a}
spec: {ingressClassName: fleet, tls: [{secretName: one}, {hosts: [x.test]}]}
---
kind: Ingress
metadata: {name: other, namespace: a}
spec: {ingressClassName: other, tls: [{secretName: two}]}
---
kind: ConfigMap
metadata: {name: live, namespace: fleet}
data: {allowedSourceRanges: "", defaultCertificate: fleet/default})");
  EXPECT_THAT(ReferencedSecrets(snapshot), ::testing::ElementsAre("a/one", "fleet/default"));
}

TEST(LiveConfigTest, FailsClosed) {
  const auto decode = [](const char* data) {
    const kube::Object object(kube::Json{{"data", kube::Json::parse(data)}});
    return DecodeLiveConfig(&object);
  };
  EXPECT_EQ(DecodeLiveConfig(nullptr).error, "the ConfigMap does not exist");
  for (const char* bad : {R"({})", R"({"allowedSourceRanges": 5})", R"({"allowedSourceRanges": "10.0.0.1"})",
                          R"({"allowedSourceRanges": "10.0.0.0/8", "trustedProxies": "x"})",
                          R"({"allowedSourceRanges": "10.0.0.0/8", "namespaceSelector": "{"})",
                          R"({"allowedSourceRanges": "10.0.0.0/8", "namespaceSelector": "{\"matchExpressions\":[{}]}"})"}) {
    const auto live = decode(bad);
    EXPECT_NE(live.error, "") << bad;
    EXPECT_TRUE(live.allowed_source_ranges.empty()) << bad;
  }
  const auto live = decode(R"({"allowedSourceRanges": " 10.0.0.0/8 \r\n\n::/0\n", "hash": "h"})");
  EXPECT_EQ(live.error, "");
  EXPECT_THAT(live.allowed_source_ranges, ::testing::ElementsAre("10.0.0.0/8", "::/0"));
  EXPECT_EQ(decode(R"({"allowedSourceRanges": ""})").error, "") << "an empty list is a valid way to let nobody in";
}

TEST(LiveConfigTest, ProbeSourcesAreAddressesAndFailByThemselves) {
  const auto decode = [](const char* sources) {
    return DecodeLiveConfig(
        std::make_unique<kube::Object>(kube::Json{{"data", {{"allowedSourceRanges", "10.0.0.0/8"}, {"probeSources", sources}}}})
            .get());
  };
  EXPECT_THAT(decode("10.244.1.9\n10.244.0.5\n10.244.1.9\n2001:DB8::1").probe_sources,
              ::testing::ElementsAre("10.244.0.5", "10.244.1.9", "2001:db8::1"));
  for (const char* bad : {"10.244.0.5\n10.0.0.0/8", "10.244.0.5/32", "x", "10.244.0.5 # mine"}) {
    const auto live = decode(bad);
    EXPECT_THAT(live.probe_sources, ::testing::IsEmpty()) << bad;
    EXPECT_THAT(live.probe_sources_error, ::testing::HasSubstr("probeSources: ")) << bad;
    EXPECT_THAT(live.allowed_source_ranges, ::testing::ElementsAre("10.0.0.0/8")) << "the rest is in force: " << bad;
    Snapshot snapshot = LoadSnapshot("");
    snapshot.live = live;
    EXPECT_THAT(Compile(snapshot).problems, ::testing::Contains(::testing::Field(&Problem::reason, "LiveConfigInvalid")))
        << bad;
  }
}

}  // namespace
}  // namespace ingressfleet::agent
