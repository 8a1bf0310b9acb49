#pragma once
// A small cluster around the upgrade machine: two workloads with pods that start, die and terminate, an entry Service whose
// slices lag its selector, a balancer that admits late and forgets at once, a status store with compare-and-swap, and two
// operators that follow the driver's contract with caches that lag object by object and that may die between any two writes.
// Every step is one action; the rules that must hold are checked in the step that could break them.
//
// Faults excuse what follows from them and nothing else: a rule counts as broken when the writer's own read already showed, or
// an operator's own write caused, the bad state.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "plan/upgrade/machine.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::plan::upgrade::model {

using std::chrono::seconds;

/// What is wrong with the contract that this driver follows; all false in the real one. For mutation tests.
struct DriverFlaws {
  bool ignores_object_versions = false;
  bool ignores_status_version = false;
  bool performs_before_recording = false;
  bool trusts_wall_clock = false;  ///< takes its wall clock for a monotonic one
};

enum class Quality { kGood, kNeverReady, kFailsVerify, kOverBudget };

struct Workload {
  bool exists = false;
  std::int64_t version = 0;  ///< resourceVersion; never used twice
  int revision = 0;
  std::int64_t id = 0;
  std::int64_t replicas = 0;
  bool observed = true;  ///< the controller has seen the last change
  std::optional<TimePoint> retain_until;
  std::vector<int> ready;     ///< revision of each ready pod
  std::vector<int> starting;  ///< of each pod that is not ready
  int terminating = 0;
  int restarts = 0;
  bool access = false;  ///< pods have loaded the access list
  unsigned nodes = 0;   ///< bit set

  std::int64_t Ready() const { return static_cast<std::int64_t>(ready.size()); }
  std::int64_t Pods() const { return Ready() + static_cast<std::int64_t>(starting.size()) + terminating; }
};

struct Entry {
  bool exists = false;
  std::int64_t version = 0;
  std::optional<Traffic> traffic;
  std::optional<Traffic> committed;
  std::int64_t id = 0;
  std::string serving_revision;
  bool access = false;
  bool foreign = false;  ///< the selector is somebody else's edit
};

struct StatusStore {
  std::int64_t version = 1;
  TierState state;
};

/// An operator's last read of one thing, and when that was (in steps).
template <class T>
struct Cached {
  T value;
  std::int64_t step = 0;
};

struct Write {
  enum Kind { kStatus, kSlot, kEntry, kPreview } kind = kStatus;
  Slot slot = Slot::kA;
  TierState state;
  WantedSlot slot_wanted;
  WantedEntry entry_wanted;
  bool preview = false;
  std::int64_t version = 0;  ///< expected; 0 = must not exist
  Phase phase = Phase::kNew;
  std::int64_t transition_id = 0;
  std::array<std::int64_t, 2> slot_basis{};  ///< steps of the reads that it was decided on
  std::int64_t entry_basis = 0;
};

struct Stopwatch {
  std::int64_t id = -1;
  TimePoint since{};
  bool from_start = false;
};

struct Operator {
  bool leads = false;
  Duration clock_offset{0};
  Cached<StatusStore> status;
  std::array<Cached<Workload>, 2> slots;
  Cached<Entry> entry;
  std::array<std::int64_t, 2> slices{};
  bool preview = false;
  std::deque<Write> pending;
  Evidence evidence;
  ProbeSet probes;
  std::string probe_revision;
  Stopwatch transition;
  Stopwatch intent;             ///< id = version of the status
  bool watched_retain = false;  ///< it recorded the current retention and has not restarted since
};

struct Options {
  std::uint64_t seed = 1;
  bool two_operators = true;
  bool race = false;       ///< both work equally often
  std::string_view boost;  ///< name of an action that happens more often
  DriverFlaws flaws;
  Duration admit{seconds(20)};  ///< what the balancer really needs
};

inline std::string Hash(int revision) { return revision == 0 ? std::string() : "r" + std::to_string(revision); }
inline int Number(const std::string& hash) { return hash.empty() ? 0 : std::stoi(hash.substr(1)); }
inline std::size_t Index(Slot slot) { return slot == Slot::kA ? 0 : 1; }

class World {
 public:
  explicit World(const Options& options, const Gates& gates = DefaultGates()) : options_(options), gates_(&gates) {
    tier.name = "t";
    tier.desired = {Hash(1), "v1"};
    tier.promotion = Promotion::kAutomatic;
    tier.observe = seconds(60);
    tier.retain = seconds(120);
    tier.progress_deadline = seconds(200);
    tier.termination_grace = seconds(40);
    tier.expand_dwell = seconds(20);
    tier.min_ready = seconds(10);
    tier.abort_delay = seconds(10);
    tier.steps = {{25, seconds(20)}, {50, seconds(20)}};
    tier.verify = {Probe::kParity};
    tier.replicas = 2;
    operators[0].leads = true;
    operators[1].leads = options.two_operators;
    now = TimePoint(seconds(1'000'000));
    for (Operator& each : operators) Restart(each);
  }

  TierInput tier;
  TimePoint now{};
  std::int64_t step = 0;
  std::array<Workload, 2> slots;
  Entry entry;
  std::array<std::int64_t, 2> slices{};                  ///< ready endpoints listed, by slot
  std::array<std::optional<TimePoint>, 2> listed_since;  ///< for the balancer
  TimePoint slices_stall_until{};                        ///< the slice controller is slow
  bool preview = false;
  StatusStore status;
  std::array<Operator, 2> operators;
  std::map<int, Quality> quality;
  bool evidence_up = true;
  bool frozen_candidate = false;  ///< nobody can write to the candidate's workload
  std::optional<std::string> violation;

  const Options& options() const { return options_; }

  // ------------------------------------------------------------------------------------------------------------- actions

  void Tick(Duration by) { now += by; }

  /// The workload controller: makes the pods fit the specification.
  void Reconcile(Slot slot) {
    Workload& live = slots[Index(slot)];
    const bool served = Effective() > 0;
    live.observed = true;
    const auto want = static_cast<std::size_t>(live.exists ? live.replicas : 0);
    auto& ready = live.ready;
    auto& starting = live.starting;
    std::erase_if(starting, [&](int each) { return each != live.revision; });
    std::stable_partition(ready.begin(), ready.end(), [&](int each) { return each == live.revision; });
    // A rolling update: maxSurge 1, maxUnavailable 0, the old ones go first.
    const bool rolling = want > 0 && !ready.empty() && ready.back() != live.revision;
    const std::size_t limit = want + (rolling ? 1 : 0);
    while (ready.size() + starting.size() > limit && !starting.empty()) starting.pop_back(), ++live.terminating;
    while (ready.size() > want) ready.pop_back(), ++live.terminating;
    while (ready.size() + starting.size() < want) starting.push_back(live.revision);
    if (!ready.empty() && ready.back() != live.revision && starting.empty()) starting.push_back(live.revision);
    if (ready.empty() && starting.empty()) live.access = false;
    const bool excused = lost_[1 - Index(slot)] > removal_basis_[Index(slot)] || foreign_ > removal_basis_[Index(slot)];
    if (served && Effective() == 0 && !excused)
      Break("I3", fmt::format("the pods that served were taken away from slot {}", SlotName(slot)));
  }

  void StartPod(Slot slot) {
    Workload& live = slots[Index(slot)];
    const auto able = std::find_if(live.starting.begin(), live.starting.end(),
                                   [&](int revision) { return QualityOf(revision) != Quality::kNeverReady; });
    if (able == live.starting.end()) return;
    live.ready.push_back(*able);
    live.starting.erase(able);
    gained_[Index(slot)] = step;
  }

  void FinishPod(Slot slot) {
    Workload& live = slots[Index(slot)];
    if (live.terminating > 0) --live.terminating;
  }

  void LoadAccess(Slot slot) { slots[Index(slot)].access = slots[Index(slot)].Ready() > 0 || slots[Index(slot)].access; }
  void LoadEntryAccess() { entry.access = entry.exists; }

  /// The slice controller and everything behind it (kube-proxy, targets of the balancer).
  void SyncSlices() {
    if (now < slices_stall_until) return;
    const bool served = Effective() > 0;
    const bool admitted = Admitted();
    for (Slot slot : {Slot::kA, Slot::kB}) {
      const bool selected = entry.exists && entry.traffic && Selects(*entry.traffic, slot);
      const std::int64_t listed = selected ? slots[Index(slot)].Ready() : 0;
      slices[Index(slot)] = listed;
      if (listed == 0)
        listed_since[Index(slot)].reset();
      else if (!listed_since[Index(slot)])
        listed_since[Index(slot)] = now;
    }
    if (entry.foreign || !entry.exists || entry.traffic == Traffic::kNone) return;
    const bool excused = entry.traffic && FaultSince(*entry.traffic, entry_basis_);
    if (served && Effective() == 0 && AnyReady() && !excused) Break("I2", "the slices went from ready endpoints to none");
    const Phase phase = status.state.phase;
    const bool forward = phase == Phase::kContract || phase == Phase::kObserve;
    const bool lost = lost_[0] > expand_began_ || lost_[1] > expand_began_ || foreign_ > expand_began_;
    if (forward && admitted && !Admitted() && !lost && status.state.cutover != CutoverMode::kFlip) {
      Break("Dwell", "the balancer lost its last admitted target before a new one was admitted");
    }
  }

  void Refresh(Operator& op, int what) {
    if (what == 0) ReadStatus(op);
    if (what == 1) op.slots[0] = {slots[0], step};
    if (what == 2) op.slots[1] = {slots[1], step};
    if (what == 3) op.entry = {entry, step};
    if (what == 4) op.slices = slices;
    if (what == 5) op.preview = preview;
  }
  void RefreshAll(Operator& op) {
    for (int what = 0; what < 6; ++what) Refresh(op, what);
  }

  /// One round of the driver, up to the writes.
  void Think(Operator& op) {
    if (!op.pending.empty()) return;
    const Decision decision = Decide(op);
    op.probes = decision.probes;
    op.probe_revision = decision.probe_revision;
    const StatusStore& base = op.status.value;
    if (decision.record) {
      Write write;
      write.state = decision.state;
      write.state.gates.clear();
      write.version = base.version;
      if (options_.flaws.performs_before_recording) {
        const TierState kept = op.status.value.state;
        op.status.value.state = write.state;
        const Decision next = Decide(op);
        op.status.value.state = kept;
        if (next.want) Plan(op, *next.want, write.state);
      }
      op.pending.push_back(std::move(write));
      return;
    }
    if (decision.want) Plan(op, *decision.want, base.state);
  }

  /// The next write of an operator. A conflict ends the round and makes it read again, as the contract says.
  void PerformOne(Operator& op) {
    if (op.pending.empty()) return;
    const Write write = std::move(op.pending.front());
    op.pending.pop_front();
    bool done = false;
    switch (write.kind) {
      case Write::kStatus: done = WriteStatus(op, write); break;
      case Write::kSlot: done = WriteSlot(write); break;
      case Write::kEntry: done = WriteEntry(op, write); break;
      case Write::kPreview: preview = write.preview, done = true; break;
    }
    if (done) return;
    op.pending.clear();
    RefreshAll(op);
  }

  void GatherEvidence(Operator& op) {
    const std::int64_t id = op.status.value.state.transition_id;
    for (int i = 0; i < kProbeCount; ++i) {
      const auto probe = static_cast<Probe>(i);
      if (!op.probes.Has(probe)) continue;
      Finding& finding = op.evidence[probe];
      finding = {Verdict::kUnknown, "source is down", op.probe_revision, id, now + op.clock_offset};
      if (!evidence_up) continue;
      const Quality quality_of = QualityOf(Number(op.probe_revision));
      const bool bad = (probe == Probe::kParity && quality_of == Quality::kFailsVerify) ||
                       (probe == Probe::kBudget && quality_of == Quality::kOverBudget);
      finding.verdict = bad ? Verdict::kFail : Verdict::kPass;
      if (!bad) proven_.insert({id, i, op.probe_revision});
    }
  }

  void Restart(Operator& op) {
    op.pending.clear();
    op.evidence = {};
    op.probes = {};
    op.transition = op.intent = {};
    op.watched_retain = false;
    RefreshAll(op);
  }

  // -------------------------------------------------------------------------------------------------------------- faults

  void KillPod(Slot slot) {
    Workload& live = slots[Index(slot)];
    if (live.ready.empty()) return;
    live.starting.push_back(live.ready.back());
    live.ready.pop_back();
    ++live.restarts;
    lost_[Index(slot)] = step;
    gained_[1 - Index(slot)] = step;  // relative to the other slot this one became smaller
  }
  void KillAll(Slot slot) {
    while (!slots[Index(slot)].ready.empty()) KillPod(slot);
  }
  void DeleteWorkload(Slot slot) {
    Workload& live = slots[Index(slot)];
    if (!live.exists) return;
    live.terminating += static_cast<int>(live.ready.size() + live.starting.size());
    live.ready.clear();
    live.starting.clear();
    live.exists = false;
    live.access = false;
    live.version = 0;
    live.id = 0;
    lost_[Index(slot)] = step;
  }
  void EditSelector(std::optional<Traffic> traffic) {
    if (!entry.exists) return;
    entry.traffic = traffic;
    entry.foreign = true;
    entry.version = NextVersion();
    foreign_ = step;
  }
  void DeleteEntry() {
    entry = {};
    slices = {};
    listed_since = {};
    foreign_ = step;
  }
  void LoseStatus() {
    status.version = NextVersion();
    status.state = {};
    for (Operator& each : operators) each.watched_retain = false;  // a rebuilt record goes by the time in the annotation
  }
  void StripAnnotation() {
    entry.serving_revision.clear();
    entry.version = NextVersion();
  }
  void MoveNodes(Slot slot, unsigned nodes) {
    slots[Index(slot)].nodes = nodes;
    gained_[0] = gained_[1] = step;
    lost_nodes_ = step;
  }
  void SetDesired(int revision) { tier.desired = {Hash(revision), "v" + std::to_string(revision)}; }
  void Ask(RequestKind kind, const std::string& revision) {
    tier.requests[static_cast<std::size_t>(kind)] = Request{std::to_string(++request_id_), revision, "somebody"};
    if (kind == RequestKind::kPromote) approved_.insert(revision);
  }

  // ------------------------------------------------------------------------------------------------------------- reading

  Quality QualityOf(int revision) const {
    const auto found = quality.find(revision);
    return found == quality.end() ? Quality::kGood : found->second;
  }
  bool AnyReady() const { return slots[0].Ready() + slots[1].Ready() > 0; }
  /// Endpoints that a new connection can reach now.
  std::int64_t Effective() const { return std::min(slices[0], slots[0].Ready()) + std::min(slices[1], slots[1].Ready()); }
  bool Admitted() const {
    for (std::size_t i = 0; i < 2; ++i) {
      if (listed_since[i] && now - *listed_since[i] >= options_.admit && std::min(slices[i], slots[i].Ready()) > 0) return true;
    }
    return false;
  }

  SlotsSeen SeenBy(const Operator& op) const {
    SlotsSeen seen;
    for (std::size_t i = 0; i < 2; ++i) {
      const Workload& live = op.slots[i].value;
      SlotSeen& slot = seen.slots[i];
      slot.exists = live.exists;
      slot.revision = live.exists ? Hash(live.revision) : "";
      slot.transition_id = live.id;
      slot.wanted = live.exists ? live.replicas : 0;
      slot.ready = live.exists && live.observed ? live.Ready() : 0;
      slot.available = slot.ready;
      slot.updated = live.exists && live.observed ? std::count(live.ready.begin(), live.ready.end(), live.revision) : 0;
      slot.restarts = live.restarts;
      slot.pods = live.Pods();
      slot.in_slices = op.slices[i];
      slot.live_config = slot.updated == slot.ready ? slot.revision : "";
      slot.access_in_force = live.access;
      for (unsigned node = 0; node < 3; ++node) {
        if (live.Ready() > 0 && (live.nodes >> node & 1U) != 0) slot.nodes.insert(std::to_string(node));
      }
      slot.retain_until = live.retain_until;
    }
    const Entry& live = op.entry.value;
    seen.entry = {live.exists, live.traffic, live.id, live.committed, live.serving_revision, live.access};
    seen.preview_exists = op.preview;
    return seen;
  }

  Decision Decide(Operator& op) {
    Evidence evidence = op.evidence;
    const TierState& state = op.status.value.state;
    Follow(op.transition, state.transition_id);
    Follow(op.intent, op.status.value.version);
    evidence.transition = {now - op.transition.since, op.transition.from_start};
    evidence.state = {now - op.intent.since, op.intent.from_start};
    if (options_.flaws.trusts_wall_clock) {
      const TimePoint began = state.window_started_at.value_or(state.phase_started_at);
      evidence.transition = {now + op.clock_offset - state.phase_started_at, true};
      evidence.state = {now + op.clock_offset - began, true};
    }
    return Advance(tier, SeenBy(op), state, evidence, now + op.clock_offset, *gates_);
  }

  /// Everything that decides what can still happen, without absolute times, versions and ids: for counting states.
  std::string Fingerprint() const;

