// Every state that can be reached in a few steps from each step of an upgrade, breadth first, as far as a budget goes.
// Environment: UPGRADE_BFS_STATES.

#include <gtest/gtest.h>

#include <chrono>
#include <unordered_set>

#include "property/upgrade/rounds.h"

namespace ingressfleet::plan::upgrade::model {
namespace {

/// Everything that can happen next, one step each. Time goes in steps of 10 s, all of a cache is read at once.
std::vector<std::pair<std::string_view, void (*)(World&)>> Moves() {
  return {
      {"tick", [](World& w) { w.Tick(seconds(10)); }},
      {"reconcile a", [](World& w) { w.Reconcile(Slot::kA); }},
      {"reconcile b", [](World& w) { w.Reconcile(Slot::kB); }},
      {"start a", [](World& w) { w.StartPod(Slot::kA); }},
      {"start b", [](World& w) { w.StartPod(Slot::kB); }},
      {"finish a", [](World& w) { w.FinishPod(Slot::kA); }},
      {"finish b", [](World& w) { w.FinishPod(Slot::kB); }},
      {"access a", [](World& w) { w.LoadAccess(Slot::kA); }},
      {"access b", [](World& w) { w.LoadAccess(Slot::kB); }},
      {"slices", [](World& w) { w.SyncSlices(); }},
      {"round 0", [](World& w) { w.RefreshAll(w.operators[0]), w.Think(w.operators[0]); }},
      {"round 1", [](World& w) { w.RefreshAll(w.operators[1]), w.Think(w.operators[1]); }},
      {"think 0", [](World& w) { w.Think(w.operators[0]); }},
      {"write 0", [](World& w) { w.PerformOne(w.operators[0]); }},
      {"write 1", [](World& w) { w.PerformOne(w.operators[1]); }},
      {"probe 0", [](World& w) { w.GatherEvidence(w.operators[0]); }},
      {"crash 0", [](World& w) { w.Restart(w.operators[0]); }},
      {"kill a", [](World& w) { w.KillAll(Slot::kA); }},
      {"kill b", [](World& w) { w.KillAll(Slot::kB); }},
      {"abort",
       [](World& w) {
         if (!w.tier.requests[static_cast<std::size_t>(RequestKind::kAbort)]) w.Ask(RequestKind::kAbort, "");
       }},
      {"spec", [](World& w) { w.SetDesired(3); }},
      {"lose status", [](World& w) { w.LoseStatus(); }},
  };
}

struct Frontier {
  World world;
  int depth;
};

/// One healthy upgrade, one small step after the other: the states from which the search begins.
std::vector<World> Spine(const Options& options, void (*shape)(TierInput&)) {
  World world(options);
  world.tier.replicas = 1;
  world.tier.expand_dwell = world.tier.min_ready = world.tier.observe = world.tier.retain = world.tier.abort_delay =
      seconds(20);
  shape(world.tier);
  for (int round = 0; round < 12; ++round) FairRound(world);
  world.SetDesired(2);
  std::vector<World> spine;
  Operator& op = world.operators[0];
  for (int round = 0; round < 200; ++round) {
    const Phase before = world.status.state.phase;
    world.RefreshAll(op);
    world.Think(op);
    spine.push_back(world);
    while (!op.pending.empty()) world.PerformOne(op), ++world.step;
    world.GatherEvidence(op);
    if (world.status.state.phase != before || round % 3 == 0) spine.push_back(world);
    StepPods(world);
    world.SyncSlices();
    world.Tick(seconds(10));
    ++world.step;
  }
  return spine;
}

TEST(UpgradeModel, BreadthFirstFromEveryStepOfAnUpgrade) {
  const std::int64_t budget = FromEnvironment("UPGRADE_BFS_STATES", kDefaultStates);
  const auto began = std::chrono::steady_clock::now();
  constexpr void (*kShapes[])(TierInput&) = {
      [](TierInput&) {},
      [](TierInput& tier) { tier.cutover = CutoverMode::kExpandTerminate; },
      [](TierInput& tier) { tier.strategy = Strategy::kRollingUpdate; },
  };
  const auto moves = Moves();
  std::int64_t states = 0;
  std::int64_t edges = 0;
  std::int64_t settled = 0;
  int depth = 0;
  std::map<Phase, std::int64_t> by_phase;
  for (const auto shape : kShapes) {
    std::unordered_set<std::size_t> visited;
    std::deque<Frontier> frontier;
    const auto visit = [&](World&& world, int at) {
      if (!visited.insert(std::hash<std::string>{}(world.Fingerprint())).second) return;
      ++by_phase[world.status.state.phase];
      frontier.push_back({std::move(world), at});
    };
    for (World& world : Spine(Options{}, shape)) visit(std::move(world), 0);
    while (!frontier.empty() && static_cast<std::int64_t>(visited.size()) < budget / 3) {
      const Frontier from = std::move(frontier.front());
      frontier.pop_front();
      depth = std::max(depth, from.depth);
      for (const auto& [name, move] : moves) {
        World next = from.world;
        ++next.step;
        move(next);
        ++edges;
        ASSERT_FALSE(next.violation) << *next.violation << " after " << name << " from " << Describe(from.world);
        visit(std::move(next), from.depth + 1);
      }
      if (edges / static_cast<std::int64_t>(moves.size()) % 40 != 0) continue;
      World rest = from.world;
      const std::string where = Settle(rest);
      ++settled;
      ASSERT_FALSE(where.empty()) << "no rest from " << Describe(from.world) << "\nends in " << Describe(rest)
                                  << rest.violation.value_or("");
    }
    states += static_cast<std::int64_t>(visited.size());
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  fmt::print("breadth first: {} states, {} edges, depth {} from every step, {} settled, {} phases, {} ms\n", states, edges,
             depth, settled, by_phase.size(), took.count());
}

}  // namespace
}  // namespace ingressfleet::plan::upgrade::model
