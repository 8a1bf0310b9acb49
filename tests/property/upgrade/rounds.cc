#include "property/upgrade/rounds.h"

#include <cstdlib>

namespace ingressfleet::plan::upgrade::model {
namespace {

bool IsServing(const World& world) {
  const TierState& state = world.status.state;
  return state.phase == Phase::kStable && world.entry.traffic == Only(state.serving->slot);
}

}  // namespace

std::int64_t FromEnvironment(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

void StepPods(World& world) {
  for (Slot slot : {Slot::kA, Slot::kB}) {
    world.Reconcile(slot), world.StartPod(slot), world.FinishPod(slot), world.LoadAccess(slot);
  }
}

void FairRound(World& world) {
  Operator& op = world.operators[0];
  for (int i = 0; i < 6 && !world.violation; ++i) {
    world.RefreshAll(op);
    world.Think(op);
    world.GatherEvidence(op);
    while (!op.pending.empty()) world.PerformOne(op), ++world.step;
    StepPods(world);
    world.LoadEntryAccess();
    world.SyncSlices();
    world.step += 13;
  }
  world.Tick(seconds(10));
}

std::optional<std::string> RestOf(World& world) {
  const TierState& state = world.status.state;
  if (state.hold) return "Hold:" + state.hold->reason;
  if (state.phase == Phase::kInstall && world.QualityOf(Number(world.tier.desired.hash)) == Quality::kNeverReady)
    return "Install:NotReady";
  // A broken revision that was made to serve by a lost status or a deleted workload: reported, nothing to go to.
  const bool dead = state.serving && world.QualityOf(Number(state.serving->revision.hash)) == Quality::kNeverReady;
  if (state.phase == Phase::kRollingBack && dead) return "RollingBack:Dead";
  if (state.phase == Phase::kStable && dead && state.serving->revision.hash == world.tier.desired.hash) return "Stable:Dead";
  if (!IsServing(world) || world.slots[Index(Other(state.serving->slot))].exists) return std::nullopt;
  if (!dead && world.slots[Index(state.serving->slot)].Ready() < world.tier.replicas) return std::nullopt;
  if (state.serving->revision.hash == world.tier.desired.hash) return "Stable";
  const auto& failed = state.failed_revisions;
  const bool has_failed = std::count(failed.begin(), failed.end(), world.tier.desired.hash) > 0;
  return has_failed ? std::optional<std::string>("Stable:RevisionFailed") : std::nullopt;
}

std::string Settle(World& world) {
  world.operators[1].leads = false;
  world.operators[0].clock_offset = Duration(0);
  world.tier.paused = false;
  world.tier.may_start = world.tier.window_open = world.evidence_up = true;
  world.frozen_candidate = false;
  for (int round = 0; round < 900; ++round) {
    FairRound(world);
    if (world.violation) return "";
    const auto rest = RestOf(world);
    if (rest && round > 2) return *rest;
    const TierState& state = world.status.state;
    const bool needs_approval = state.phase == Phase::kApprove && state.candidate && !state.approval && round % 5 == 0;
    if (needs_approval) world.Ask(RequestKind::kPromote, state.candidate->revision.hash);
  }
  return "";
}

std::string Describe(const World& world) {
  const TierState& state = world.status.state;
  return fmt::format(
      "phase {} step {} hold {} serving {} candidate {} previous {} entry {} id {}/{} a{{{} {} {}/{} id {}}} b{{{} {} {}/{} id "
      "{}}} "
      "slices {}/{} desired {} strategy {} cutover {} failed {}",
      PhaseName(state.phase), state.step, state.hold ? state.hold->reason : "-",
      state.serving ? SlotName(state.serving->slot) : "-", state.candidate ? state.candidate->revision.hash : "-",
      state.previous ? state.previous->revision.hash : "-", world.entry.traffic ? TrafficName(*world.entry.traffic) : "?",
      world.entry.id, state.transition_id, world.slots[0].exists, Hash(world.slots[0].revision), world.slots[0].Ready(),
      world.slots[0].replicas, world.slots[0].id, world.slots[1].exists, Hash(world.slots[1].revision), world.slots[1].Ready(),
      world.slots[1].replicas, world.slots[1].id, world.slices[0], world.slices[1], world.tier.desired.hash,
      StrategyName(state.strategy), CutoverName(state.cutover), state.failed_revisions.size());
}

}  // namespace ingressfleet::plan::upgrade::model
