#include "app/evidence.h"

#include <fmt/format.h>

#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "plan/observe.h"
#include "plan/render/render.h"

namespace ingressfleet::app {
namespace {

namespace verify = plan::verify;
using effect::ProbeAnswer;
using effect::ProbeRequest;
using plan::upgrade::Finding;
using plan::upgrade::Probe;
using plan::upgrade::ProbeSet;
using plan::upgrade::Verdict;
using Steady = std::chrono::steady_clock;

/// Targets between two looks at whether the task has changed; both sides are asked.
constexpr std::size_t kChunk = 64;

/// What a tier is to be asked: everything that the background thread needs, as values.
struct Task {
  std::string fleet;
  ProbeSet probes;
  std::string revision;
  std::int64_t transition_id = 0;
  std::string entry;
  std::string preview;
  std::vector<std::string> ranges;  ///< of the access list
  bool claims = false;              ///< whether the proxies believe what source we claim
  std::vector<verify::CustomProbe> custom;
  std::vector<verify::MetricQuery> metrics;
  verify::BudgetLimits budget;

  verify::Inventory inventory;
  std::string obstacle;  ///< not empty: why the tier cannot be asked now
};

/// Whether what was found for the one says something about the other. Ingresses may come and go.
bool SameSubject(const Task& one, const Task& other) {
  return one.probes == other.probes && one.revision == other.revision && one.transition_id == other.transition_id &&
         one.entry == other.entry && one.preview == other.preview && one.ranges == other.ranges && one.claims == other.claims &&
         one.custom == other.custom && one.metrics == other.metrics && one.budget == other.budget;
}

bool NeedsTier(ProbeSet probes) {
  return probes.Has(Probe::kParity) || probes.Has(Probe::kTls) || probes.Has(Probe::kAccess) || probes.Has(Probe::kCustom) ||
         probes.Has(Probe::kEntry) || probes.Has(Probe::kBudget);
}

std::string Obstacle(const EvidenceRequest& request) {
  const plan::ResolvedTier& tier = *request.tier;
  if (request.entry_address.empty()) return fmt::format("Service {}-entry has no address", tier.name);
  if (request.preview_address.empty()) return fmt::format("Service {}-preview has no address", tier.name);
  if (tier.probe_sources.empty()) {
    return tier.enforcement.proxy ? "the access list does not let the operator ask: the tier has no probe sources" : "";
  }
  const plan::ObservedTier observed = plan::Observe(tier, *request.snapshot);
  for (const plan::Slot slot : {plan::Slot::kA, plan::Slot::kB}) {
    if (!observed.slot(slot).exists || plan::LiveConfigInForce(tier, observed.slot(slot))) continue;
    return fmt::format("not all pods of {}-{} report the live configuration with the operator's addresses as in force",
                       tier.name, plan::SlotName(slot));
  }
  return {};
}

Task MakeTask(const EvidenceRequest& request, std::size_t target_limit) {
  Task task;
  task.fleet = request.tier->fleet;
  task.probes = request.probes;
  task.revision = request.revision;
  task.transition_id = request.transition_id;
  task.entry = request.entry_address;
  task.preview = request.preview_address;
  task.ranges = plan::ProxyRanges(*request.tier);
  task.claims = !request.tier->probe_sources.empty() && request.tier->probes_claim;
  task.custom = request.custom;
  task.metrics = request.metrics;
  task.budget = request.budget;
  if (!NeedsTier(request.probes)) return task;
  task.obstacle = Obstacle(request);
  task.inventory = verify::MakeInventory(*request.tier, *request.snapshot, target_limit);
  return task;
}

/// What later comparisons look at.
ProbeAnswer Slim(const ProbeAnswer& answer) {
  ProbeAnswer slim = answer;
  slim.body.clear();
  std::erase_if(slim.headers,
                [](const auto& header) { return header.first != "location" && header.first != verify::kRouteHeader; });
  return slim;
}

/// What an Asker tells and needs: implemented by the tier's session.
struct Surroundings {
  io::Prober& prober;
  const EvidenceOptions& options;
  std::function<void(Probe, verify::Opinion)> publish;
  verify::Baseline& baseline;
  std::stop_token stop;  ///< of this subject
};

/// Everything that is asked about one subject, in turns. Owned by the session's thread.
class Asker {
 public:
  Asker(const Task& task, Surroundings surroundings)
      : task_(task),
        around_(std::move(surroundings)),
        sources_(verify::SourcesOf(task.ranges)),
        access_(AccessSources()),
        watch_(task.budget) {
    const ProbeSet probes = task.probes;
    if (probes.Has(Probe::kParity) || probes.Has(Probe::kTls)) parity_duty_ = &AddDuty(true, [this] { return AskParity(); });
    if (probes.Has(Probe::kAccess)) AddDuty(true, [this] { return AskAccess(); });
    if (probes.Has(Probe::kCustom)) AddDuty(true, [this] { return AskCustom(); });
    if (probes.Has(Probe::kMetrics)) AddDuty(false, [this] { return AskMetrics(); });
    if (probes.Has(Probe::kEntry) || probes.Has(Probe::kBudget)) AddDuty(true, [this] { return AskEntry(); });
    for (const verify::CustomProbe& probe : task.custom) custom_.emplace_back(probe, verify::Tally(verify::kTries - 1, true));
    for (const verify::MetricQuery& metric : task.metrics)
      metrics_.emplace_back(metric, verify::Tally(metric.failure_limit, false));
    SetTask(task);
  }

