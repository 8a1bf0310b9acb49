#pragma once
// A tier in the middle of an upgrade, healthy in every respect: tests change the one thing they are about.

#include <string>

#include "plan/upgrade/machine.h"
#include "plan/upgrade/phase.h"
#include "plan/upgrade/rules.h"

namespace ingressfleet::plan::upgrade::testing {

using std::chrono::seconds;

struct Fixture {
  TierInput tier;
  SlotsSeen seen;
  TierState state;
  Evidence evidence;
  TimePoint now{seconds(10'000)};

  /// Slot a serves r1, slot b is the candidate with r2, everything is as `phase` wants it and all evidence is there.
  explicit Fixture(Phase phase) {
    tier.name = "public";
    tier.desired = {"r2", "v2"};
    tier.promotion = Promotion::kAutomatic;
    tier.verify = {Probe::kParity, Probe::kTls, Probe::kAccess, Probe::kCustom, Probe::kMetrics};
    tier.observe_probes = {Probe::kEntry, Probe::kBudget, Probe::kMetrics};
    state.phase = phase;
    state.transition_id = 7;
    state.phase_started_at = now;
    state.serving = SlotRef{Slot::kA, {"r1", "v1"}};
    state.candidate = SlotRef{Slot::kB, {"r2", "v2"}};
    state.started_for = "r2";
    if (phase == Phase::kRetain || phase == Phase::kDrain || phase == Phase::kFinalize) {
      state.serving = SlotRef{Slot::kB, {"r2", "v2"}};
      state.previous = SlotRef{Slot::kA, {"r1", "v1"}};
      state.candidate.reset();
      state.retain_until = now + tier.retain;
    }
    if (phase == Phase::kStable || phase == Phase::kInstall) state.candidate.reset();
    if (phase == Phase::kRolling || phase == Phase::kRollingBack) {
      state.strategy = Strategy::kRollingUpdate;
      state.candidate->slot = Slot::kA;
    }
    const auto timeout = RowOf(phase).timeout;
    if (timeout != nullptr && timeout(tier, state)) state.deadline = now + *timeout(tier, state);
    Fill(Slot::kA, "r1");
    Fill(Slot::kB, "r2");
    const Traffic live = TargetTraffic(state).value_or(Traffic::kA);
    seen.entry = {true, live, 7, live, state.serving->revision.hash, true};
    seen.preview_exists = true;
    state.committed = live;
    state.committed_id = 7;
    for (Slot slot : {Slot::kA, Slot::kB}) seen[slot].in_slices = Selects(live, slot) ? 2 : 0;
    if (phase == Phase::kInstall) state.serving->revision = tier.desired, Fill(Slot::kA, "r2");
    if (phase == Phase::kStable || phase == Phase::kInstall) seen[Slot::kB] = {}, seen.preview_exists = false;
    evidence.transition = evidence.state = {seconds(0), true};
    for (Finding& finding : evidence.findings) finding = {Verdict::kPass, "", "r2", 7, now};
  }

  void Fill(Slot slot, const std::string& revision) {
    SlotSeen& live = seen[slot];
    live = {true, revision, 7, 2, 2, 2, 2, 0, 2, 0, revision, true, {"n1", "n2"}, "", std::nullopt};
  }

  /// Time passes while this process watches.
  Fixture& Wait(Duration by) {
    now += by;
    evidence.transition.steady += by;
    evidence.state.steady += by;
    for (Finding& finding : evidence.findings) finding.observed_at = now;
    return *this;
  }

  Decision Run() const { return Advance(tier, seen, state, evidence, now); }

  /// Records until there is nothing to record, as a driver does; the world stays as it is.
  Decision Rest() {
    Decision decision = Run();
    for (int rounds = 0; decision.record && rounds < 20; ++rounds) {
      if (decision.state.transition_id != state.transition_id) evidence.transition = {seconds(0), true};
      evidence.state = {seconds(0), true};
      state = decision.state;
      decision = Run();
    }
    return decision;
  }

  Context Ctx() const { return {tier, seen, state, evidence, now}; }
  SlotSeen& a() { return seen[Slot::kA]; }
  SlotSeen& b() { return seen[Slot::kB]; }
  void Order(RequestKind kind, const std::string& revision = "") {
    tier.requests[static_cast<std::size_t>(kind)] = Request{"1", revision, "ann"};
  }
};

}  // namespace ingressfleet::plan::upgrade::testing
