#include "io/events.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "io/event_correlator.h"
#include "io/wait.h"

namespace ingressfleet::io {
namespace {

using kube::Json;

constexpr std::size_t kMaxWaiting = 1000;
constexpr int kTries = 3;
constexpr base::Duration kRetryAfter{2'000};
constexpr base::Duration kClosingTime{1'000};

Json ReferenceTo(const kube::Object& regarding) {
  Json reference = {{"apiVersion", regarding.ApiVersion()}, {"kind", regarding.Kind()}, {"name", regarding.Name()}};
  if (!regarding.Namespace().empty()) reference["namespace"] = regarding.Namespace();
  if (!regarding.Uid().empty()) reference["uid"] = regarding.Uid();
  return reference;
}

}  // namespace

struct EventRecorder::Impl {
  Impl(Client& api, std::string component_name, std::string instance_name)
      : client(api.With(give_up.get_token())),
        component(std::move(component_name)),
        instance(std::move(instance_name)),
        writer([this] { WriteAll(); }) {}

  ~Impl() {
    {
      std::unique_lock lock(mutex);
      closing = true;
      wake.notify_all();
      wake.wait_for(lock, kClosingTime, [this] { return waiting.empty() && !writing; });
    }
    give_up.request_stop();
    writer.join();
  }

  kube::Object Body(const kube::Object& regarding, const EventNote& note, const CorrelatedEvent& event) const {
    const std::string ns(regarding.Namespace().empty() ? "default" : regarding.Namespace());
    kube::Object body(kube::kEvent, ns, event.name);
    Json& json = body.body();
    json["involvedObject"] = ReferenceTo(regarding);
    json["type"] = note.type == EventNote::Type::kWarning ? "Warning" : "Normal";
    json["reason"] = note.reason;
    json["message"] = event.message;
    json["count"] = event.count;
    json["firstTimestamp"] = base::FormatTime(event.first);
    json["lastTimestamp"] = base::FormatTime(event.last);
    json["source"] = {{"component", component}, {"host", instance}};
    json["reportingComponent"] = component;
    json["reportingInstance"] = instance;
    return body;
  }

  /// With the lock held. A newer count of an event that still waits takes its place.
  void Enqueue(kube::Object body) {
    const auto same = std::ranges::find(waiting, body.Name(), &kube::Object::Name);
    if (same != waiting.end()) {
      *same = std::move(body);
    } else if (waiting.size() < kMaxWaiting) {
      waiting.push_back(std::move(body));
    }
    wake.notify_all();
  }

  void WriteAll() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return closing || !waiting.empty(); });
      if (waiting.empty() || give_up.stop_requested()) return;
      const kube::Object body = std::move(waiting.front());
      waiting.pop_front();
      writing = true;
      lock.unlock();
      Write(body);
      lock.lock();
      writing = false;
      wake.notify_all();
    }
  }

  /// Server-side apply: it creates, counts up, and creates again what the server has forgotten.
  void Write(const kube::Object& body) {
    for (int attempt = 1;; ++attempt) {
      const auto written = client.Apply(body, {.field_manager = component, .force = true});
      if (written || give_up.stop_requested()) return;
      const base::Code code = written.error().code;
      const bool may_pass = code == base::Code::kUnavailable || code == base::Code::kTimeout;
      if (!may_pass || attempt == kTries || !SleepFor(kRetryAfter, give_up.get_token())) {
        base::Log(base::LogLevel::kDebug, "event dropped", {{"error", written.error().ToString()}});
        return;
      }
    }
  }

  std::stop_source give_up;
  Client client;
  const std::string component;
  const std::string instance;
  std::mutex mutex;
  std::condition_variable wake;
  EventCorrelator correlator;
  std::deque<kube::Object> waiting;
  bool writing = false;
  bool closing = false;
  std::thread writer;
};

EventRecorder::EventRecorder(Client& client, std::string component, std::string instance)
    : impl_(std::make_unique<Impl>(client, std::move(component), std::move(instance))) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::Record(const kube::Object& regarding, EventNote note) {
  const std::scoped_lock lock(impl_->mutex);
  const auto event = impl_->correlator.Correlate(regarding, note, base::SystemClock().Now());
  if (event) impl_->Enqueue(impl_->Body(regarding, note, *event));
}

}  // namespace ingressfleet::io
