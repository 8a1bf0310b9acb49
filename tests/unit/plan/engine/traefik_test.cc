// What Traefik is started with, what it refuses, and what of it is part of a revision.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/engine/engine.h"
#include "plan/observe.h"
#include "plan/render/render.h"
#include "support/golden.h"
#include "unit/plan/world.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const Engine& Traefik() { return *FindEngine(api::Engine::kTraefik); }

ResolvedTier Sample() { return World(SampleFleet("traefik.yaml")).Resolved().tiers.front(); }

std::vector<std::string> Arguments(const ResolvedTier& tier) { return Traefik().container(tier, Slot::kA).args; }

TEST(TraefikTest, PlanIsGolden) {
  std::string text;
  for (const effect::Stage& stage : World(SampleFleet("traefik.yaml")).MakePlanNow().difference.batch.stages) {
    text += fmt::format("# {}\n", stage.name);
    for (const effect::Change& change : stage.changes) text += change.object.body().dump(2) + "\n";
  }
  support::ExpectGolden("tests/golden/plan/traefik.txt", text);
}

TEST(TraefikTest, ImagesOfVersionsThatAreSafeToRun) {
  EXPECT_EQ(Traefik().image("registry.test", "3.7.12"), "docker.io/library/traefik:v3.7.12");
  EXPECT_EQ(Traefik().image("registry.test", "3.7.20"), "docker.io/library/traefik:v3.7.20");
  for (const char* version : {"3.7.11", "3.7.", "3.7.12-rc1", "3.7", "3.6.25", "3.8.0", "v3.7.12", ""}) {
    EXPECT_EQ(Traefik().image("registry.test", version), "") << version;
  }
}

struct Case {
  const char* key;
  const char* value;
  const char* rule;  ///< empty = accepted
};

class SettingTest : public testing::TestWithParam<Case> {};

TEST_P(SettingTest, IsChecked) {
  api::Tier tier;
  tier.controller.config = {{GetParam().key, GetParam().value}};
  const api::FieldErrors errors = Traefik().validate(tier, "ingress-fleet", "spec.tiers[0]");
  if (*GetParam().rule == '\0') {
    EXPECT_THAT(errors, IsEmpty());
    return;
  }
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].path, fmt::format("spec.tiers[0].controller.config[{}]", GetParam().key));
  EXPECT_THAT(errors[0].detail, HasSubstr(GetParam().rule));
}

INSTANTIATE_TEST_SUITE_P(
    Settings, SettingTest,
    testing::Values(Case{"accessLog", "json", ""}, Case{"accessLog", "true", "must be one of: off, json"},
                    Case{"readTimeout", "90s", ""}, Case{"readTimeout", "0s", ""}, Case{"idleTimeout", "250ms", ""},
                    Case{"readTimeout", "90", "must be a duration"}, Case{"readTimeout", "-1s", "must be a duration"},
                    Case{"proxyBodySize", "8388608", ""}, Case{"proxyBodySize", "8m", "must be a whole number"},
                    Case{"logLevel", "DEBUG", ""}, Case{"logLevel", "debug", "must be one of: DEBUG"},
                    Case{"strictValidatePathType", "false", ""}, Case{"strictValidatePathType", "no", "true, false"},
                    Case{"allowSnippetAnnotations", "true",
                         "is not a setting of this engine; known: accessLog, aliasHeadersStrategy, idleTimeout"},
                    Case{"dynamic.yml", "http: {}", "is not a setting of this engine"}));

TEST(TraefikTest, DefaultCertificateMustBeWhereItsPodsAre) {
  api::Tier tier;
  tier.tls.default_certificate_ref = api::SecretRef{"ingress-fleet", "wildcard"};
  EXPECT_THAT(Traefik().validate(tier, "ingress-fleet", "spec.tiers[0]"), IsEmpty());
  EXPECT_THAT(Traefik().settings(tier).at("dynamic.yml"), HasSubstr("certFile: /etc/traefik/dynamic/tls.crt"));
  tier.tls.default_certificate_ref->ns = "shop";
  const api::FieldErrors errors = Traefik().validate(tier, "ingress-fleet", "spec.tiers[0]");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0].ToString(), StartsWith("spec.tiers[0].tls.defaultCertificateRef.namespace: Invalid value: \"shop\": "));
}