  /// Of the same subject.
  void SetTask(const Task& task) {
    task_ = task;
    parity_.SetInventory(task.inventory);
    watch_.Keep(task.inventory.targets);
    // New targets do not wait for the next run over all of them.
    const bool has_new = !parity_.IsComplete() && !parity_.IsRepeating();
    if (parity_duty_ != nullptr && has_new) parity_duty_->due = {};
  }

  /// Does what is due; the time when something is due again.
  Steady::time_point Step() {
    for (Duty& duty : duties_) {
      if (around_.stop.stop_requested()) break;
      if (duty.due > Steady::now() || (duty.needs_tier && !task_.obstacle.empty())) continue;
      const base::Duration after = duty.run();
      duty.due = Steady::now() + after;
    }
    // With an obstacle: whatever removes it is a new task.
    auto due = Steady::now() + std::chrono::hours(1);
    for (const Duty& duty : duties_) {
      if (!duty.needs_tier || task_.obstacle.empty()) due = std::min(due, duty.due);
    }
    return due;
  }

 private:
  struct Duty {
    bool needs_tier;
    std::function<base::Duration()> run;
    Steady::time_point due{};
  };

  Duty& AddDuty(bool needs_tier, std::function<base::Duration()> run) {
    return duties_.emplace_back(Duty{needs_tier, std::move(run), {}});
  }

  std::vector<ProbeAnswer> Ask(const std::vector<ProbeRequest>& requests) { return around_.prober.Ask(requests, around_.stop); }
  bool IsStopped() const { return around_.stop.stop_requested(); }

  /// What the tier is asked as: somebody whom the list lets in, if there is anybody.
  std::string Source() const {
    if (!task_.claims) return {};
    return !sources_.allowed.empty() ? sources_.allowed.front() : sources_.denied.front();
  }

  /// Where nobody can be claimed to be, the proxies hold no list either (else that is an obstacle): we have to be let in
  /// ourselves.
  verify::Sources AccessSources() const { return task_.claims ? sources_ : verify::Sources{{""}, {}}; }

  ProbeRequest RequestFor(const std::string& address, const verify::Target& target) const {
    ProbeRequest request;
    request.address = address;
    request.tls = target.tls;
    request.port = target.tls ? around_.options.https_port : around_.options.http_port;
    request.host = target.host;
    request.path = target.path;
    request.source = Source();
    return request;
  }

  /// When a verdict has been found: as long as it is good for. When not: soon, then less and less often.
  base::Duration UntilNextRun(bool known, base::Duration& back_off) const {
    if (known) {
      back_off = base::Duration(0);
      return around_.options.renew_after;
    }
    back_off = back_off.count() == 0 ? around_.options.retry_first : std::min(back_off * 2, around_.options.retry_most);
    return back_off;
  }

  // ------------------------------------------------------------------------------------------------------ Parity, Tls

