// Ways in which an upgrade can fail, with the reasons that people see. docs/reference/upgrade-failures.md numbers them T1 to
// T45 and says which test shows what; here are those for which no other test is the place.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/engine/engine.h"
#include "plan/ingress_status.h"
#include "plan/preflight.h"
#include "plan/report/report.h"
#include "plan/verify/inventory.h"
#include "unit/plan/upgrade/fixture.h"
#include "unit/plan/world.h"

namespace ingressfleet::plan::upgrade {
namespace {

using kube::Json;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Fixture;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct FailureCase {
  const char* name;
  Phase from;
  void (*change)(Fixture& fixture);
  Phase to;
  const char* abort;  // reason, or empty
  const char* hold;   // reason, or empty
  const char* says;   // part of its message
};

void Fail(Fixture& f, Probe probe, const char* message) {
  f.evidence[probe].verdict = Verdict::kFail;
  f.evidence[probe].message = message;
}

const FailureCase kCases[] = {
    {"T1NeverReady", Phase::kWarm, [](Fixture& f) { f.b().ready = 0, f.Wait(seconds(600)); }, Phase::kAbortPre, "WarmTimedOut",
     "", "public-b has 0 of 2 ready pods (revision r2)"},
    {"T3AnotherAnswer", Phase::kVerify, [](Fixture& f) { Fail(f, Probe::kParity, "http://shop.test/ (Ingress shop/web)"); },
     Phase::kAbortPre, "ParityFailed", "", "public-b (revision r2) failed Parity: http://shop.test/ (Ingress shop/web)"},
    {"T5WiderAccessList", Phase::kVerify, [](Fixture& f) { Fail(f, Probe::kAccess, "http from 11.0.0.0"); }, Phase::kAbortPre,
     "AccessFailed", "", "http from 11.0.0.0"},
    {"T6AnotherCertificate", Phase::kVerify, [](Fixture& f) { Fail(f, Probe::kTls, "https://shop.test/"); }, Phase::kAbortPre,
     "TlsFailed", "", "https://shop.test/"},
    {"T10CandidateDiesAfterTheSwitch", Phase::kContract, [](Fixture& f) { f.b().ready = 0; }, Phase::kAbortMid, "CandidateDead",
     "", "public-b has no ready pod"},
    {"T11CandidateDiesWhileTheFormerSlotDrains", Phase::kDrain, [](Fixture& f) { f.b().ready = f.a().ready = 0; },
     Phase::kAbortPost, "ServingDead", "", "public-b has no ready pod"},
    {"T13NodeLostBeforeTheSwitch", Phase::kContract,
     [](Fixture& f) {
       f.seen.entry = {true, Traffic::kBoth, 6, Traffic::kBoth, "r1", true};
       f.a().in_slices = f.b().in_slices = 2;
       f.tier.local_traffic_policy = true;
       f.b().nodes = {"n1"};
       f.Wait(seconds(120));
     },
     Phase::kAbortPost, "ContractTimedOut", "", "Service public-entry does not select b yet"},
    {"T14NeverListed", Phase::kExpand, [](Fixture& f) { f.b().in_slices = 0, f.Wait(seconds(310)); }, Phase::kAbortMid,
     "ExpandTimedOut", "", "EndpointSlices of public-entry list 0 of 2 endpoints of public-b"},
    {"T31NoRoomForOneOfTwo", Phase::kWarm, [](Fixture& f) { f.b().ready = 1, f.Wait(seconds(600)); }, Phase::kAbortPre,
     "WarmTimedOut", "", "public-b has 1 of 2 ready pods (revision r2)"},
    {"T33NoMetrics", Phase::kObserve, [](Fixture& f) { f.evidence[Probe::kMetrics] = {}, f.Wait(seconds(360)); },
     Phase::kObserve, "", "Inconclusive", "no current Metrics result for revision r2 (public-b)"},
    {"T35SpecChanged", Phase::kExpand,
     [](Fixture& f) {
       f.tier.desired = {"r3", "v3"};
     },
     Phase::kAbortMid, "SpecChanged", "", "revision r3 replaces candidate r2"},
    {"T39Incompatible", Phase::kPreflight, [](Fixture& f) { Fail(f, Probe::kPreflight, "obeys only classes"); }, Phase::kStable,
     "PreflightFailed", "", "obeys only classes"},
};

TEST(FailureCases, EndAsTheReferenceSays) {
  for (const FailureCase& test : kCases) {
    SCOPED_TRACE(test.name);
    Fixture fixture(test.from);
    test.change(fixture);
    const Decision decision = fixture.Rest();
    EXPECT_EQ(PhaseName(fixture.state.phase), PhaseName(test.to));
    EXPECT_EQ(fixture.state.abort ? fixture.state.abort->reason : "", test.abort);
    EXPECT_EQ(fixture.state.hold ? fixture.state.hold->reason : "", test.hold);
    const std::string message = fixture.state.hold    ? fixture.state.hold->message
                                : fixture.state.abort ? fixture.state.abort->message
                                                      : "";
    EXPECT_THAT(message, HasSubstr(test.says));
    ASSERT_TRUE(decision.want);
    EXPECT_NE(decision.want->entry.traffic, Traffic::kNone) << "what answers is never given up for nothing";
    EXPECT_NE((*decision.want)[fixture.state.serving->slot].action, SlotAction::kDelete);
  }
}

std::vector<std::string> Reasons(const Decision& decision) {
  std::vector<std::string> reasons;
  for (const Note& note : decision.notes) reasons.push_back(note.reason);
  return reasons;
}

/// What the entry is to select.
Traffic Selected(const Decision& decision) { return decision.want->entry.traffic; }

TEST(FailureCases, T2ACandidateThatKeepsRestartingNeverLeavesWarm) {
  Fixture fixture(Phase::kWarm);
  fixture.Rest();
  for (int passed = 20; passed < 600; passed += 20) {
    fixture.Wait(seconds(20));
    ++fixture.b().restarts;
    fixture.Rest();
    ASSERT_EQ(PhaseName(fixture.state.phase), "Warm") << "after " << passed << " s, ready all the time";
  }
  fixture.Wait(seconds(20));
  ++fixture.b().restarts;
  fixture.Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "AbortPre");
  ASSERT_TRUE(fixture.state.abort);
  EXPECT_EQ(fixture.state.abort->reason, "WarmTimedOut");
  EXPECT_THAT(fixture.state.abort->message, HasSubstr("a container of public-b restarted; see kubectl logs --previous"));
}

TEST(FailureCases, T8ContractGoesOnAfterAMinuteInWhichNothingCouldBeWritten) {
  Fixture fixture(Phase::kContract);
  fixture.seen.entry = {true, Traffic::kBoth, 6, Traffic::kBoth, "r1", true};
  fixture.state.committed = Traffic::kBoth;
  fixture.a().in_slices = fixture.b().in_slices = 2;
  EXPECT_EQ(Selected(fixture.Rest()), Traffic::kB);
  EXPECT_EQ(Selected(fixture.Wait(seconds(60)).Rest()), Traffic::kB) << "the same order again";
  EXPECT_EQ(PhaseName(fixture.state.phase), "Contract");
  fixture.seen.entry = {true, Traffic::kB, 7, Traffic::kB, "r1", true};
  fixture.a().in_slices = 0;
  fixture.Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "Observe");
}

