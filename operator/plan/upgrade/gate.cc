#include "plan/upgrade/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade {
namespace {

constexpr Duration kFreshWatch = std::chrono::seconds(60);

const SlotSeen& SlotOf(const SlotsSeen& seen, const std::optional<SlotRef>& ref) {
  static const SlotSeen kAbsent;
  return ref ? seen[ref->slot] : kAbsent;
}

}  // namespace

const SlotSeen& Context::Serving() const { return SlotOf(seen, state.serving); }
const SlotSeen& Context::Candidate() const { return SlotOf(seen, state.candidate); }
const SlotSeen& Context::Previous() const { return SlotOf(seen, state.previous); }

std::string Context::Name(Slot which) const { return fmt::format("{}-{}", tier.name, SlotName(which)); }
std::string Context::ServingName() const { return state.serving ? Name(state.serving->slot) : tier.name; }
std::string Context::CandidateName() const { return state.candidate ? Name(state.candidate->slot) : tier.name; }
std::string Context::EntryName() const { return tier.name + "-entry"; }

std::string_view ChainName(Chain chain) {
  if (chain == Chain::kStart) return "Start";
  if (chain == Chain::kSelect) return "Select";
  if (chain == Chain::kRemove) return "Remove";
  for (const PhaseRow& row : AllPhases()) {
    if (ChainOf(row.phase) == chain) return row.name;
  }
  return "";
}

std::optional<Chain> ChainOf(Phase phase) {
  switch (phase) {
    case Phase::kNew:
    case Phase::kUnresolved: return std::nullopt;
    case Phase::kInstall: return Chain::kInstall;
    case Phase::kStable: return Chain::kStart;
    case Phase::kPreflight: return Chain::kPreflight;
    case Phase::kProvision: return Chain::kProvision;
    case Phase::kWarm: return Chain::kWarm;
    case Phase::kVerify: return Chain::kVerify;
    case Phase::kApprove: return Chain::kApprove;
    case Phase::kExpand: return Chain::kExpand;
    case Phase::kShift: return Chain::kShift;
    case Phase::kTerminate: return Chain::kTerminate;
    case Phase::kContract: return Chain::kContract;
    case Phase::kObserve: return Chain::kObserve;
    case Phase::kRetain: return Chain::kRetain;
    case Phase::kDrain: return Chain::kDrain;
    case Phase::kFinalize: return Chain::kFinalize;
    case Phase::kRolling: return Chain::kRolling;
    case Phase::kRollingBack: return Chain::kRollingBack;
    case Phase::kAbortPre: return Chain::kAbortPre;
    case Phase::kAbortMid: return Chain::kAbortMid;
    case Phase::kAbortPost: return Chain::kAbortPost;
  }
  return std::nullopt;
}

void Gates::Append(const GateGroup& group) {
  for (const Gate& gate : group.gates) chains_[static_cast<std::size_t>(group.chain)].push_back(&gate);
}

Gates Gates::Without(Chain chain, std::string_view name) const {
  Gates rest = *this;
  auto& gates = rest.chains_[static_cast<std::size_t>(chain)];
  if (std::erase_if(gates, [&](const Gate* gate) { return gate->name == name; }) == 0) std::abort();
  return rest;
}

ChainResult Ask(const std::vector<const Gate*>& chain, const Context& context) {
  ChainResult result;
  bool conclusive_wait = false;
  for (const Gate* gate : chain) {
    Answer answer = gate->answer(context);
    result.gates.push_back({std::string(gate->name), answer.verdict, answer.reason, answer.message});
    if (answer.verdict == Verdict::kPass) continue;
    if (answer.verdict == Verdict::kUnknown && !answer.inconclusive) conclusive_wait = true;
    const bool worse =
        result.verdict == Verdict::kPass || (result.verdict == Verdict::kUnknown && answer.verdict == Verdict::kFail);
    if (!worse) continue;
    result.verdict = answer.verdict;
    result.first = std::move(answer);
  }
  result.inconclusive = result.verdict == Verdict::kUnknown && !conclusive_wait;
  return result;
}

bool Due(TimePoint now, const Watched& watched, TimePoint since, Duration window) {
  if (watched.from_start || watched.steady >= window) return watched.steady >= window;
  return now >= since + window && watched.steady >= std::min(window, kFreshWatch);
}

Duration UntilDue(TimePoint now, const Watched& watched, TimePoint since, Duration window) {
  Duration left = window - watched.steady;
  if (!watched.from_start) {
    left = std::min(left, std::max<Duration>(since + window - now, std::min(window, kFreshWatch) - watched.steady));
  }
  return std::max<Duration>(left, std::chrono::seconds(1));
}

bool DeadlinePassed(const Context& context) {
  const TierState& state = context.state;
  if (!state.deadline) return false;
  return Due(context.now, context.evidence.transition, state.phase_started_at, *state.deadline - state.phase_started_at);
}

}  // namespace ingressfleet::plan::upgrade