  base::Duration AskParity() {
    if (parity_.IsComplete()) {
      parity_ = verify::Parity();
      parity_.SetInventory(task_.inventory);
      parity_run_is_full_ = true;
    }
    const auto targets = parity_.Next(kChunk);
    std::vector<ProbeRequest> requests;
    for (const verify::Target& target : targets) {
      requests.push_back(RequestFor(task_.entry, target));
      requests.push_back(RequestFor(task_.preview, target));
    }
    const auto answers = Ask(requests);
    if (IsStopped()) return {};
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const ProbeAnswer& serving = answers[2 * i];
      around_.baseline[targets[i]] = Slim(serving);
      parity_.Take(targets[i], verify::Compare(targets[i], serving, answers[2 * i + 1]));
    }
    if (!parity_.IsComplete()) {
      if (!parity_known_) PublishParity();
      return parity_.IsRepeating() ? around_.options.repeat_after : base::Duration(0);
    }
    parity_known_ = PublishParity();
    // A run over a few new targets does not make the others any younger.
    if (parity_run_is_full_ || !parity_known_) parity_renewal_ = Steady::now() + UntilNextRun(parity_known_, parity_back_off_);
    parity_run_is_full_ = false;
    return std::max(base::Duration(0), std::chrono::ceil<base::Duration>(parity_renewal_ - Steady::now()));
  }

  /// Whether all that is asked for is known.
  bool PublishParity() {
    const verify::Opinion parity = parity_.ParityOpinion(), tls = parity_.TlsOpinion();
    around_.publish(Probe::kParity, parity);
    around_.publish(Probe::kTls, tls);
    return (!task_.probes.Has(Probe::kParity) || parity.verdict != Verdict::kUnknown) &&
           (!task_.probes.Has(Probe::kTls) || tls.verdict != Verdict::kUnknown);
  }

  // ----------------------------------------------------------------------------------------------------------- Access

  base::Duration AskAccess() {
    if (access_.Next().empty()) access_ = verify::Access(AccessSources());
    const auto questions = access_.Next();
    std::vector<ProbeRequest> requests;
    for (const verify::Access::Question& question : questions) {
      requests.push_back(RequestFor(task_.preview, {question.tls, std::string(verify::kUnknownHost), "/", {}, {}}));
      requests.back().source = question.source;
    }
    const auto answers = Ask(requests);
    if (IsStopped()) return {};
    for (std::size_t i = 0; i < questions.size(); ++i) access_.Take(questions[i], answers[i]);
    if (!access_.Next().empty()) return around_.options.repeat_after;
    const verify::Opinion opinion = access_.Judge();
    around_.publish(Probe::kAccess, opinion);
    return UntilNextRun(opinion.verdict != Verdict::kUnknown, access_back_off_);
  }

  // -------------------------------------------------------------------------------------------------- Custom, Metrics

  base::Duration AskCustom() {
    std::vector<ProbeRequest> requests;
    for (const auto& [probe, tally] : custom_) {
      ProbeRequest request = verify::RequestOf(probe, task_.preview, Source());
      if (probe.port == 0) request.port = request.tls ? around_.options.https_port : around_.options.http_port;
      if (!task_.claims) request.source.clear();
      requests.push_back(std::move(request));
    }
    const auto answers = Ask(requests);
    if (IsStopped()) return {};
    for (std::size_t i = 0; i < custom_.size(); ++i) custom_[i].second.Add(verify::Measure(custom_[i].first, answers[i]));
    const bool known = PublishTallies(Probe::kCustom, custom_, "upgrade.verify.probes is empty");
    return known ? around_.options.measure_interval : around_.options.repeat_after;
  }

  base::Duration AskMetrics() {
    std::vector<ProbeRequest> requests;
    std::vector<verify::Tally*> asked;
    std::vector<const verify::MetricQuery*> queries;
    for (auto& [metric, tally] : metrics_) {
      auto request = verify::RequestOf(metric);
      if (!request) {
        tally.Add({Verdict::kUnknown, fmt::format("metric {}: {}", metric.name, request.error().message)});
        continue;
      }
      requests.push_back(std::move(*request));
      asked.push_back(&tally);
      queries.push_back(&metric);
    }
    const auto answers = Ask(requests);
    if (IsStopped()) return {};
    for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->Add(verify::Measure(*queries[i], answers[i]));
    PublishTallies(Probe::kMetrics, metrics_, "upgrade.verify.metrics is empty");
    return around_.options.measure_interval;
  }

  /// The worst of all decides. Whether it is known.
  template <class Check>
  bool PublishTallies(Probe probe, const std::vector<std::pair<Check, verify::Tally>>& tallies, const char* when_empty) {
    verify::Opinion opinion{Verdict::kPass, fmt::format("{} checks passed", tallies.size())};
    if (tallies.empty()) opinion = {Verdict::kUnknown, when_empty};
    for (const auto& [check, tally] : tallies) {
      const verify::Measurement judged = tally.Judge();
      const bool worse = judged.verdict == Verdict::kFail
                             ? opinion.verdict != Verdict::kFail
                             : judged.verdict == Verdict::kUnknown && opinion.verdict == Verdict::kPass;
      if (worse) opinion = {judged.verdict, judged.message};
    }
    around_.publish(probe, opinion);
    return opinion.verdict != Verdict::kUnknown;
  }

  // --------------------------------------------------------------------------------------------------- Entry, Budget

  base::Duration AskEntry() {
    const auto targets = EntryTargets();
    std::vector<ProbeRequest> requests;
    for (const verify::Target& target : targets) requests.push_back(RequestFor(task_.entry, target));
    // Where nobody has asked the serving slot, the preview leads to the pods that the entry should lead to.
    std::vector<verify::Target> unknown;
    for (const verify::Target& target : targets) {
      if (around_.baseline.contains(target)) continue;
      requests.push_back(RequestFor(task_.preview, target));
      unknown.push_back(target);
    }
    const auto answers = Ask(requests);
    if (IsStopped()) return {};
    verify::Baseline previewed;
    for (std::size_t i = 0; i < unknown.size(); ++i) previewed[unknown[i]] = answers[targets.size() + i];
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto found = around_.baseline.find(targets[i]);
      watch_.Take(targets[i], found != around_.baseline.end() ? &found->second : &previewed.at(targets[i]), answers[i]);
    }
    around_.publish(Probe::kEntry, watch_.EntryOpinion());
    around_.publish(Probe::kBudget, watch_.BudgetOpinion());
    return around_.options.watch_interval;
  }

  /// What has to be asked again, and the next ones in turn; a tier with few routes is asked for them several times, which
  /// reaches different pods.
  std::vector<verify::Target> EntryTargets() {
    std::vector<verify::Target> targets = watch_.Doubtful();
    const std::size_t batch = around_.options.watch_batch;
    targets.resize(std::min(targets.size(), batch));
    const auto& all = task_.inventory.targets;
    for (std::size_t i = 0; i < batch && !all.empty(); ++i) targets.push_back(all[turn_++ % all.size()]);
    return targets;
  }

  Task task_;
  const Surroundings around_;
  const verify::Sources sources_;
  std::list<Duty> duties_;
  Duty* parity_duty_ = nullptr;

  verify::Parity parity_;
  bool parity_known_ = false;
  bool parity_run_is_full_ = true;
  Steady::time_point parity_renewal_{};
  base::Duration parity_back_off_{0};
  verify::Access access_;
  base::Duration access_back_off_{0};
  std::vector<std::pair<verify::CustomProbe, verify::Tally>> custom_;
  std::vector<std::pair<verify::MetricQuery, verify::Tally>> metrics_;
  verify::EntryWatch watch_;
  std::size_t turn_ = 0;
};

/// One tier: the newest task, what was found for it, and the thread that asks.
class Session {
 public:
  Session(io::Prober& prober, const base::Clock& clock, const EvidenceGatherer::OnNews& on_news, const EvidenceOptions& options)
      : prober_(prober), clock_(clock), on_news_(on_news), options_(options), thread_([this](std::stop_token stop) {
          Run(stop);
        }) {}

  void Stop() {
    thread_.request_stop();
    const std::lock_guard lock(mutex_);
    asking_.request_stop();
  }

  Findings Give(Task task) {
    const std::lock_guard lock(mutex_);
    if (!SameSubject(task_, task)) {
      asking_.request_stop();
      asking_ = std::stop_source();
      findings_ = {};
      told_ = {};
      ++subject_;
    }
    task_ = std::move(task);
    last_call_ = Steady::now();
    ++version_;
    changed_.notify_all();
    return Found();
  }

  Findings Known() const {
    const std::lock_guard lock(mutex_);
    return Found();
  }

 private:
  /// What was found; where nothing was yet, why.
  Findings Found() const {
    Findings known;
    for (int i = 0; i < plan::upgrade::kProbeCount; ++i) {
      const auto probe = static_cast<Probe>(i);
      if (probe == Probe::kPreflight || !task_.probes.Has(probe)) continue;
      Finding& finding = known[static_cast<std::size_t>(i)] = findings_[static_cast<std::size_t>(i)];
      if (finding.revision.empty())
        finding = {Verdict::kUnknown, "being asked", task_.revision, task_.transition_id, clock_.Now()};
      const bool stuck = !task_.obstacle.empty() && probe != Probe::kMetrics;
      if (stuck && finding.verdict == Verdict::kUnknown) finding.message = task_.obstacle;
    }
    return known;
  }