TEST(FailureCases, T12BothStaySelectedUntilTheSlotToGoBackToIsAlive) {
  Fixture fixture(Phase::kExpand);
  fixture.a().ready = fixture.a().in_slices = 0;
  fixture.b().ready = fixture.b().in_slices = 1;
  fixture.Wait(seconds(310)).Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "AbortMid");
  fixture.a().transition_id = fixture.b().transition_id = fixture.state.transition_id;
  const Decision decision = fixture.Rest();
  EXPECT_EQ(Selected(decision), Traffic::kBoth);
  EXPECT_THAT(Reasons(decision), Contains("NothingReady"));
  fixture.a().ready = fixture.a().in_slices = 2;
  EXPECT_EQ(Selected(fixture.Rest()), Traffic::kA);
}

TEST(FailureCases, T16ALostEntryIsMadeAgainAndSelectsNothingBeforeItsListIsInForce) {
  Fixture fixture(Phase::kObserve);
  fixture.seen.entry = {};
  fixture.b().in_slices = 0;
  const Decision decision = fixture.Rest();
  EXPECT_FALSE(fixture.state.hold);
  EXPECT_EQ(decision.want->entry.action, SlotAction::kEnsure);
  EXPECT_EQ(Selected(decision), Traffic::kNone);
  fixture.seen.entry = {true, Traffic::kNone, fixture.state.transition_id, Traffic::kNone, "r1", false};
  EXPECT_EQ(Selected(fixture.Rest()), Traffic::kNone);
  fixture.seen.entry.access_in_force = true;
  EXPECT_EQ(Selected(fixture.Rest()), Traffic::kB);
}

