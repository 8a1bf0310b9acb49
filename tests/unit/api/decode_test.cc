#include "api/decode.h"

#include "api/encode.h"
#include "unit/api/fixture.h"

namespace ingressfleet::api {
namespace {

std::string Errors(const std::string& patch) {
  const Decoded decoded = DecodeFleet(kube::Object(Patched(BaseFleet(), patch)));
  EXPECT_EQ(decoded.fleet.has_value(), decoded.errors.empty());
  return Text(decoded.errors);
}

TEST(DecodeTest, ReadsMetadata) {
  const Decoded decoded = DecodeFleet(kube::Object(
      Patched(BaseFleet(), "/metadata: {name: n, uid: u, generation: 7, deletionTimestamp: '2026-03-01T12:00:00Z'}")));
  ASSERT_TRUE(decoded.fleet);
  EXPECT_EQ(decoded.fleet->name, "n");
  EXPECT_EQ(decoded.fleet->uid, "u");
  EXPECT_EQ(decoded.fleet->generation, 7);
  EXPECT_TRUE(decoded.fleet->deleting);
}

TEST(DecodeTest, TellsUnsaidFromEmpty) {
  const Fleet fleet =
      *DecodeFleet(kube::Object(Patched(
                       BaseFleet(), "{/spec/tiers/0/access: {allowedSourceRanges: []}, /spec/tiers/1/namespaceSelector: {}}")))
           .fleet;
  EXPECT_TRUE(fleet.tiers[0].access.allowed_source_ranges.has_value());
  EXPECT_FALSE(fleet.tiers[1].access.allowed_source_ranges.has_value());
  EXPECT_FALSE(fleet.tiers[0].namespace_selector.has_value());
  EXPECT_EQ(fleet.tiers[1].namespace_selector, kube::Json::object());
}

TEST(DecodeTest, RefusesAnotherKind) {
  EXPECT_EQ(Errors("{/apiVersion: ingressfleet.io/v2, /kind: Fleet, /tiers: []}"),
            "apiVersion: Unsupported value: \"ingressfleet.io/v2\": must be ingressfleet.io/v1alpha1\n"
            "kind: Unsupported value: \"Fleet\": must be IngressFleet\n"
            "tiers: Unknown field: everything a user declares stands below spec");
  EXPECT_FALSE(DecodeFleet(kube::Object(kube::Json::array())).fleet);
}

struct Case {
  const char* name;
  const char* patch;
  const char* errors;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

class DecodeErrorTest : public testing::TestWithParam<Case> {};

TEST_P(DecodeErrorTest, Says) { EXPECT_EQ(Errors(GetParam().patch), GetParam().errors); }

const Case kCases[] = {
    {"SpecIsAList", "/spec: []", "spec: Invalid value: []: must be a map"},
    {"TiersAreAMap", "/spec/tiers: {public: {}}", R"(spec.tiers: Invalid value: {"public":{}}: must be a list)"},
    {"TierIsAText", "/spec/tiers/1: private", R"(spec.tiers[1]: Invalid value: "private": must be a map)"},
    {"NumberForText", "/spec/tiers/0/controller/version: 0.5",
     "spec.tiers[0].controller.version: Invalid value: 0.5: must be a string; put it in quotes"},
    {"NullForText", "/spec/tiers/0/controller: {engine: ~}",
     "spec.tiers[0].controller.engine: Invalid value: null: must be a string"},
    {"TextForInteger", "/spec/tiers/0/workload: {replicas: two}",
     R"(spec.tiers[0].workload.replicas: Invalid value: "two": must be an integer)"},
    {"FractionForInteger", "/spec/tiers/0/workload: {replicas: 1.5}",
     "spec.tiers[0].workload.replicas: Invalid value: 1.5: must be an integer"},
    {"TextForFlag", "/spec/paused: 'yes'", R"(spec.paused: Invalid value: "yes": must be true or false)"},
    {"TextForList", "/spec/tiers/0/access/allowedSourceRanges: 10.0.0.0/8",
     R"(spec.tiers[0].access.allowedSourceRanges: Invalid value: "10.0.0.0/8": must be a list)"},
    {"FlagInMap", "/spec/tiers/0/controller/config: {use-http2: true}",
     "spec.tiers[0].controller.config[use-http2]: Invalid value: true: must be a string; put it in quotes"},
    {"FractionForQuantity", "/spec/tiers/0/workload: {resources: {limits: {cpu: 0.5}}}",
     "spec.tiers[0].workload.resources.limits[cpu]: Invalid value: 0.5: must be an integer or a quantity in quotes"},
    {"EngineUnknown", "/spec/tiers/0/controller/engine: Nginx",
     R"(spec.tiers[0].controller.engine: Unsupported value: "Nginx": supported values: "HAProxy", "Traefik", "F5NGINX", "HAProxyTech", "HAProxyIngress", "IngressNGINX", "Custom"; did you mean "F5NGINX"?)"},
    {"EngineInLowerCase", "/spec/tiers/0/controller/engine: haproxy",
     R"(spec.tiers[0].controller.engine: Unsupported value: "haproxy": supported values: "HAProxy", "Traefik", "F5NGINX", "HAProxyTech", "HAProxyIngress", "IngressNGINX", "Custom"; did you mean "HAProxy"?)"},
    {"ScopeUnknown", "/spec/tiers/0/publishing/loadBalancer/scope: Public",
     R"(spec.tiers[0].publishing.loadBalancer.scope: Unsupported value: "Public": supported values: "Internal", "External")"},
    {"LayerUnknown", "/spec/tiers/0/access/enforcement: [Proxy, Firewall]",
     R"(spec.tiers[0].access.enforcement[1]: Unsupported value: "Firewall": supported values: "LoadBalancer", "Proxy", "NetworkPolicy")"},
    {"UnknownClose", "/spec/tiers/0/acces: {}", R"(spec.tiers[0].acces: Unknown field: did you mean "access"?)"},
    {"UnknownPart", "/spec/tiers/0/access/sourceRanges: []",
     R"(spec.tiers[0].access.sourceRanges: Unknown field: did you mean "allowedSourceRanges"?)"},
    {"UnknownFar", "/spec/defaultClass/zzz: 1",
     "spec.defaultClass.zzz: Unknown field: remove it; the fields here are tierName, allowExternal"},
    {"UnknownInKubernetesMember", "/spec/tiers/0/namespaceSelector: {matchLabel: {a: b}}",
     R"(spec.tiers[0].namespaceSelector.matchLabel: Unknown field: did you mean "matchLabels"?)"},
    {"UnknownInToleration", "/spec/tiers/0/workload: {tolerations: [{keys: a}]}",
     R"(spec.tiers[0].workload.tolerations[0].keys: Unknown field: did you mean "key"?)"},
    {"ClassInDefaults", "/spec/tierDefaults: {ingressClass: {name: a}, controller: {}, name: x, workload: {}}",
     "spec.tierDefaults.ingressClass: Unknown field: remove it; the fields here are controller, namespaceSelector, workload, "
     "publishing, access, tls, upgrade, networkPolicy\n"
     "spec.tierDefaults.name: Unknown field: remove it; the fields here are controller, namespaceSelector, workload, "
     "publishing, access, tls, upgrade, networkPolicy"},
    {"EverythingAtOnce", "{/spec/pause: true, /spec/tiers/0/name: 1, /spec/tiers/1/publishing: [], /spec/tierDefaults: 3}",
     "spec.tierDefaults: Invalid value: 3: must be a map\n"
     "spec.tiers[0].name: Invalid value: 1: must be a string; put it in quotes\n"
     "spec.tiers[1].publishing: Invalid value: []: must be a map\n"
     "spec.pause: Unknown field: did you mean \"paused\"?"},
    {"InDefaultsOnlyOnce", "/spec/tierDefaults: {workload: {replicas: x}}",
     R"(spec.tierDefaults.workload.replicas: Invalid value: "x": must be an integer)"},
};

INSTANTIATE_TEST_SUITE_P(Table, DecodeErrorTest, testing::ValuesIn(kCases), testing::PrintToStringParamName());

TEST(DecodeTest, ShortensWhatItShows) {
  const std::string errors = Errors("/spec/tiers/0/workload: {replicas: " + std::string(500, 'x') + "}");
  EXPECT_LT(errors.size(), 200U);
}

TEST(DecodeTest, SurvivesTextThatIsNotUtf8) {
  kube::Json fleet = BaseFleet();
  fleet["spec"]["tiers"][0]["controller"]["engine"] = "\xff";
  fleet["spec"]["tiers"][0]["name"] = "\xff";
  EXPECT_FALSE(AcceptFleet(kube::Object(fleet)).fleet);
  fleet["spec"]["tiers"][0]["controller"]["engine"] = "HAProxy";
  EXPECT_FALSE(AcceptFleet(kube::Object(fleet)).fleet);
}

class SampleTest : public testing::TestWithParam<const char*> {};

TEST_P(SampleTest, IsAcceptedAndEncodesBack) {
  const Decoded decoded = AcceptFleet(kube::Object(Yaml(ReadSource(std::string("crds/samples/") + GetParam()))));
  ASSERT_TRUE(decoded.fleet) << Text(decoded.errors);
  const kube::Object encoded = EncodeFleet(*decoded.fleet);
  const Decoded again = DecodeFleet(encoded);
  ASSERT_TRUE(again.fleet) << Text(again.errors);
  EXPECT_EQ(EncodeFleet(*again.fleet), encoded);
  EXPECT_TRUE(AcceptFleet(encoded).fleet);
}

INSTANTIATE_TEST_SUITE_P(All, SampleTest, testing::Values("three-tiers.yaml", "aws.yaml", "bare-metal.yaml"));

}  // namespace
}  // namespace ingressfleet::api
