#include "io/queue.h"

#include "io/metrics.h"
#include "io/queue_core.h"
#include "io/wait.h"

namespace ingressfleet::io {
namespace {

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct Queue::State {
  explicit State(const QueueOptions& options) : core(options), labels{{"name", options.name}} {
    metrics.Set("workqueue_depth", labels, 0);
    metrics.Count("workqueue_adds_total", labels, 0);
    metrics.Count("workqueue_retries_total", labels, 0);
  }

  /// With the lock held. `added` keys came into line or became dirty.
  void NoteAdded(int added) {
    if (added == 0) return;
    metrics.Count("workqueue_adds_total", labels, added);
    NoteDepth();
    wake.notify_all();
  }

  void NoteDepth() { metrics.Set("workqueue_depth", labels, static_cast<double>(core.Depth())); }

  void WaitForWork(std::unique_lock<std::mutex>& lock) {
    if (const auto due = core.NextDue()) {
      wake.wait_for(lock, *due - MonotonicNow());
    } else {
      wake.wait(lock);
    }
  }

  mutable std::mutex mutex;
  std::condition_variable wake;
  QueueCore core;
  bool shut_down = false;
  const Labels labels;
  Metrics& metrics = DefaultMetrics();
};

Queue::Queue(QueueOptions options) : state_(std::make_unique<State>(options)) {}
Queue::~Queue() = default;

void Queue::Add(const std::string& key) {
  const std::scoped_lock lock(state_->mutex);
  if (state_->shut_down) return;
  state_->NoteAdded(state_->core.Add(key, MonotonicNow()) ? 1 : 0);
}

void Queue::AddAfter(const std::string& key, base::Duration delay) {
  if (delay <= base::Duration(0)) return Add(key);
  const std::scoped_lock lock(state_->mutex);
  if (state_->shut_down) return;
  state_->core.AddAt(key, MonotonicNow() + delay);
  state_->wake.notify_all();  // a waiting worker may have to wake earlier
}

void Queue::AddRateLimited(const std::string& key) {
  const std::scoped_lock lock(state_->mutex);
  if (state_->shut_down) return;
  const base::Duration now = MonotonicNow();
  state_->metrics.Count("workqueue_retries_total", state_->labels);
  state_->core.AddAt(key, now + state_->core.RetryDelay(key, now));
  state_->wake.notify_all();
}

void Queue::Forget(const std::string& key) {
  const std::scoped_lock lock(state_->mutex);
  state_->core.Forget(key);
}

std::optional<std::string> Queue::Take() {
  std::unique_lock lock(state_->mutex);
  while (!state_->shut_down) {
    const base::Duration now = MonotonicNow();
    state_->NoteAdded(state_->core.Promote(now));
    if (auto item = state_->core.Take(now)) {
      state_->metrics.Observe("workqueue_queue_duration_seconds", state_->labels, Seconds(item->waited));
      state_->NoteDepth();
      return std::move(item->key);
    }
    state_->WaitForWork(lock);
  }
  return std::nullopt;
}

void Queue::Done(const std::string& key) {
  const std::scoped_lock lock(state_->mutex);
  const auto worked = state_->core.Done(key, MonotonicNow());
  if (!worked) return;
  state_->metrics.Observe("workqueue_work_duration_seconds", state_->labels, Seconds(*worked));
  state_->NoteDepth();
  state_->wake.notify_all();
}

void Queue::ShutDown() {
  const std::scoped_lock lock(state_->mutex);
  state_->shut_down = true;
  state_->wake.notify_all();
}

std::size_t Queue::Depth() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->core.Depth();
}

}  // namespace ingressfleet::io