TEST(FailureCases, T17ADeletedClassComesBackAndNothingElseIsWritten) {
  World world(SampleFleet("three-tiers.yaml"));
  world.Apply(world.MakePlanNow().difference.batch);
  const kube::Object before = world.Get(kube::kIngressClass, "", "private");
  world.Remove(before.Key());
  const effect::Batch batch = world.MakePlanNow().difference.batch;
  ASSERT_EQ(batch.size(), 1U);
  const effect::Change& change = batch.stages[0].changes[0];
  EXPECT_EQ(change.verb, effect::Verb::kCreate);
  EXPECT_EQ(change.Key(), before.Key());
  EXPECT_EQ(change.object.body()["spec"], before.body()["spec"]) << "its controller string above all";
}

Report ReportOf(World& world) {
  const ResolvedFleet fleet = world.Resolved();
  const Plan plan = world.MakePlanNow();
  const effect::Outcome outcome;
  return ComputeReport({.snapshot = &world.snapshot(),
                        .fleet = &fleet,
                        .observed = plan.observed,
                        .advances = plan.advances,
                        .difference = &plan.difference,
                        .prune = &plan.prune,
                        .outcome = &outcome});
}

TEST(FailureCases, T20IngressesWithoutAClassAreCountedAndNamed) {
  kube::Object fleet = SampleFleet("three-tiers.yaml");
  fleet.body()["spec"].erase("defaultClass");
  World world(std::move(fleet));
  world.AddIngress("shop", "forgotten", "");
  world.AddIngress("shop", "web", "private");
  const Report report = ReportOf(world);
  ASSERT_TRUE(report.status.unclassified);
  EXPECT_EQ(report.status.unclassified->count, 1);
  EXPECT_THAT(report.status.unclassified->first, ElementsAre("shop/forgotten"));
  const kube::Condition* condition = kube::FindCondition(report.status.conditions, "DefaultClassSafe");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(condition->reason, "NoDefault");
}

TEST(FailureCases, T23OfTenThousandIngressesASampleIsAsked) {
  ResolvedTier tier;
  tier.name = tier.class_name = "public";
  Snapshot snapshot;
  for (int i = 0; i < 10'000; ++i) {
    kube::Object ingress(kube::kIngress, "a", fmt::format("i{}", i));
    ingress.body()["spec"]["ingressClassName"] = "public";
    ingress.body()["spec"]["rules"][0]["host"] = fmt::format("h{}.test", i);
    snapshot.ingresses.push_back(std::make_shared<kube::Object>(std::move(ingress)));
  }
  const verify::Inventory inventory = verify::MakeInventory(tier, snapshot);
  EXPECT_EQ(inventory.total, 10'002U) << "and the host that nobody names, by http and https";
  EXPECT_EQ(inventory.targets.size(), verify::kDefaultTargetLimit);
}

/// A tier with an address, and one Ingress of its class with the given status.
struct Published {
  ResolvedFleet fleet;
  std::map<std::string, ObservedTier> observed;
  Snapshot snapshot;

  explicit Published(const Json& status) {
    ResolvedTier tier;
    tier.name = tier.class_name = "public";
    fleet.tiers = {tier};
    observed["public"].entry.exists = true;
    observed["public"].entry.addresses = {"203.0.113.7"};
    kube::Object ingress(kube::kIngress, "shop", "web");
    ingress.body()["spec"]["ingressClassName"] = "public";
    ingress.body()["status"] = status;
    snapshot.ingresses.push_back(std::make_shared<kube::Object>(std::move(ingress)));
  }
  effect::Batch Changes(Traffic traffic) {
    observed["public"].entry.traffic = traffic;
    return IngressStatusChanges(fleet, observed, snapshot);
  }
};

const Json kAddress = Json::parse(R"({"loadBalancer":{"ingress":[{"ip":"203.0.113.7"}]}})");

TEST(FailureCases, T24AnEmptiedIngressStatusIsWrittenAgain) {
  for (const Traffic traffic : {Traffic::kA, Traffic::kBoth, Traffic::kB}) {
    const effect::Batch batch = Published(Json::parse(R"({"loadBalancer":{}})")).Changes(traffic);
    ASSERT_EQ(batch.size(), 1U) << TrafficName(traffic);
    EXPECT_EQ(batch.stages[0].changes[0].object.body()["status"], kAddress);
  }
}

TEST(FailureCases, T25NoEngineMayWriteTheStatusOfIngresses) {
  const ResolvedTier tier = World(SampleFleet("traefik.yaml")).Resolved().tiers.front();
  for (const Engine* engine : AllEngines()) {
    int rules_on_ingresses = 0;
    for (const Json& rules : {engine->cluster_rules(tier), engine->namespace_rules(tier)}) {
      for (const Json& rule : rules) {
        const auto resources = rule["resources"].get<std::vector<std::string>>();
        EXPECT_THAT(resources, Not(Contains("ingresses/status"))) << engine->name;
        if (std::find(resources.begin(), resources.end(), "ingresses") == resources.end()) continue;
        ++rules_on_ingresses;
        EXPECT_THAT(rule["verbs"].get<std::vector<std::string>>(), ::testing::IsSubsetOf({"get", "list", "watch"}))
            << engine->name;
      }
    }
    EXPECT_GT(rules_on_ingresses, 0) << engine->name;
  }
}

TEST(FailureCases, T45NoIngressIsWrittenWhileTrafficMoves) {
  for (const Traffic traffic : {Traffic::kA, Traffic::kBoth, Traffic::kB, Traffic::kNone}) {
    EXPECT_TRUE(Published(kAddress).Changes(traffic).empty()) << TrafficName(traffic);
  }
}

TEST(FailureCases, T29WhatDoesNotEndIsLeftBehindAtTheDrainLimit) {
  Fixture fixture(Phase::kDrain);
  fixture.Wait(fixture.tier.termination_grace + seconds(59)).Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "Drain");
  const Decision decision = fixture.Wait(seconds(1)).Run();
  EXPECT_EQ(PhaseName(decision.state.phase), "Finalize");
  EXPECT_THAT(Reasons(decision), Contains("DrainTimedOut"));
}

