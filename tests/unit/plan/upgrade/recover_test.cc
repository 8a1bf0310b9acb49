// A lost or outdated status is rebuilt from labels and annotations; doubt ends in a Hold and nothing is deleted.

#include "plan/upgrade/recover.h"

#include <gtest/gtest.h>

#include "unit/plan/upgrade/fixture.h"

namespace ingressfleet::plan::upgrade {
namespace {

using std::chrono::seconds;
using testing::Fixture;

struct World {
  TierInput tier;
  SlotsSeen seen;

  World() {
    tier.name = "public";
    tier.desired = {"r2", "v2"};
  }
  World& Slot_(Slot slot, const std::string& revision, std::int64_t ready = 2) {
    seen[slot].exists = true;
    seen[slot].revision = revision;
    seen[slot].wanted = seen[slot].ready = seen[slot].pods = ready;
    seen[slot].transition_id = 5;
    return *this;
  }
  World& Entry_(Traffic traffic, const std::string& serving) {
    seen.entry = {true, traffic, 6, traffic, serving, true};
    return *this;
  }
};

struct Case {
  const char* name;
  void (*shape)(World& world);
  Phase phase;
  const char* serving;  // "a:r1", or empty
  const char* candidate;
  const char* previous;
};

std::string Text(const std::optional<SlotRef>& ref) {
  return ref ? std::string(SlotName(ref->slot)) + ":" + ref->revision.hash : "";
}

const Case kCases[] = {
    {"NothingExists", [](World&) {}, Phase::kInstall, "a:r2", "", ""},
    {"EntrySelectsNothing", [](World& w) { w.Entry_(Traffic::kNone, ""); }, Phase::kInstall, "a:r2", "", ""},
    {"FirstSlotBeforeExposure", [](World& w) { w.Entry_(Traffic::kNone, "r1").Slot_(Slot::kB, "r1"); }, Phase::kInstall, "b:r1",
     "", ""},
    {"TwoSlotsNothingSelected", [](World& w) { w.Entry_(Traffic::kNone, "").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); },
     Phase::kUnresolved, "", "", ""},
    {"TwoSlotsNothingSelectedAnnotated",
     [](World& w) { w.Entry_(Traffic::kNone, "r2").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); }, Phase::kInstall, "b:r2", "",
     ""},
    {"OneSlotServes", [](World& w) { w.Entry_(Traffic::kA, "r1").Slot_(Slot::kA, "r1"); }, Phase::kStable, "a:r1", "", ""},
    {"OneSlotServesAfterRolling", [](World& w) { w.Entry_(Traffic::kA, "r1").Slot_(Slot::kA, "r2"); }, Phase::kStable, "a:r2",
     "", ""},
    {"CandidateBeforeTraffic", [](World& w) { w.Entry_(Traffic::kA, "r1").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); },
     Phase::kAbortPre, "a:r1", "b:r2", ""},
    {"BothSelected", [](World& w) { w.Entry_(Traffic::kBoth, "r1").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); },
     Phase::kAbortPost, "a:r1", "b:r2", ""},
    {"BothSelectedServingTerminated",
     [](World& w) { w.Entry_(Traffic::kBoth, "r1").Slot_(Slot::kA, "r1", 0).Slot_(Slot::kB, "r2"); }, Phase::kAbortPost, "a:r1",
     "b:r2", ""},
    {"BothSelectedNoAnnotation", [](World& w) { w.Entry_(Traffic::kBoth, "").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); },
     Phase::kUnresolved, "", "", ""},
    {"BothSelectedOneSlot", [](World& w) { w.Entry_(Traffic::kBoth, "").Slot_(Slot::kB, "r2"); }, Phase::kAbortMid, "b:r2", "",
     ""},
    {"Contracted", [](World& w) { w.Entry_(Traffic::kB, "r1").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); }, Phase::kObserve,
     "a:r1", "b:r2", ""},
    {"Promoted",
     [](World& w) {
       w.Entry_(Traffic::kB, "r2").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2");
       w.seen[Slot::kA].retain_until = TimePoint(seconds(500));
     },
     Phase::kRetain, "b:r2", "", "a:r1"},
    {"ContractedAndCandidateDeleted", [](World& w) { w.Entry_(Traffic::kB, "r1").Slot_(Slot::kA, "r1"); }, Phase::kAbortPost,
     "a:r1", "", ""},
    {"SelectedSlotGoneAnnotationUnknown", [](World& w) { w.Entry_(Traffic::kB, "r9").Slot_(Slot::kA, "r1"); },
     Phase::kUnresolved, "", "", ""},
    {"AnnotationFitsNeither", [](World& w) { w.Entry_(Traffic::kA, "r9").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); },
     Phase::kUnresolved, "", "", ""},
    {"TwoSlotsOneSelectedNoAnnotation", [](World& w) { w.Entry_(Traffic::kA, "").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); },
     Phase::kUnresolved, "", "", ""},
    {"ForeignSelectorKnownAnnotation",
     [](World& w) { w.Entry_(Traffic::kA, "r1").Slot_(Slot::kA, "r1"), w.seen.entry.traffic = std::nullopt; }, Phase::kStable,
     "a:r1", "", ""},
    {"ForeignSelectorNoAnnotation",
     [](World& w) {
       w.Entry_(Traffic::kA, "").Slot_(Slot::kA, "r1"), w.seen.entry.traffic = w.seen.entry.committed = std::nullopt;
     },
     Phase::kUnresolved, "", "", ""},
    {"EntryGone", [](World& w) { w.Slot_(Slot::kA, "r1"); }, Phase::kInstall, "a:r1", "", ""},
    {"EntryGoneTwoSlots", [](World& w) { w.Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2"); }, Phase::kUnresolved, "", "", ""},
};

TEST(Recover, ReadsWhatTheObjectsSay) {
  for (const Case& test : kCases) {
    World world;
    test.shape(world);
    const TierState state = Recover(world.tier, world.seen, {}, TimePoint(seconds(100)));
    EXPECT_EQ(PhaseName(state.phase), PhaseName(test.phase)) << test.name;
    EXPECT_EQ(Text(state.serving), test.serving) << test.name;
    EXPECT_EQ(Text(state.candidate), test.candidate) << test.name;
    EXPECT_EQ(Text(state.previous), test.previous) << test.name;
    EXPECT_EQ(state.hold.has_value(), test.phase == Phase::kUnresolved) << test.name;
    const std::int64_t newest =
        std::max({world.seen.entry.transition_id, world.seen.slots[0].transition_id, world.seen.slots[1].transition_id});
    EXPECT_GT(state.transition_id, newest) << test.name;
  }
}

TEST(Recover, NothingIsWantedInDoubt) {
  World world;
  world.Entry_(Traffic::kBoth, "").Slot_(Slot::kA, "r1").Slot_(Slot::kB, "r2");
  const TierState state = Recover(world.tier, world.seen, {}, TimePoint(seconds(100)));
  const Decision decision = Advance(world.tier, world.seen, state, {}, TimePoint(seconds(100)));
  EXPECT_FALSE(decision.record);
  EXPECT_FALSE(decision.want);
  ASSERT_FALSE(decision.notes.empty());
  EXPECT_EQ(decision.notes.front().reason, kHoldAmbiguous);
  // The remedy works: an annotation that fits resolves it.
  world.seen.entry.serving_revision = "r1";
  const Decision next = Advance(world.tier, world.seen, state, {}, TimePoint(seconds(100)));
  EXPECT_TRUE(next.record);
  EXPECT_EQ(next.state.phase, Phase::kAbortPost);
  EXPECT_FALSE(next.state.hold);
}

TEST(Recover, AnOlderStatusThanTheObjectsIsNotBelieved) {
  Fixture fixture(Phase::kContract);
  fixture.seen.entry.transition_id = 8;
  const Decision decision = fixture.Run();
  EXPECT_TRUE(decision.record);
  EXPECT_FALSE(decision.want);
  EXPECT_EQ(decision.state.transition_id, 8 + kRecoverStride);
  EXPECT_EQ(decision.state.phase, Phase::kObserve);
}

struct RestartCase {
  const char* name;
  Phase phase;
  void (*shape)(Fixture& fixture);
  void (*check)(Fixture& fixture, const Decision& decision);
};

// What the operator finds after it died, and what it does: the rows of the recovery table.
const RestartCase kRestarts[] = {
    {"AfterIntentBeforeMutation", Phase::kContract,
     [](Fixture& f) {
       f.seen.entry.traffic = f.seen.entry.committed = Traffic::kBoth, f.seen.entry.transition_id = 6, f.b().in_slices = 2;
     },
     [](Fixture&, const Decision& d) {
       ASSERT_TRUE(d.want);
       EXPECT_EQ(d.want->entry.traffic, Traffic::kB);
       EXPECT_EQ(d.want->entry.transition_id, 7);
     }},
    {"AfterMutationBeforeResult", Phase::kContract, [](Fixture& f) { f.state.committed = Traffic::kBoth; },
     [](Fixture& f, const Decision&) { EXPECT_EQ(f.state.phase, Phase::kObserve); }},
    {"BetweenWorkloadAndPreview", Phase::kProvision, [](Fixture& f) { f.seen.preview_exists = false; },
     [](Fixture& f, const Decision& d) {
       EXPECT_EQ(f.state.phase, Phase::kProvision);
       EXPECT_TRUE(d.want->preview);
       EXPECT_EQ((*d.want)[Slot::kB].action, SlotAction::kEnsure);
     }},
    {"BothSelectedDwellNotOver", Phase::kExpand,
     [](Fixture& f) { f.tier.expand_dwell = seconds(30), f.state.window_started_at = f.now - seconds(20); },
     [](Fixture& f, const Decision&) { EXPECT_EQ(f.state.phase, Phase::kExpand); }},
    {"ObservedLongerThanTheBake", Phase::kObserve, [](Fixture& f) { f.state.window_started_at = f.now - seconds(5000); },
     [](Fixture& f, const Decision&) {
       EXPECT_EQ(f.state.phase, Phase::kObserve);  // a fresh minute first
       f.Wait(seconds(60)).Rest();
       EXPECT_EQ(f.state.phase, Phase::kRetain);
     }},
    {"DuringAbortPost", Phase::kAbortPost, [](Fixture& f) { f.b().ready = 0; },
     [](Fixture& f, const Decision& d) {
       EXPECT_EQ(f.state.phase, Phase::kAbortMid);
       EXPECT_EQ(d.want->entry.action, SlotAction::kEnsure);
     }},
    {"RetainOverServingDead", Phase::kRetain, [](Fixture& f) { f.now += seconds(5000), f.b().ready = 0; },
     [](Fixture& f, const Decision&) { EXPECT_EQ(f.state.phase, Phase::kAbortMid); }},  // both, then straight to the warm slot
    {"RetainOverServingHealthy", Phase::kRetain, [](Fixture& f) { f.now += seconds(5000); },
     [](Fixture& f, const Decision&) {
       EXPECT_EQ(f.state.phase, Phase::kRetain);
       f.Wait(seconds(60)).Rest();
       EXPECT_EQ(f.state.phase, Phase::kDrain);
     }},
};

TEST(Restart, EveryRowOfTheTable) {
  for (const RestartCase& test : kRestarts) {
    SCOPED_TRACE(test.name);
    Fixture fixture(test.phase);
    test.shape(fixture);
    fixture.evidence.transition = fixture.evidence.state = {};
    Decision decision = fixture.Run();
    for (int i = 0; decision.record && i < 10; ++i) {
      fixture.state = decision.state;
      decision = fixture.Run();
    }
    test.check(fixture, decision);
  }
}

TEST(Restart, ForeignSelectorIsPutBackAndAfterThreeTimesHeld) {
  Fixture fixture(Phase::kStable);
  fixture.tier.desired = {"r1", "v1"};
  for (int edit = 1; edit <= 4; ++edit) {
    fixture.seen.entry.traffic = std::nullopt;
    const Decision decision = fixture.Rest();
    if (edit <= 3) {
      EXPECT_FALSE(fixture.state.hold) << edit;
      ASSERT_TRUE(decision.want);
      EXPECT_EQ(decision.want->entry.traffic, Traffic::kA);
      fixture.seen.entry.traffic = Traffic::kA;
      fixture.Rest();
      EXPECT_FALSE(fixture.state.drift_open);
    } else {
      ASSERT_TRUE(fixture.state.hold);
      EXPECT_EQ(fixture.state.hold->reason, kHoldForeignOwner);
      EXPECT_EQ(decision.want->entry.action, SlotAction::kKeep);
    }
  }
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade
