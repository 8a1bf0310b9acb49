#include "io/leader.h"

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "base/log.h"
#include "io/lease_step.h"
#include "io/metrics.h"
#include "io/wait.h"

namespace ingressfleet::io {
namespace {

constexpr std::string_view kFieldManager = "ingressfleet-leader-election";
/// A call must fail early enough for another try before the renew deadline.
constexpr int kTriesPerDeadline = 3;
constexpr base::Duration kReleaseTime{2'000};
constexpr int kReleaseTries = 3;

/// One candidate's dealings with the Lease. Used by one thread at a time.
class Candidate {
 public:
  Candidate(const Client& client, const LeaderOptions& options) : client_(client), options_(options) {}

  /// One try to get or keep the lease: ok = it is ours from now on; kForeign = somebody else holds it.
  base::Status Try(const std::stop_token& stop) {
    Client client = client_.With(stop, options_.renew_deadline / kTriesPerDeadline);
    std::optional<kube::Object> live;
    auto read = client.Get(kube::kLease, options_.ns, options_.name);
    if (read) live = std::move(*read);
    if (!read && read.error().code != base::Code::kNotFound) return base::Fail(read.error());
    const auto decision = DecideLease(view_, options_, live, {MonotonicNow(), base::SystemClock().Now()});
    if (decision.kind == LeaseDecision::Kind::kWait) {
      return base::Fail(base::Code::kForeign, fmt::format("lease {}/{} is held by {}", options_.ns, options_.name,
                                                          live->Text("/spec/holderIdentity")));
    }
    auto written = decision.kind == LeaseDecision::Kind::kCreate ? client.Create(decision.lease, kFieldManager)
                                                                 : client.Replace(decision.lease, kFieldManager);
    if (!written) return base::Fail(written.error());
    return {};
  }

  /// Reads before it writes: the answer of the last renewal may never have reached us, and its write may even come now.
  void Release() {
    base::Status released;
    for (int attempt = 0; attempt < kReleaseTries; ++attempt) {
      released = TryRelease();
      if (released || released.error().code != base::Code::kConflict) break;
    }
    if (!released) base::Log(base::LogLevel::kWarn, "lease not released", {{"error", released.error().ToString()}});
  }

 private:
  base::Status TryRelease() {
    Client client = client_.With({}, kReleaseTime);
    const auto live = client.Get(kube::kLease, options_.ns, options_.name);
    if (!live) return base::Fail(live.error());
    if (live->Text("/spec/holderIdentity") != options_.identity) return {};
    const auto written = client.Replace(ReleasedLease(*live, base::SystemClock().Now()), kFieldManager);
    return written ? base::Status() : base::Fail(written.error());
  }

  const Client& client_;
  const LeaderOptions& options_;
  LeaseView view_;
};

/// client-go's jitter of 1.2: candidates that started together do not stay together.
base::Duration WithJitter(base::Duration period) {
  thread_local std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<base::Duration::rep> extra(0, period.count() * 12 / 10);
  return period + base::Duration(extra(random));
}

/// True when the lease is ours, false when `stop` came first. `believed_from` is when the winning try began.
bool Acquire(Candidate& candidate, const LeaderOptions& options, const std::stop_token& stop, base::Duration& believed_from) {
  std::string last_error;
  while (!stop.stop_requested()) {
    believed_from = MonotonicNow();
    const auto tried = candidate.Try(stop);
    if (tried) return true;
    if (const std::string error = tried.error().ToString(); !stop.stop_requested() && error != last_error) {
      base::Log(base::LogLevel::kInfo, "not the leader", {{"reason", error}});
      last_error = error;
    }
    SleepFor(WithJitter(options.retry_period), stop);
  }
  return false;
}

/// The guarded work and the renewing, each on its thread, and the deadline that judges them. The deadline is kept by a
/// thread of its own (the caller's), because a renewing call may hang.
class Term {
 public:
  Term(Candidate& candidate, const LeaderOptions& options, base::Duration believed_from)
      : candidate_(candidate), options_(options), renewed_at_(believed_from) {}

  /// Ok when the work ended and the lease is still ours; kConflict when it was lost.
  base::Status Run(const std::function<void(std::stop_token)>& lead, const std::stop_token& stop) {
    std::stop_source end_work;
    const std::stop_callback outer(stop, [&end_work] { end_work.request_stop(); });
    std::jthread work([&] {
      lead(end_work.get_token());
      const std::scoped_lock lock(mutex_);
      work_ended_ = true;
      wake_.notify_all();
    });
    std::jthread renewing([this](std::stop_token end) { Renew(end); });
    const bool lost = !WaitForEnd(end_work);
    renewing.request_stop();
    renewing.join();
    if (lost) return base::Fail(base::Code::kConflict, fmt::format("lease {}/{} lost", options_.ns, options_.name));
    return {};
  }

 private:
  void Renew(const std::stop_token& end) {
    while (SleepFor(options_.retry_period, end)) {
      const base::Duration began = MonotonicNow();
      const auto tried = candidate_.Try(end);
      const std::scoped_lock lock(mutex_);
      if (lost_) return;  // too late, even if the write went through
      if (tried) {
        renewed_at_ = began;
      } else if (!end.stop_requested()) {
        base::Log(base::LogLevel::kWarn, "lease not renewed", {{"error", tried.error().ToString()}});
        lost_ = tried.error().code == base::Code::kForeign;
        wake_.notify_all();
      }
    }
  }

  bool IsExpired() const { return MonotonicNow() >= renewed_at_ + options_.renew_deadline; }

  /// Until the work has ended; true when the lease was never in doubt.
  bool WaitForEnd(std::stop_source& end_work) {
    std::unique_lock lock(mutex_);
    while (!work_ended_ && !lost_) {
      wake_.wait_for(lock, renewed_at_ + options_.renew_deadline - MonotonicNow());
      lost_ = lost_ || IsExpired();
    }
    if (!work_ended_) {
      lock.unlock();
      end_work.request_stop();  // runs callbacks, which may need time
      lock.lock();
      wake_.wait(lock, [this] { return work_ended_; });
    }
    return !lost_;
  }

  Candidate& candidate_;
  const LeaderOptions& options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  base::Duration renewed_at_;
  bool work_ended_ = false;
  bool lost_ = false;
};

}  // namespace

base::Status RunAsLeader(Client& client, const LeaderOptions& options, const std::function<void(std::stop_token)>& lead,
                         std::stop_token stop) {
  const Labels labels{{"name", options.name}};
  Metrics& metrics = DefaultMetrics();
  metrics.Set("leader_election_master_status", labels, 0);
  Candidate candidate(client, options);
  base::Duration believed_from{0};
  if (!Acquire(candidate, options, stop, believed_from)) return base::Fail(base::Code::kCanceled, "stopped");
  metrics.Set("leader_election_master_status", labels, 1);
  base::Log(base::LogLevel::kInfo, "leading", {{"lease", options.ns + "/" + options.name}, {"as", options.identity}});
  const auto term = Term(candidate, options, believed_from).Run(lead, stop);
  metrics.Set("leader_election_master_status", labels, 0);
  if (!term) return term;
  candidate.Release();
  if (stop.stop_requested()) return base::Fail(base::Code::kCanceled, "stopped");
  return {};
}

}  // namespace ingressfleet::io
