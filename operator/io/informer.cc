#include "io/informer.h"

#include <mutex>
#include <random>

#include "base/log.h"
#include "io/wait.h"
#include "io/watch_step.h"

namespace ingressfleet::io {
namespace {

constexpr int kPageSize = 500;

/// Orders by namespace, then name.
std::string StoreKey(std::string_view ns, std::string_view name) { return std::string(ns).append(1, '\0').append(name); }

std::string StoreKey(const kube::Object& object) { return StoreKey(object.Namespace(), object.Name()); }

}  // namespace

/// The objects and the health. Written by the informer's thread only, read by any.
class Informer::Store {
 public:
  using Objects = std::map<std::string, ObjectPtr, std::less<>>;

  ObjectPtr Get(const std::string& key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
  }

  std::vector<ObjectPtr> List() const {
    const std::scoped_lock lock(mutex_);
    std::vector<ObjectPtr> list;
    list.reserve(objects_.size());
    for (const auto& [key, object] : objects_) list.push_back(object);
    return list;
  }

  /// Returns what stood there before.
  ObjectPtr Put(const std::string& key, ObjectPtr object) {
    const std::scoped_lock lock(mutex_);
    return std::exchange(objects_[key], std::move(object));
  }

  ObjectPtr Remove(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const auto node = objects_.extract(key);
    return node ? node.mapped() : nullptr;
  }

  /// Returns the objects of before.
  Objects Swap(Objects objects) {
    const std::scoped_lock lock(mutex_);
    health_.relists += health_.synced ? 1 : 0;
    std::swap(objects_, objects);
    return objects;
  }

  template <class Change>
  void UpdateHealth(const Change& change) {
    const std::scoped_lock lock(mutex_);
    change(health_);
  }

  InformerHealth Health() const {
    const std::scoped_lock lock(mutex_);
    InformerHealth health = health_;
    health.objects = objects_.size();
    return health;
  }

  /// Everything the protocol needs between two inputs; touched by the informer's thread alone.
  struct Protocol {
    WatchState state;
    std::mt19937_64 random{std::random_device{}()};

    WatchTick Tick() { return {MonotonicNow(), std::uniform_real_distribution<double>(0, 1)(random)}; }
  };
  Protocol protocol;

 private:
  mutable std::mutex mutex_;
  Objects objects_;
  InformerHealth health_;
};

/// Carries out what the pure steps say: sends the requests, changes the store, calls the handler.
class Informer::Driver {
 public:
  Driver(Informer& informer, std::stop_token stop)
      : informer_(informer), store_(*informer.store_), client_(informer.client_.With(stop)), stop_(std::move(stop)) {}

  void Run() {
    NextRequest next = FirstRequest();
    while (SleepFor(next.wait, stop_)) {
      WatchOutput output = next.kind == NextRequest::Kind::kList ? List(next) : Watch(next);
      if (stop_.stop_requested()) return;
      Note(output);
      next = std::move(*output.next);  // the end of a request always names the next one
    }
  }

 private:
  WatchOutput List(const NextRequest& next) {
    const InformerOptions& options = informer_.options_;
    auto page = client_.List(*options.kind, {options.ns, options.label_selector, options.field_selector, next.resource_version,
                                             next.continue_token, kPageSize});
    if (!page) return Feed(RequestEnded{next.kind, base::Fail(page.error())});
    return Feed(ListArrived{std::move(*page)});
  }

  WatchOutput Watch(const NextRequest& next) {
    const InformerOptions& options = informer_.options_;
    std::stop_source abandon;  // ends this request only
    const std::stop_callback outer(stop_, [&abandon] { abandon.request_stop(); });
    const auto on_line = [this, &abandon](std::string_view line) {
      const WatchOutput output = Feed(LineArrived{line});
      if (output.abandon_stream) abandon.request_stop();
      store_.UpdateHealth([](InformerHealth& health) { health.last_error.clear(); });
    };
    store_.UpdateHealth([](InformerHealth& health) { health.watching = true; });
    const auto status = client_.Watch(
        *options.kind, {options.ns, options.label_selector, options.field_selector, next.resource_version, next.timeout},
        on_line, abandon.get_token());
    store_.UpdateHealth([](InformerHealth& health) { health.watching = false; });
    return Feed(RequestEnded{next.kind, status});
  }

