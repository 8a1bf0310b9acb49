#include "api/tier_defaults.h"

#include "api/encode.h"
#include "unit/api/fixture.h"

namespace ingressfleet::api {
namespace {

struct Case {
  const char* name;
  const char* defaults;
  const char* tier;
  const char* merged;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

class MergeTierTest : public testing::TestWithParam<Case> {};

TEST_P(MergeTierTest, Merges) {
  const kube::Json defaults = Yaml(GetParam().defaults);
  const kube::Json merged = MergeTier(defaults, Yaml(GetParam().tier));
  EXPECT_EQ(merged, Yaml(GetParam().merged));
  EXPECT_EQ(MergeTier(defaults, merged), merged) << "merging twice changes nothing";
}

const Case kCases[] = {
    {"NoDefaults", "{}", "{name: a, access: {allowedSourceRanges: []}}", "{name: a, access: {allowedSourceRanges: []}}"},
    {"EmptyTier", "{workload: {replicas: 3}}", "{name: a}", "{name: a, workload: {replicas: 3}}"},
    {"ValueOfTheTierWins", "{workload: {replicas: 3}}", "{workload: {replicas: 1}}", "{workload: {replicas: 1}}"},
    {"MapsMerge", "{controller: {engine: HAProxy, config: {a: '1', b: '1'}}}", "{controller: {config: {b: '2', c: '2'}}}",
     "{controller: {engine: HAProxy, config: {a: '1', b: '2', c: '2'}}}"},
    {"ListsReplace", "{access: {allowedSourceRanges: [10.0.0.0/8]}}", "{access: {allowedSourceRanges: [192.0.2.0/24]}}",
     "{access: {allowedSourceRanges: [192.0.2.0/24]}}"},
    {"AnEmptyListReplaces", "{access: {allowedSourceRanges: [10.0.0.0/8]}}", "{access: {allowedSourceRanges: []}}",
     "{access: {allowedSourceRanges: []}}"},
    {"AnotherTypeTakesNoMember",
     "{publishing: {type: LoadBalancer, protocol: PROXY, externalTrafficPolicy: Local, loadBalancer: {scope: Internal}}}",
     "{publishing: {type: HostNetwork}}", "{publishing: {type: HostNetwork, protocol: PROXY}}"},
    {"AnotherTypeKeepsTheTrafficPolicyItHas",
     "{publishing: {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancer: {scope: Internal}}}",
     "{publishing: {type: NodePort}}", "{publishing: {type: NodePort, externalTrafficPolicy: Local}}"},
    {"DefaultsForTwoTypes", "{publishing: {loadBalancer: {provider: AWS}, hostNetwork: {httpPort: 8080}}}",
     "{publishing: {type: LoadBalancer}}", "{publishing: {type: LoadBalancer, loadBalancer: {provider: AWS}}}"},
    {"OwnMemberOfAWrongTypeStaysToBeRefused", "{publishing: {type: LoadBalancer}}",
     "{publishing: {type: Private, loadBalancer: {scope: Internal}}}",
     "{publishing: {type: Private, loadBalancer: {scope: Internal}}}"},
    {"AnotherEngineTakesNoVersion",
     "{controller: {engine: HAProxy, version: '1', image: x, imagePullPolicy: Always, config: {a: '1'}}}",
     "{controller: {engine: Traefik, config: {b: '2'}}}",
     "{controller: {engine: Traefik, imagePullPolicy: Always, config: {b: '2'}}}"},
    {"AnotherEngineKeepsItsOwnVersion", "{controller: {engine: HAProxy, version: '1'}}",
     "{controller: {engine: Traefik, version: '2'}}", "{controller: {engine: Traefik, version: '2'}}"},
    {"TheSameEngineTakesTheVersion", "{controller: {engine: HAProxy, version: '1'}}", "{controller: {engine: HAProxy}}",
     "{controller: {engine: HAProxy, version: '1'}}"},
    {"DefaultsWithoutEngineGoToAll", "{controller: {version: '1'}}", "{controller: {engine: Traefik}}",
     "{controller: {engine: Traefik, version: '1'}}"},
    {"DaemonSetTakesNoReplicas", "{workload: {replicas: 3, nodeSelector: {a: b}}}", "{workload: {kind: DaemonSet}}",
     "{workload: {kind: DaemonSet, nodeSelector: {a: b}}}"},
    {"HostNetworkTakesNoReplicas", "{workload: {replicas: 3}}", "{publishing: {type: HostNetwork}}",
     "{workload: {}, publishing: {type: HostNetwork}}"},
    {"HostNetworkDeploymentTakesReplicas", "{workload: {replicas: 3}}",
     "{publishing: {type: HostNetwork}, workload: {kind: Deployment}}",
     "{publishing: {type: HostNetwork}, workload: {kind: Deployment, replicas: 3}}"},
};

INSTANTIATE_TEST_SUITE_P(Table, MergeTierTest, testing::ValuesIn(kCases), testing::PrintToStringParamName());

std::string Errors(const std::string& patch) { return Text(AcceptFleet(kube::Object(Patched(BaseFleet(), patch))).errors); }

TEST(TierDefaultsTest, AnErrorIsReportedWhereItStandsAndOnce) {
  EXPECT_EQ(Errors("/spec/tierDefaults: {workload: {shutdown: {drainSeconds: -1}}}"),
            "spec.tierDefaults.workload.shutdown.drainSeconds: Invalid value: -1: must be between 0 and 3600 seconds");
  EXPECT_EQ(Errors("/spec/tierDefaults: {access: {allowedSourceRanges: [10.0.0.0/8, x]}}"),
            "spec.tierDefaults.access.allowedSourceRanges[1]: Invalid value: \"x\": must be a CIDR with a prefix length, e.g. "
            "10.0.0.0/8");
  EXPECT_EQ(Errors("/spec/tierDefaults: {workload: {nodeSelector: {example.com/a: '-'}}}"),
            "spec.tierDefaults.workload.nodeSelector[example.com/a]: Invalid value: \"-\": must be the value of a label");
}

TEST(TierDefaultsTest, WhatTheTierSaysIsReportedThere) {
  EXPECT_EQ(
      Errors("{/spec/tierDefaults: {workload: {replicas: 5}}, /spec/tiers/0/workload: {replicas: 0}}"),
      "spec.tiers[0].workload.replicas: Invalid value: 0: must be between 1 and 1000; a tier that is not wanted is removed "
      "from spec.tiers");
}

TEST(TierDefaultsTest, WhatNobodySaysIsMissingInTheTier) {
  EXPECT_EQ(
      Errors("{/spec/tierDefaults: {access: {}}, /spec/tiers/0/access: null}"),
      "spec.tiers[0].access.allowedSourceRanges: Required value: an External tier says who may reach it: list the ranges, "
      "or write 0.0.0.0/0 (and ::/0) to open it to everyone");
}

TEST(TierDefaultsTest, AClashInheritedNamesBothTiers) {
  EXPECT_EQ(
      Errors("{/spec/tierDefaults: {publishing: {nodePort: {http: 30000}}}, /spec/tiers/3/publishing: {type: NodePort}, "
             "/spec/tiers/1/publishing: {type: NodePort}}"),
      "spec.tierDefaults.publishing.nodePort.http: Duplicate value: 30000: tiers \"private\" and \"hardware\" want the same "
      "port; a node port exists once in a cluster, choose another");
}

TEST(TierDefaultsTest, WritingEverythingInTheTiersIsTheSameFleet) {
  const std::string rest = ", /spec/defaultClass: null}";
  const Fleet inherited = Accepted(
      "{/spec/tierDefaults: {controller: {engine: HAProxy, version: 1.0.0}, publishing: {type: Private}}, "
      "/spec/tiers: [{name: a}, {name: b, workload: {replicas: 4}}]" +
      rest);
  const Fleet written = Accepted(
      "{/spec/tiers: [{name: a, controller: {engine: HAProxy, version: 1.0.0}, publishing: {type: Private}}, "
      "{name: b, controller: {engine: HAProxy, version: 1.0.0}, publishing: {type: Private}, workload: {replicas: 4}}]" +
      rest);
  EXPECT_EQ(EncodeFleet(inherited), EncodeFleet(written));
}

}  // namespace
}  // namespace ingressfleet::api