TEST(FailureCases, T30TheCandidateFollowsAServingSlotThatGrows) {
  Fixture warm(Phase::kWarm);
  warm.tier.replicas = warm.a().wanted = warm.a().ready = warm.a().pods = 6;
  EXPECT_EQ((*warm.Rest().want)[Slot::kB].replicas, 6);
  EXPECT_EQ(PhaseName(warm.state.phase), "Warm");

  Fixture contract(Phase::kContract);
  contract.seen.entry = {true, Traffic::kBoth, 6, Traffic::kBoth, "r1", true};
  contract.a().ready = contract.a().in_slices = 6;
  contract.b().in_slices = 2;
  EXPECT_EQ(Selected(contract.Rest()), Traffic::kBoth) << "two pods do not take over from six";
  contract.b().ready = contract.b().in_slices = 6;
  EXPECT_EQ(Selected(contract.Rest()), Traffic::kB);
}

TEST(FailureCases, T32APodLessStartsTheObservationAgain) {
  Fixture fixture(Phase::kObserve);
  fixture.Rest();
  fixture.Wait(seconds(299));
  fixture.b().ready = fixture.b().in_slices = 1;
  EXPECT_EQ(Selected(fixture.Rest()), Traffic::kB);
  EXPECT_FALSE(fixture.state.window_started_at);
  fixture.b().ready = fixture.b().in_slices = 2;
  fixture.Rest();
  fixture.Wait(seconds(299)).Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "Observe");
  fixture.Wait(seconds(1)).Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "Retain");
  const ResolvedTier tier = World(SampleFleet("three-tiers.yaml")).Resolved().tiers.front();
  for (const Slot slot : {Slot::kA, Slot::kB}) EXPECT_EQ(RenderDisruptionBudget(tier, slot).Integer("/spec/maxUnavailable"), 1);
}

TEST(FailureCases, T34ALateApprovalOfAnotherRevisionIsIgnoredWithAnEvent) {
  Fixture fixture(Phase::kApprove);
  fixture.tier.promotion = Promotion::kManual;
  fixture.Order(RequestKind::kPromote, "r1");
  const Decision decision = fixture.Run();
  EXPECT_TRUE(decision.record) << "it is handled, once";
  ASSERT_FALSE(decision.notes.empty());
  EXPECT_EQ(decision.notes.front().reason, "ApprovalIgnored");
  EXPECT_TRUE(decision.notes.front().event && decision.notes.front().warning);
  EXPECT_THAT(decision.notes.front().message, AllOf(HasSubstr("names revision r1"), HasSubstr("has candidate r2")));
  EXPECT_THAT(Reasons(fixture.Rest()), Contains("ApprovalNeeded"));
  EXPECT_FALSE(fixture.state.approval);
}