TEST(TraefikTest, ObeysTheTiersControllerStringAndWritesNoStatus) {
  const auto args = Arguments(Sample());
  EXPECT_THAT(args, Contains("--providers.kubernetesingressnginx.controllerclass=ingressfleet.io/traefik-edge"));
  EXPECT_THAT(args, Contains("--providers.kubernetesingressnginx.ingressclass=edge"));
  EXPECT_THAT(args, Contains("--providers.kubernetesingressnginx.watchingresswithoutclass=false"));
  EXPECT_THAT(args, Not(Contains(HasSubstr("publish"))));
}

TEST(TraefikTest, DrainsOnEveryEntryPoint) {
  ResolvedTier tier = Sample();
  tier.pre_stop_delay_seconds = 7;
  tier.drain_seconds = 70;
  const auto args = Arguments(tier);
  for (const char* name : {"web", "websecure", "traefik"}) {
    EXPECT_THAT(args, Contains(fmt::format("--entrypoints.{}.transport.lifecycle.requestacceptgracetimeout=7s", name)));
    EXPECT_THAT(args, Contains(fmt::format("--entrypoints.{}.transport.lifecycle.gracetimeout=70s", name)));
  }
  EXPECT_THAT(args, Contains("--entrypoints.web.transport.keepalivemaxtime=7s"));
}

TEST(TraefikTest, SettingsOfTheUserWin) {
  ResolvedTier tier = Sample();
  tier.controller.settings = {{"accessLog", "off"}, {"keepAliveMaxTime", "1h"}, {"logLevel", "ERROR"}, {"proxyBodySize", "0"}};
  const auto args = Arguments(tier);
  EXPECT_THAT(args, Contains("--entrypoints.websecure.transport.keepalivemaxtime=1h"));
  EXPECT_THAT(args, Contains("--log.level=ERROR"));
  EXPECT_THAT(args, Contains("--providers.kubernetesingressnginx.proxybodysize=0"));
  EXPECT_THAT(args, Not(Contains(StartsWith("--accesslog"))));
}

TEST(TraefikTest, BelievesTheProxyProtocolOnlyOfThoseThatMaySendIt) {
  ResolvedTier tier = Sample();
  EXPECT_THAT(Arguments(tier), Not(Contains(HasSubstr("proxyprotocol"))));
  tier.listeners.proxy_protocol = true;
  tier.trusted_proxies = {"10.20.0.0/28", "10.30.0.1/32"};
  EXPECT_THAT(Arguments(tier), Contains("--entrypoints.web.proxyprotocol.trustedips=10.20.0.0/28,10.30.0.1/32"));
  EXPECT_THAT(Arguments(tier), Contains("--entrypoints.websecure.proxyprotocol.trustedips=10.20.0.0/28,10.30.0.1/32"));
  EXPECT_THAT(Arguments(tier), Not(Contains(HasSubstr("proxyprotocol.insecure"))));
}

TEST(TraefikTest, ReadsOnlyAndOnlyWhatItNeeds) {
  ResolvedTier tier = Sample();
  for (const Json& rule : Traefik().cluster_rules(tier)) EXPECT_EQ(rule["verbs"], (Json{"list", "watch"}));
  EXPECT_EQ(Traefik().cluster_rules(tier).dump().find("namespaces"), std::string::npos);
  EXPECT_TRUE(Traefik().namespace_rules(tier).empty());
  tier.namespace_selector = {{"matchLabels", {{"env", "staging"}}}};
  EXPECT_NE(Traefik().cluster_rules(tier).dump().find("namespaces"), std::string::npos);
  EXPECT_THAT(Arguments(tier), Contains("--providers.kubernetesingressnginx.watchnamespaceselector=env in (staging)"));
  EXPECT_THAT(Traefik().notices(tier), Contains(HasSubstr("labels of namespaces when it starts")));
}

TEST(TraefikTest, TheAccessListIsPartOfTheRevision) {
  const ResolvedTier tier = Sample();
  ResolvedTier other = tier;
  other.allowed_source_ranges = {"10.0.0.0/8"};
  EXPECT_NE(Revision(other), Revision(tier));
}

struct List {
  std::vector<std::string> ranges;
  bool held_by_proxy;
  std::vector<std::string> fixed;
};

class FixedRangesTest : public testing::TestWithParam<List> {};

TEST_P(FixedRangesTest, AreReadFromTheTemplate) {
  ResolvedTier tier = Sample();
  tier.allowed_source_ranges = GetParam().ranges;
  tier.enforcement.proxy = GetParam().held_by_proxy;
  const Json container{{"env", Traefik().container(tier, Slot::kA).env}};
  EXPECT_FALSE(container["env"][0]["value"].get<std::string>().empty()) << "Traefik takes no empty list";
  EXPECT_EQ(Traefik().fixed_ranges(container), GetParam().fixed);
}

INSTANTIATE_TEST_SUITE_P(Lists, FixedRangesTest,
                         testing::Values(List{{"10.0.0.0/8", "2001:db8::/32"}, true, {"10.0.0.0/8", "2001:db8::/32"}},
                                         List{{}, true, {}}, List{{"10.0.0.0/8"}, false, {"0.0.0.0/0", "::/0"}}));

TEST(TraefikTest, ProbesAreLetInWithoutANewRevision) {
  ResolvedTier tier = Sample();
  const RevisionBody body = MakeRevision(tier);
  const std::string before(RenderSettings(tier, Slot::kB, body).Text("/data/dynamic.yml"));
  tier.probe_sources = {"10.244.0.5", "2001:db8::5"};
  EXPECT_EQ(Revision(tier), body.hash);
  EXPECT_EQ(MakeRevision(tier).b, body.b);
  const std::string after(RenderSettings(tier, Slot::kB, body).Text("/data/dynamic.yml"));
  EXPECT_THAT(
      after,
      StartsWith(
          R"({{- $admitted := concat (splitList "," (env "ALLOWED_SOURCE_RANGES")) (list "10.244.0.5" "2001:db8::5") -}})"));
  EXPECT_EQ(after.substr(after.find('\n')), before.substr(before.find('\n')));
}

TEST(TraefikTest, ItsListIsInForceWhenAllReadyPodsAreOfTheRevisionThatHasIt) {
  const ResolvedTier tier = Sample();
  ObservedSlot slot{.engine = "Traefik",
                    .fixed_ranges = tier.allowed_source_ranges,
                    .ready_pods = {"edge-a-1", "edge-a-2"},
                    .ready_of_revision = 2};
  EXPECT_TRUE(LiveConfigInForce(tier, slot));
  slot.ready_of_revision = 1;
  EXPECT_FALSE(LiveConfigInForce(tier, slot)) << "one pod is of another revision";
  slot.ready_of_revision = 2;
  slot.fixed_ranges = {"0.0.0.0/0"};
  EXPECT_FALSE(LiveConfigInForce(tier, slot)) << "the revision is of an earlier specification";
  slot = {.engine = "Traefik", .fixed_ranges = tier.allowed_source_ranges};
  EXPECT_FALSE(LiveConfigInForce(tier, slot)) << "nobody is ready";
}

TEST(TraefikTest, BothEnginesKeepTheirRightsWhileOneReplacesTheOther) {
  const ResolvedTier tier = Sample();
  const Engine* haproxy = FindEngine(api::Engine::kHAProxy);
  const Json rules = RenderRbac(tier, {haproxy, &Traefik()}).front().body()["rules"];
  for (const Engine* engine : {haproxy, &Traefik()}) {
    for (const Json& rule : engine->cluster_rules(tier))
      EXPECT_NE(std::find(rules.begin(), rules.end(), rule), rules.end()) << rule;
  }
}

}  // namespace
}  // namespace ingressfleet::plan