  void Run(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    verify::Baseline baseline;
    std::string baseline_revision;
    while (!stop.stop_requested()) {
      if (!changed_.wait(lock, stop, [&] { return !IsIdle(); })) return;
      const std::uint64_t subject = subject_;
      std::uint64_t version = version_;
      if (task_.revision != baseline_revision) baseline.clear();
      baseline_revision = task_.revision;
      const auto publish = [this, subject](Probe probe, verify::Opinion opinion) {
        Publish(subject, probe, std::move(opinion));
      };
      Asker asker(task_, {prober_, options_, publish, baseline, asking_.get_token()});
      while (!stop.stop_requested() && subject == subject_ && !IsIdle()) {
        if (version != version_) asker.SetTask(task_);
        version = version_;
        lock.unlock();
        const auto due = asker.Step();
        lock.lock();
        const auto until = std::min(due, last_call_ + options_.patience);
        changed_.wait_until(lock, stop, until, [&] { return version != version_; });
      }
    }
  }

  /// Nothing is asked for, or nobody has wanted to know for long. A new call ends it.
  bool IsIdle() const { return task_.probes.Empty() || Steady::now() > last_call_ + options_.patience; }

  void Publish(std::uint64_t subject, Probe probe, verify::Opinion opinion) {
    std::string fleet;
    {
      const std::lock_guard lock(mutex_);
      if (subject != subject_ || !task_.probes.Has(probe)) return;
      const auto index = static_cast<std::size_t>(probe);
      Finding& finding = findings_[index];
      const bool renewed = opinion.verdict != Verdict::kUnknown && Steady::now() >= told_[index] + options_.renew_after;
      const bool news = finding.verdict != opinion.verdict || renewed;
      finding = {opinion.verdict, std::move(opinion.message), task_.revision, task_.transition_id, clock_.Now()};
      if (!news) return;
      told_[index] = Steady::now();
      fleet = task_.fleet;
    }
    on_news_(fleet);
  }

  io::Prober& prober_;
  const base::Clock& clock_;
  const EvidenceGatherer::OnNews& on_news_;
  const EvidenceOptions& options_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Task task_;
  std::uint64_t version_ = 0;  ///< of the task
  std::uint64_t subject_ = 0;  ///< counts subjects
  std::stop_source asking_;    ///< ends the questions about this subject
  Steady::time_point last_call_{};
  Findings findings_;
  std::array<Steady::time_point, plan::upgrade::kProbeCount> told_{};
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace

struct EvidenceGatherer::Impl {
  io::Prober& prober;
  const base::Clock& clock;
  const OnNews on_news;
  const EvidenceOptions options;
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Session>> sessions;  ///< by fleet and tier
};

EvidenceGatherer::EvidenceGatherer(io::Prober& prober, const base::Clock& clock, OnNews on_news, EvidenceOptions options)
    : impl_(std::make_unique<Impl>(prober, clock, std::move(on_news), options)) {}

EvidenceGatherer::~EvidenceGatherer() {
  for (const auto& [name, session] : impl_->sessions) session->Stop();
}

Findings EvidenceGatherer::Gather(const EvidenceRequest& request) {
  Task task = MakeTask(request, impl_->options.target_limit);
  const std::pair name(request.tier->fleet, request.tier->name);
  const std::lock_guard lock(impl_->mutex);
  if (request.probes.Empty() && !impl_->sessions.contains(name)) return {};
  auto& session = impl_->sessions[name];
  if (session == nullptr) session = std::make_unique<Session>(impl_->prober, impl_->clock, impl_->on_news, impl_->options);
  return session->Give(std::move(task));
}

Findings EvidenceGatherer::Known(const std::string& fleet, const std::string& tier) const {
  const std::lock_guard lock(impl_->mutex);
  const auto session = impl_->sessions.find({fleet, tier});
  return session == impl_->sessions.end() ? Findings{} : session->second->Known();
}

void EvidenceGatherer::Forget(const std::string& fleet) {
  std::vector<std::unique_ptr<Session>> gone;
  {
    const std::lock_guard lock(impl_->mutex);
    auto session = impl_->sessions.lower_bound({fleet, ""});
    while (session != impl_->sessions.end() && session->first.first == fleet) {
      gone.push_back(std::move(session->second));
      session = impl_->sessions.erase(session);
    }
  }
  // Outside the lock: a thread that is just telling news may be waiting for somebody who waits for us.
  for (const auto& session : gone) session->Stop();
}

}  // namespace ingressfleet::app
