#pragma once
// The values of the upgrade machine: what goes in (TierInput, SlotsSeen, Evidence), what is kept (TierState) and what comes
// out (Decision). Plain values without Kubernetes objects: the integrator fills them from the snapshot and turns a Decision
// into objects. Words as in the product: slot a/b, serving and candidate, revision, entry Service, gate, evidence.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "plan/ir.h"

namespace ingressfleet::plan::upgrade {

using base::Duration;
using base::TimePoint;

/// What is asked of the outside before an upgrade may go on. One finding each.
enum class Probe {
  kPreflight,  ///< annotations known to the engine, class string, quota, image, parameters
  kParity,     ///< every host and path of the inventory answers the same through preview and serving slot
  kTls,        ///< certificates by SNI are the same
  kAccess,     ///< allowed sources get in, denied ones do not, through the preview
  kCustom,     ///< the user's own checks (upgrade.verify.probes)
  kMetrics,    ///< the user's queries (upgrade.verify.metrics)
  kEntry,      ///< the entry's address answers, from the slot that is selected
  kBudget,     ///< error rate and latency since the selector was moved are within the budget
};
inline constexpr int kProbeCount = 8;
std::string_view ProbeName(Probe probe);  ///< "Parity"

class ProbeSet {
 public:
  constexpr ProbeSet() = default;
  constexpr ProbeSet(std::initializer_list<Probe> probes) {
    for (Probe probe : probes) bits_ |= Bit(probe);
  }
  constexpr bool Has(Probe probe) const { return (bits_ & Bit(probe)) != 0; }
  constexpr bool Empty() const { return bits_ == 0; }
  constexpr ProbeSet operator|(ProbeSet other) const {
    ProbeSet both;
    both.bits_ = bits_ | other.bits_;
    return both;
  }
  friend constexpr bool operator==(ProbeSet, ProbeSet) = default;

 private:
  static constexpr std::uint32_t Bit(Probe probe) { return 1U << static_cast<int>(probe); }
  std::uint32_t bits_ = 0;
};

// ------------------------------------------------------------------------------------------------------------------ in

enum class Strategy { kBlueGreen, kCanary, kRollingUpdate };
enum class Promotion { kManual, kAutomatic };
enum class OnFailure { kRollback, kHold };
enum class CutoverMode { kExpandContract, kExpandTerminate, kFlip };
std::string_view StrategyName(Strategy strategy);
std::string_view CutoverName(CutoverMode mode);

struct Revision {
  std::string hash;
  std::string version;  ///< for people: "HAProxy 0.2.0"
  friend bool operator==(const Revision&, const Revision&) = default;
};

struct CanaryStep {
  int weight = 0;  ///< percent of new connections meant for the candidate, 1–99
  Duration pause{0};
  friend bool operator==(const CanaryStep&, const CanaryStep&) = default;
};

/// A user's order. Orders are edges: each has an id (any text that differs from the last one of its kind), is recorded in
/// TierState before anything is done about it, and is handled once.
struct Request {
  std::string id;
  std::string revision;  ///< promote, rollback, retry: the revision that is meant, never "the newest"
  std::string by;        ///< who asked, for the status
};
enum class RequestKind { kHold, kResume, kAbort, kPromote, kRollback, kRetry };
inline constexpr int kRequestKinds = 6;
using Requests = std::array<std::optional<Request>, kRequestKinds>;

struct TierInput {
  std::string name;  ///< the tier's; messages name objects as "<tier>-a", "<tier>-entry"
  Revision desired;
  Strategy strategy = Strategy::kBlueGreen;
  std::vector<CanaryStep> steps;
  Promotion promotion = Promotion::kManual;
  std::optional<Duration> approval_deadline;
  bool window_open = true;
  std::optional<TimePoint> next_window;  ///< when a closed window opens
  CutoverMode cutover = CutoverMode::kExpandContract;
  bool local_traffic_policy = false;  ///< externalTrafficPolicy: Local

  Duration observe = std::chrono::seconds(300);
  Duration retain = std::chrono::seconds(900);
  Duration progress_deadline = std::chrono::seconds(600);
  Duration termination_grace = std::chrono::seconds(325);  ///< preStop delay + drain timeout + 10 s
  Duration expand_dwell = std::chrono::seconds(10);        ///< time the load balancer needs to admit a new target
  Duration min_ready = std::chrono::seconds(30);
  Duration abort_delay = std::chrono::seconds(30);  ///< a failed candidate stays this long for its logs
  OnFailure on_failure = OnFailure::kRollback;
  std::int64_t replicas = 2;  ///< pods wanted; for a DaemonSet the number of nodes it should run on
  std::size_t history_limit = 10;
  ProbeSet verify{Probe::kParity, Probe::kTls, Probe::kAccess};
  ProbeSet observe_probes{Probe::kEntry, Probe::kBudget};  ///< asked for while both or only the candidate gets traffic

  Requests requests;
  bool may_start = true;  ///< the fleet's train lets this tier begin (train.h); only read in Stable
  bool paused = false;    ///< the fleet is paused: status goes on, objects are not touched
};

/// One slot as it is now. `ready` is counted from the pods. The other numbers come from one read of the Deployment (or
/// DaemonSet); `available` and `updated` are 0 while status.observedGeneration lags metadata.generation, which every change of
/// an annotation brings about: they say when to go forward, and `ready` alone says that a slot is dead.
struct SlotSeen {
  bool exists = false;
  std::string revision;            ///< label ingressfleet.io/revision of the workload
  std::int64_t transition_id = 0;  ///< annotation transition-id of the workload; 0 = none
  std::int64_t wanted = 0;         ///< spec.replicas
  std::int64_t ready = 0;          ///< pods, those that leave not counted
  std::int64_t available = 0;      ///< ready for minReadySeconds
  std::int64_t updated = 0;        ///< available pods that run `revision` (a rolling update replaces them one by one)
  std::int64_t restarts = 0;       ///< of the slot's live pods, added up
  std::int64_t pods = 0;           ///< all that exist, terminating ones too
  std::int64_t in_slices = 0;      ///< ready endpoints in the entry's slices that are pods of this slot and of `revision`
  std::string live_config;         ///< revision whose settings every ready pod has loaded; empty = not known
  bool access_in_force = false;    ///< every ready pod has loaded the access list that the tier asks for now
  std::set<std::string> nodes;     ///< of ready pods
  std::string problem;             ///< why a pod is not ready, in the words of kubelet or scheduler; empty = nothing known
  std::optional<TimePoint> retain_until;  ///< annotation
  friend bool operator==(const SlotSeen&, const SlotSeen&) = default;
};

struct EntrySeen {
  bool exists = false;
  std::optional<Traffic> traffic;    ///< nothing: the selector is none of the four legal ones
  std::int64_t transition_id = 0;    ///< annotation; 0 = none
  std::optional<Traffic> committed;  ///< annotation committed-selector
  std::string serving_revision;      ///< annotation; empty = none
  bool access_in_force = false;      ///< the balancer's source ranges are as wanted (or are not its job)
  friend bool operator==(const EntrySeen&, const EntrySeen&) = default;
};

struct SlotsSeen {
  std::array<SlotSeen, 2> slots;
  EntrySeen entry;
  bool preview_exists = false;

  const SlotSeen& operator[](Slot slot) const { return slots[slot == Slot::kA ? 0 : 1]; }
  SlotSeen& operator[](Slot slot) { return slots[slot == Slot::kA ? 0 : 1]; }
};

enum class Verdict { kUnknown, kPass, kFail };
std::string_view VerdictName(Verdict verdict);

/// What a probe found, and about what: a finding for another revision or transition counts as none.
struct Finding {
  Verdict verdict = Verdict::kUnknown;
  std::string message;  ///< names the host, path or object that failed
  std::string revision;
  std::int64_t transition_id = 0;
  TimePoint observed_at{};
};

/// Monotonic time that this process has watched something. `from_start`: it saw the beginning itself (it made the write).
/// A restart gives {0 s, false}. This never makes anything happen earlier: it is how a jump of the wall clock is noticed.
struct Watched {
  Duration steady{0};
  bool from_start = false;
};

struct Evidence {
  std::array<Finding, kProbeCount> findings;
  Watched transition;  ///< since TierState::transition_id became what it is
  Watched state;       ///< since the intent (SameIntent) became what it is

  const Finding& operator[](Probe probe) const { return findings[static_cast<std::size_t>(probe)]; }
  Finding& operator[](Probe probe) { return findings[static_cast<std::size_t>(probe)]; }
};

// ---------------------------------------------------------------------------------------------------------------- kept

enum class Phase {
  kNew,         ///< no status yet, or lost
  kUnresolved,  ///< status lost and the objects do not say which slot serves
  kInstall,
  kStable,
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
};
inline constexpr int kPhaseCount = 22;

struct SlotRef {
  Slot slot = Slot::kA;
  Revision revision;
  friend bool operator==(const SlotRef&, const SlotRef&) = default;
};

struct GateResult {
  std::string name;
  Verdict verdict = Verdict::kUnknown;
  std::string reason;
  std::string message;
  friend bool operator==(const GateResult&, const GateResult&) = default;
};

struct Approval {
  std::string revision;
  std::string by;
  TimePoint at{};
  friend bool operator==(const Approval&, const Approval&) = default;
};

struct AbortRecord {
  std::string reason;
  std::string message;
  TimePoint at{};
  friend bool operator==(const AbortRecord&, const AbortRecord&) = default;
};

struct HoldRecord {
  std::string reason;   ///< kHold… below
  std::string message;  ///< what to do
  TimePoint since{};
  friend bool operator==(const HoldRecord&, const HoldRecord&) = default;
};
inline constexpr std::string_view kHoldRequested = "Requested";
inline constexpr std::string_view kHoldPaused = "Paused";
inline constexpr std::string_view kHoldInconclusive = "Inconclusive";
inline constexpr std::string_view kHoldFailed = "Failed";  ///< onFailure: Hold
inline constexpr std::string_view kHoldForeignOwner = "ForeignOwner";
inline constexpr std::string_view kHoldAmbiguous = "Ambiguous";

struct HistoryEntry {
  Revision revision;
  TimePoint at{};
  std::string reason;  ///< "Installed", "Promoted", "RolledBack"
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

/// What status.tiers[].upgrade holds. Everything but `gates` is intent: see SameIntent.
struct TierState {
  Phase phase = Phase::kNew;
  std::int64_t step = 0;           ///< canary step
  std::int64_t transition_id = 0;  ///< grows with every phase entered; also the fence on objects
  TimePoint phase_started_at{};
  std::optional<TimePoint> deadline;
  /// Since when the phase's gates have passed without a break (minReady, dwell, observe), and the restarts counted then.
  std::optional<TimePoint> window_started_at;
  std::int64_t restart_baseline = 0;

  std::optional<SlotRef> serving;
  std::optional<SlotRef> candidate;
  std::optional<SlotRef> previous;
  std::optional<TimePoint> retain_until;
  std::string started_for;                   ///< desired hash when the upgrade began; another one now = the spec changed
  Strategy strategy = Strategy::kBlueGreen;  ///< as when the upgrade began
  CutoverMode cutover = CutoverMode::kExpandContract;  ///< as chosen for this upgrade
  bool rollback_run = false;                           ///< forward to an old revision on order: no approval, no observation

  Traffic committed = Traffic::kNone;  ///< the selector that we wrote last and have seen in force
  std::int64_t committed_id = 0;       ///< and the transition that wrote it
  std::vector<TimePoint> drift_repairs;
  bool drift_open = false;  ///< a repair is under way

  std::vector<GateResult> gates;
  std::optional<Approval> approval;
  std::optional<AbortRecord> abort;
  std::optional<HoldRecord> hold;
  std::optional<Request> rollback;                 ///< recorded, not done yet
  std::array<std::string, kRequestKinds> handled;  ///< id of the last request of each kind
  std::vector<std::string> failed_revisions;       ///< not tried again until the hash changes or a retry names them
  std::vector<HistoryEntry> history;               ///< newest first
  std::optional<TimePoint> finished_at;            ///< when the last upgrade ended (train pause)
};

/// Equal in all that decisions depend on. `gates` is left out: it is a report.
bool SameIntent(const TierState& left, const TierState& right);

// ----------------------------------------------------------------------------------------------------------------- out

enum class SlotAction {
  kKeep,    ///< do not touch
  kEnsure,  ///< exists with these values; creating it is meant
  kDelete,
};

struct WantedSlot {
  SlotAction action = SlotAction::kKeep;
  std::string revision;
  std::int64_t replicas = 0;              ///< with an autoscaler: its floor
  std::int64_t transition_id = 0;         ///< annotation
  std::optional<TimePoint> retain_until;  ///< annotation; none = absent
  friend bool operator==(const WantedSlot&, const WantedSlot&) = default;
};

struct WantedEntry {
  SlotAction action = SlotAction::kKeep;
  Traffic traffic = Traffic::kNone;  ///< selector and annotation committed-selector, in one write
  std::int64_t transition_id = 0;    ///< annotation, same write
  std::string serving_revision;      ///< annotation, same write
  friend bool operator==(const WantedEntry&, const WantedEntry&) = default;
};

struct Want {
  std::array<WantedSlot, 2> slots;
  WantedEntry entry;
  bool preview = false;       ///< preview Service of the candidate
  bool freeze_entry = false;  ///< no load balancer attribute may be edited now

  const WantedSlot& operator[](Slot slot) const { return slots[slot == Slot::kA ? 0 : 1]; }
  WantedSlot& operator[](Slot slot) { return slots[slot == Slot::kA ? 0 : 1]; }
};

/// For conditions and events. Every wait, hold and way back has one, with the object's name and the remedy.
struct Note {
  bool warning = false;
  bool event = false;  ///< something happened (else: a state, for a condition)
  std::string reason;  ///< CamelCase
  std::string message;
  friend bool operator==(const Note&, const Note&) = default;
};

struct Decision {
  TierState state;           ///< what to persist
  bool record = false;       ///< the intent changed: persist `state` first; there is nothing to perform
  std::optional<Want> want;  ///< what to perform; never together with `record`; none also while paused or unresolved
  ProbeSet probes;           ///< evidence to gather now, about `probe_revision`
  std::string probe_revision;
  std::optional<TimePoint> wake_at;  ///< call again at this time even if nothing happened
  std::int64_t share_percent = 0;    ///< true share of new connections that the candidate gets, by endpoints
  std::vector<Note> notes;
};

}  // namespace ingressfleet::plan::upgrade