  WatchOutput Feed(WatchInput input) {
    WatchOutput output = Step(store_.protocol.state, std::move(input), store_.protocol.Tick());
    if (auto* const all = std::get_if<StoreReplace>(&output.change)) Replace(std::move(all->objects));
    if (auto* const one = std::get_if<StoreUpsert>(&output.change)) Upsert(std::move(one->object));
    if (auto* const gone = std::get_if<StoreRemove>(&output.change)) Remove(StoreKey(gone->object));
    return output;
  }

  ObjectPtr Slim(kube::Object object) const {
    if (const auto metadata = object.body().find("metadata"); metadata != object.body().end()) {
      metadata->erase("managedFields");
    }
    if (informer_.options_.prune) informer_.options_.prune(object.body());
    return std::make_shared<const kube::Object>(std::move(object));
  }

  void Replace(std::vector<kube::Object> objects) {
    Store::Objects fresh;
    for (kube::Object& object : objects) {
      std::string key = StoreKey(object);
      fresh.insert_or_assign(std::move(key), Slim(std::move(object)));
    }
    const Store::Objects before = store_.Swap(fresh);
    for (const auto& [key, object] : before) {
      if (!fresh.contains(key)) Report(object, nullptr);
    }
    for (const auto& [key, object] : fresh) {
      const auto found = before.find(key);
      Report(found == before.end() ? nullptr : found->second, object);
    }
    store_.UpdateHealth([](InformerHealth& health) {
      health.synced = true;
      health.last_error.clear();
    });
  }

  void Upsert(kube::Object object) {
    const std::string key = StoreKey(object);
    const ObjectPtr after = Slim(std::move(object));
    Report(store_.Put(key, after), after);
  }

  void Remove(const std::string& key) {
    if (const ObjectPtr before = store_.Remove(key)) Report(before, nullptr);
  }

  void Report(const ObjectPtr& before, const ObjectPtr& after) const {
    const ChangeHandler& handler = informer_.on_change_;
    if (!handler) return;
    if (before && after && before->Uid() != after->Uid()) {  // deleted and created again while nobody looked
      handler(before, nullptr);
      handler(nullptr, after);
    } else if (!before || !after || before->ResourceVersion() != after->ResourceVersion()) {
      handler(before, after);
    }
  }

  void Note(const WatchOutput& output) {
    if (!output.error) return;
    const std::string error = output.error->ToString();
    store_.UpdateHealth([&error](InformerHealth& health) { health.last_error = error; });
    base::Log(output.error->code == base::Code::kGone ? base::LogLevel::kInfo : base::LogLevel::kWarn,
              "list or watch interrupted",
              {{"kind", informer_.options_.kind->kind},
               {"error", error},
               {"next", output.next->kind == NextRequest::Kind::kList ? "list" : "watch"},
               {"wait", base::FormatDuration(output.next->wait)}});
  }

  Informer& informer_;
  Store& store_;
  Client client_;
  const std::stop_token stop_;
};

Informer::Informer(Client& client, InformerOptions options, ChangeHandler on_change)
    : client_(client), options_(std::move(options)), on_change_(std::move(on_change)), store_(std::make_unique<Store>()) {}

Informer::~Informer() = default;  // the thread, declared last, is stopped and joined first

void Informer::Start() {
  thread_ = std::jthread([this](std::stop_token stop) { Driver(*this, std::move(stop)).Run(); });
}

bool Informer::HasSynced() const { return store_->Health().synced; }
InformerHealth Informer::Health() const { return store_->Health(); }

ObjectPtr Informer::Get(std::string_view ns, std::string_view name) const { return store_->Get(StoreKey(ns, name)); }
std::vector<ObjectPtr> Informer::List() const { return store_->List(); }

}  // namespace ingressfleet::io