 private:
  struct Proof {
    std::int64_t id;
    int probe;
    std::string revision;
    friend auto operator<=>(const Proof&, const Proof&) = default;
  };

  std::int64_t NextVersion() { return ++version_; }

  void Break(std::string_view rule, const std::string& what) {
    if (violation) return;
    violation = fmt::format("{}: {} (step {}, phase {}, transition {})", rule, what, step, PhaseName(status.state.phase),
                            status.state.transition_id);
  }

  bool FaultSince(Traffic traffic, std::int64_t since) const {
    return (Selects(traffic, Slot::kA) && lost_[0] > since) || (Selects(traffic, Slot::kB) && lost_[1] > since);
  }
  void ReadStatus(Operator& op) { op.status = {status, step}; }

  void Follow(Stopwatch& watch, std::int64_t id) const {
    if (watch.id == id) return;
    watch = {id, now, false};
  }

  void Plan(Operator& op, const Want& want, const TierState& state) {
    const auto push = [&](Write write) {
      write.phase = state.phase;
      write.transition_id = state.transition_id;
      write.slot_basis = {op.slots[0].step, op.slots[1].step};
      write.entry_basis = op.entry.step;
      op.pending.push_back(std::move(write));
    };
    for (Slot slot : {Slot::kA, Slot::kB}) {
      const Workload& live = op.slots[Index(slot)].value;
      const WantedSlot& wanted = want[slot];
      if (wanted.action == SlotAction::kKeep || (wanted.action == SlotAction::kDelete && !live.exists)) continue;
      const bool same = wanted.action == SlotAction::kEnsure && live.exists && Hash(live.revision) == wanted.revision &&
                        live.replicas == wanted.replicas && live.id == wanted.transition_id &&
                        live.retain_until == wanted.retain_until;
      if (same) continue;
      Write write;
      write.kind = Write::kSlot;
      write.slot = slot;
      write.slot_wanted = wanted;
      write.version = live.version;
      push(std::move(write));
    }
    if (want.preview != op.preview) {
      Write write;
      write.kind = Write::kPreview;
      write.preview = want.preview;
      push(std::move(write));
    }
    const Entry& live = op.entry.value;
    const bool same = live.exists && live.traffic == want.entry.traffic && live.committed == want.entry.traffic &&
                      live.id == want.entry.transition_id && live.serving_revision == want.entry.serving_revision;
    if (want.entry.action == SlotAction::kKeep || (want.entry.action == SlotAction::kEnsure && same)) return;
    Write write;
    write.kind = Write::kEntry;
    write.entry_wanted = want.entry;
    write.version = live.version;
    push(std::move(write));
    // The contract does not say in which order the writes of one decision are made.
    if (step % 2 == 0) std::rotate(op.pending.rbegin(), op.pending.rbegin() + 1, op.pending.rend());
  }

  bool WriteStatus(Operator& op, const Write& write) {
    if (write.version != status.version && !options_.flaws.ignores_status_version) return false;
    CheckRecord(op, status.state, write.state);
    if (write.state.phase == Phase::kRetain && status.state.phase == Phase::kObserve) {
      retain_began_ = now;
      for (Operator& each : operators) each.watched_retain = &each == &op;
    }
    status = {NextVersion(), write.state};
    ReadStatus(op);
    if (op.transition.id != write.state.transition_id) op.transition = {write.state.transition_id, now, true};
    op.intent = {status.version, now, true};
    return true;
  }

  void CheckRecord(const Operator& op, const TierState& from, const TierState& to) {
    const bool rebuilt = from.phase == Phase::kNew;
    if (to.phase == Phase::kExpand) expand_began_ = step;
    if (from.phase == Phase::kRetain && to.phase == Phase::kDrain) {
      const Duration kept = now - retain_began_;
      const Duration least = op.watched_retain ? tier.retain : std::min<Duration>(tier.retain, seconds(60));
      if (kept < least) Break("T43", fmt::format("drains after {} s", std::chrono::duration_cast<seconds>(kept).count()));
    }
    if (!rebuilt && to.transition_id < from.transition_id) Break("C1", "the transition id went back");
    if (from.phase == Phase::kObserve && to.phase == Phase::kRetain && !to.rollback_run &&
        !proven_.contains({from.transition_id, static_cast<int>(Probe::kBudget), to.serving->revision.hash})) {
      Break("I13", "promoted without a passed budget of this revision in this transition");
    }
    if (!to.candidate || rebuilt) return;
    const std::string& revision = to.candidate->revision.hash;
    const auto proven = [&](Probe probe) { return proven_.contains({from.transition_id, static_cast<int>(probe), revision}); };
    if (from.phase == Phase::kVerify && to.phase == Phase::kApprove && !proven(Probe::kParity)) {
      Break("I13", "left Verify without a passed probe of this revision in this transition");
    }
    const bool exposes = to.phase == Phase::kExpand || to.phase == Phase::kContract || to.phase == Phase::kRolling;
    if (from.phase == Phase::kApprove && exposes && tier.promotion == Promotion::kManual && !to.rollback_run &&
        !approved_.contains(revision)) {
      Break("I14", "went on without an approval that names the revision");
    }
    if (from.phase == Phase::kStable && to.phase == Phase::kPreflight && !to.rollback_run &&
        std::count(from.failed_revisions.begin(), from.failed_revisions.end(), revision) > 0) {
      Break("C2", "a failed revision was tried again");
    }
  }

  bool WriteSlot(const Write& write) {
    Workload& live = slots[Index(write.slot)];
    const bool is_candidate = status.state.candidate && status.state.candidate->slot == write.slot;
    if (frozen_candidate && is_candidate) return false;
    const WantedSlot& wanted = write.slot_wanted;
    if (write.version != live.version && !(options_.flaws.ignores_object_versions && live.exists)) return false;
    const std::int64_t entitled = std::min<std::int64_t>(live.replicas, std::max<std::int64_t>(1, tier.replicas));
    if (live.exists && wanted.replicas < live.replicas)
      removal_basis_[Index(write.slot)] = std::min(write.slot_basis[0], write.slot_basis[1]);
    const bool removes =
        wanted.action == SlotAction::kDelete || (live.exists && wanted.replicas < entitled && wanted.replicas == 0);
    if (removes) CheckRemoval(write);
    if (wanted.action == SlotAction::kDelete) {
      const auto gone = static_cast<int>(live.ready.size() + live.starting.size());
      const bool served = Effective() > 0;
      const int terminating = live.terminating + gone;
      live = {};
      live.terminating = terminating;
      if (served && Effective() == 0 && foreign_ <= write.entry_basis)
        Break("I3", fmt::format("slot {} was deleted while it served", SlotName(write.slot)));
      return true;
    }
    if (!live.exists) {
      live.exists = true;
      live.nodes = (static_cast<unsigned>(step) % 3 == 0) ? 1U : 3U;
      live.restarts = 0;
      live.access = false;
    }
    live.version = NextVersion();
    live.observed = live.observed && live.replicas == wanted.replicas && Hash(live.revision) == wanted.revision;
    live.revision = Number(wanted.revision);
    live.replicas = wanted.replicas;
    live.id = wanted.transition_id;
    live.retain_until = wanted.retain_until;
    return true;
  }

  void CheckRemoval(const Write& write) {
    const Slot other = Other(write.slot);
    const Workload& rest = slots[Index(other)];
    const bool edited = foreign_ > write.entry_basis;
    const bool excused = edited || lost_[Index(other)] > write.slot_basis[Index(other)] ||
                         lost_[Index(write.slot)] > write.slot_basis[Index(write.slot)];
    if (status.state.phase == Phase::kUnresolved && write.transition_id == status.state.transition_id)
      Break("Hold", "removal while unresolved");
    if (entry.exists && entry.traffic && !edited && *entry.traffic == Only(write.slot)) {
      Break("I3", fmt::format("slot {} is taken away while it alone is selected", SlotName(write.slot)));
    }
    if (entry.exists && entry.traffic == Traffic::kBoth && !excused && rest.Ready() == 0) {
      Break("I3", fmt::format("slot {} is taken away while the other selected one has no ready pod", SlotName(write.slot)));
    }
    const bool revived = gained_[Index(write.slot)] > write.slot_basis[Index(write.slot)];
    if (!excused && !revived && slots[Index(write.slot)].Ready() > 0 && rest.Ready() == 0) {
      Break("Healthy", fmt::format("slot {} is taken away though it alone has ready pods", SlotName(write.slot)));
    }
    if (write.phase == Phase::kDrain && status.state.phase == Phase::kDrain) {
      if (rest.Ready() == 0 && !excused) Break("Healthy", "drained though the serving slot is dead");
    }
  }

  bool WriteEntry(const Operator& op, const Write& write) {
    const WantedEntry& wanted = write.entry_wanted;
    if (write.version != entry.version && !(options_.flaws.ignores_object_versions && entry.exists)) return false;
    if (wanted.action == SlotAction::kDelete) {
      Break("I9", "the entry was deleted");
      return true;
    }
    if (!entry.exists) {
      if (wanted.traffic != Traffic::kNone) Break("I7", "an entry was created that selects something");
      entry = {};
      entry.exists = true;
      entry.traffic = Traffic::kNone;
    }
    if (entry.traffic != wanted.traffic) CheckSelection(op, write);
    entry.traffic = wanted.traffic;
    entry.committed = wanted.traffic;
    entry.id = wanted.transition_id;
    entry.serving_revision = wanted.serving_revision;
    entry.foreign = false;
    entry.version = NextVersion();
    entry_basis_ = std::min(write.slot_basis[0], write.slot_basis[1]);
    return true;
  }

  void CheckSelection(const Operator& op, const Write& write) {
    const Traffic to = write.entry_wanted.traffic;
    // Before the first exposure somebody else's selector is taken back to nothing; afterwards there is no way to nothing.
    const bool exposed = entry.committed != Traffic::kNone;
    if (to == Traffic::kNone && exposed) Break("I1", "the selector was set to none");
    if (to == Traffic::kNone) return;
    if (status.state.phase == Phase::kUnresolved && write.transition_id == status.state.transition_id)
      Break("Hold", "selection while unresolved");
    std::int64_t selected = 0;
    bool excused = false;
    for (Slot slot : {Slot::kA, Slot::kB}) {
      if (!Selects(to, slot)) continue;
      selected += slots[Index(slot)].Ready();
      excused |= lost_[Index(slot)] > write.slot_basis[Index(slot)];
      const bool newly = !entry.traffic || !Selects(*entry.traffic, slot);
      if (newly && slots[Index(slot)].Ready() > 0 && !slots[Index(slot)].access &&
          gained_[Index(slot)] <= write.slot_basis[Index(slot)] && lost_[Index(slot)] <= write.slot_basis[Index(slot)]) {
        Break("I7", fmt::format("slot {} was selected before its access list was in force", SlotName(slot)));
      }
    }
    if (entry.traffic == Traffic::kNone && !entry.access) Break("I7", "exposed before the balancer's ranges were in force");
    if (AnyReady() && selected == 0 && !excused) Break("I2", fmt::format("selector {} selects nothing ready", TrafficName(to)));
    CheckContract(op, write);
  }

  void CheckContract(const Operator& op, const Write& write) {
    const TierState& state = op.status.value.state;
    if (write.phase != Phase::kContract || !state.candidate || !state.serving ||
        write.entry_wanted.traffic != Only(state.candidate->slot))
      return;
    const std::size_t c = Index(state.candidate->slot);
    const std::size_t s = Index(state.serving->slot);
    const bool changed = lost_[c] > write.slot_basis[c] || gained_[s] > write.slot_basis[s];
    if (!changed && slots[c].Ready() < slots[s].Ready()) {
      Break("I18", fmt::format("contracted to {} pods from {}", slots[c].Ready(), slots[s].Ready()));
    }
    const bool covered = (slots[s].nodes & ~slots[c].nodes) == 0;
    if (tier.local_traffic_policy && slots[s].Ready() > 0 && !covered &&
        lost_nodes_ <= std::min(write.slot_basis[c], write.slot_basis[s]) && !changed) {
      Break("T13", "contracted with Local policy while a node has only the old slot");
    }
  }

  Options options_;
  const Gates* gates_;
  std::int64_t version_ = 10;
  int request_id_ = 0;
  std::array<std::int64_t, 2> lost_{};  ///< last step in which a fault took readiness from the slot
  std::array<std::int64_t, 2> gained_{};
  std::int64_t lost_nodes_ = 0;
  std::int64_t foreign_ = 0;
  std::int64_t entry_basis_ = 0;
  std::int64_t expand_began_ = 0;
  std::array<std::int64_t, 2> removal_basis_{};
  TimePoint retain_began_{};
  std::set<Proof> proven_;
  std::set<std::string> approved_;
};

}  // namespace ingressfleet::plan::upgrade::model