TEST(FailureCases, T35TheLastOfManySpecificationsWins) {
  Fixture fixture(Phase::kExpand);
  for (const char* revision : {"r3", "r4", "r5", "r6", "r7"}) {
    fixture.tier.desired = {revision, ""};
    const Decision decision = fixture.Wait(seconds(2)).Rest();
    EXPECT_EQ(PhaseName(fixture.state.phase), "AbortMid");
    EXPECT_EQ((*decision.want)[Slot::kA].revision, "r1");
    EXPECT_EQ((*decision.want)[Slot::kA].replicas, 2);
  }
  fixture.seen.entry = {true, Traffic::kA, fixture.state.transition_id, Traffic::kA, "r1", true};
  fixture.a().in_slices = 2, fixture.b().in_slices = 0;
  fixture.Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "AbortPre");
  fixture.b() = {};
  fixture.seen.preview_exists = false;
  fixture.Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "Preflight");
  ASSERT_TRUE(fixture.state.candidate);
  EXPECT_EQ(fixture.state.candidate->revision.hash, "r7");
  EXPECT_THAT(fixture.state.failed_revisions, IsEmpty()) << "none of them has failed";
}

Finding Checked(const ResolvedTier& tier, const std::string& class_controller) {
  ObservedTier observed;
  observed.class_exists = true;
  observed.class_controller = class_controller;
  const Fixture fixture(Phase::kPreflight);
  return Preflight(tier, observed, fixture.state, fixture.now);
}

TEST(FailureCases, T38AnotherEngineKeepsClassAndEntry) {
  kube::Object fleet = SampleFleet("traefik.yaml");
  const ResolvedTier traefik = World(fleet).Resolved().tiers.front();
  fleet.body()["spec"]["tiers"][0]["controller"] = {{"engine", "HAProxy"}, {"version", "0.1.0"}};
  const ResolvedTier haproxy = World(fleet).Resolved().tiers.front();
  EXPECT_NE(plan::Revision(haproxy), plan::Revision(traefik));
  EXPECT_EQ(RenderIngressClass(haproxy), RenderIngressClass(traefik));
  const WantedEntry wanted{SlotAction::kEnsure, Traffic::kBoth, 7, "r1"};
  EXPECT_EQ(RenderEntryService(haproxy, wanted), RenderEntryService(traefik, wanted));
  for (const ResolvedTier& tier : {haproxy, traefik})
    EXPECT_EQ(Checked(tier, traefik.controller_value).verdict, Verdict::kPass);
}

TEST(FailureCases, T39AClassOfAnotherControllerIsRefusedBeforeAnythingExists) {
  const ResolvedTier tier = World(SampleFleet("traefik.yaml")).Resolved().tiers.front();
  const Finding finding = Checked(tier, "k8s.io/ingress-nginx");
  EXPECT_EQ(finding.verdict, Verdict::kFail);
  EXPECT_THAT(finding.message,
              AllOf(HasSubstr("IngressClass edge has controller \"k8s.io/ingress-nginx\""), HasSubstr(tier.controller_value)));
  Fixture fixture(Phase::kPreflight);
  fixture.b() = {};
  fixture.seen.preview_exists = false;
  fixture.evidence[Probe::kPreflight] = finding;
  const Decision decision = fixture.Rest();
  EXPECT_EQ(PhaseName(fixture.state.phase), "Stable");
  EXPECT_EQ((*decision.want)[Slot::kB].action, SlotAction::kKeep);
  EXPECT_FALSE(decision.want->preview);
}

TEST(FailureCases, T41APhaseThatThisVersionDoesNotKnowIsRebuiltFromTheObjects) {
  Fixture fixture(Phase::kContract);
  api::TierStatus status;
  EncodeState(fixture.state, status);
  status.upgrade->phase = "Levitate";
  fixture.state = DecodeState(status);
  EXPECT_EQ(PhaseName(fixture.state.phase), "New");
  const Decision decision = fixture.Run();
  EXPECT_TRUE(decision.record);
  EXPECT_FALSE(decision.want);
  EXPECT_EQ(PhaseName(decision.state.phase), "Observe") << "the candidate is selected alone and not promoted yet";
  EXPECT_EQ(decision.state.serving->slot, Slot::kA);
  EXPECT_THAT(Reasons(decision), Contains("StatusRebuilt"));
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade
