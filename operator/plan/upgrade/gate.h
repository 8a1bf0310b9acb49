#pragma once
// A gate: one question with three answers. Chains of gates are data: a phase is left, the selector is moved and a slot is
// removed only when every gate of the chain passes. Missing data is kUnknown and never passes.
//
// A new gate = one function and one row in the file of its group (gates/), in the order in which it should be asked. A new
// group = one file and one line in gates/registry.cc.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/upgrade/types.h"

namespace ingressfleet::plan::upgrade {

/// What a gate may look at. `to` is only meaningful in chain kSelect, `slot` in chain kRemove.
struct Context {
  const TierInput& tier;
  const SlotsSeen& seen;
  const TierState& state;
  const Evidence& evidence;
  TimePoint now;
  Traffic to = Traffic::kNone;
  Slot slot = Slot::kA;

  const SlotSeen& Serving() const;  ///< an absent slot when there is none
  const SlotSeen& Candidate() const;
  const SlotSeen& Previous() const;
  std::string Name(Slot slot) const;  ///< "public-a"
  std::string ServingName() const;
  std::string CandidateName() const;
  std::string EntryName() const;
};

struct Answer {
  Verdict verdict = Verdict::kUnknown;
  std::string reason;
  std::string message;
  bool inconclusive = false;  ///< unknown for want of evidence, not because something has still to happen

  static Answer Pass() { return {Verdict::kPass, {}, {}, false}; }
  static Answer Wait(std::string reason, std::string message) {
    return {Verdict::kUnknown, std::move(reason), std::move(message), false};
  }
  static Answer Inconclusive(std::string reason, std::string message) {
    return {Verdict::kUnknown, std::move(reason), std::move(message), true};
  }
  static Answer Fail(std::string reason, std::string message) {
    return {Verdict::kFail, std::move(reason), std::move(message), false};
  }
};

struct Gate {
  std::string_view name;
  std::string_view asks;
  Answer (*answer)(const Context& context);
};

enum class Chain {
  kInstall,
  kStart,
  kPreflight,
  kProvision,
  kWarm,
  kVerify,
  kApprove,
  kExpand,
  kShift,
  kTerminate,
  kContract,
  kObserve,
  kRetain,
  kDrain,
  kFinalize,
  kRolling,
  kRollingBack,
  kAbortPre,
  kAbortMid,
  kAbortPost,
  kSelect,  ///< before every write of the entry's selector
  kRemove,  ///< before a slot is deleted or made smaller than the tier wants
};
inline constexpr int kChainCount = 22;
std::string_view ChainName(Chain chain);
/// The chain that must pass to leave a phase; nothing for phases without one.
std::optional<Chain> ChainOf(Phase phase);

/// One group's rows for one chain.
struct GateGroup {
  Chain chain;
  std::span<const Gate> gates;
};

/// All chains. The default is what production uses; tests pass one with a gate taken out and prove that it was needed.
class Gates {
 public:
  const std::vector<const Gate*>& operator[](Chain chain) const { return chains_[static_cast<std::size_t>(chain)]; }
  void Append(const GateGroup& group);
  /// The same without one gate; aborts when there is none of that name in the chain.
  Gates Without(Chain chain, std::string_view name) const;

 private:
  std::array<std::vector<const Gate*>, kChainCount> chains_;
};

const Gates& DefaultGates();

struct ChainResult {
  Verdict verdict = Verdict::kPass;  ///< kFail wins over kUnknown
  bool inconclusive = false;         ///< verdict is kUnknown and every unknown gate lacks evidence
  Answer first;                      ///< the first failed gate, else the first unknown one
  std::vector<GateResult> gates;
};
ChainResult Ask(const std::vector<const Gate*>& chain, const Context& context);

/// Whether `window` has passed since `since`. A process that has watched for the whole window knows it from its monotonic
/// clock, so a jump of the wall clock changes nothing. After a restart the wall clock may decide earlier, but not before a
/// fresh minute (or the window, if that is shorter) was watched.
bool Due(TimePoint now, const Watched& watched, TimePoint since, Duration window);
/// How long to wait before Due may become true; at least one second when it is not.
Duration UntilDue(TimePoint now, const Watched& watched, TimePoint since, Duration window);
/// Whether the phase's deadline has passed, in the sense of Due().
bool DeadlinePassed(const Context& context);

}  // namespace ingressfleet::plan::upgrade
