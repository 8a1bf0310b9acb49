#include "run/gatherer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace ingressfleet::agent {
namespace {

using kube::Json;

// What is kept of an object: the named members of a map, nothing else.
void KeepOnly(Json& map, std::initializer_list<const char*> members) {
  if (!map.is_object()) return;
  for (auto member = map.begin(); member != map.end();) {
    const bool kept = std::any_of(members.begin(), members.end(), [&](const char* name) { return member.key() == name; });
    member = kept ? std::next(member) : map.erase(member);
  }
}

void KeepMetadata(Json& object, std::initializer_list<const char*> members) {
  if (const auto metadata = object.find("metadata"); metadata != object.end()) KeepOnly(*metadata, members);
}

void PruneIngress(Json& object) {
  KeepOnly(object, {"apiVersion", "kind", "metadata", "spec"});
  KeepMetadata(object, {"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "annotations"});
}

void PruneService(Json& object) {
  KeepOnly(object, {"apiVersion", "kind", "metadata", "spec"});
  KeepMetadata(object, {"name", "namespace", "uid", "resourceVersion"});
  KeepOnly(object["spec"], {"type", "ports"});
}

void PruneSlice(Json& object) {
  KeepMetadata(object, {"name", "namespace", "uid", "resourceVersion", "labels"});
  if (!object.contains("endpoints") || !object["endpoints"].is_array()) return;
  for (Json& endpoint : object["endpoints"]) KeepOnly(endpoint, {"addresses", "conditions"});
}

void PruneNamespace(Json& object) {
  KeepOnly(object, {"apiVersion", "kind", "metadata"});
  KeepMetadata(object, {"name", "uid", "resourceVersion", "labels"});
}

// A handler for kinds whose objects stand in one table of the snapshot.
template <class T>
io::ChangeHandler TableHandler(Inbox& inbox, Table<T> Snapshot::*table, T (*decode)(const kube::Object&)) {
  return [&inbox, table, decode](const io::ObjectPtr& before, const io::ObjectPtr& after) {
    const auto& object = after ? *after : *before;
    const auto ns = object.Namespace();
    const auto name = ns.empty() ? std::string(object.Name()) : MakeName(ns, object.Name());
    const auto value = after ? std::make_shared<const T>(decode(*after)) : nullptr;
    inbox.Put([table, name, value](Snapshot& snapshot) {
      if (value) {
        (snapshot.*table)[name] = value;
      } else {
        (snapshot.*table).erase(name);
      }
    });
  };
}

io::ChangeHandler SliceHandler(Inbox& inbox) {
  return [&inbox](const io::ObjectPtr& before, const io::ObjectPtr& after) {
    const auto old = before ? std::make_shared<const EndpointSlice>(DecodeEndpointSlice(*before)) : nullptr;
    const auto now = after ? std::make_shared<const EndpointSlice>(DecodeEndpointSlice(*after)) : nullptr;
    inbox.Put([old, now](Snapshot& snapshot) {
      if (old) {
        const auto service = snapshot.slices.find(MakeName(old->ns, old->service));
        if (service != snapshot.slices.end()) service->second.erase(old->name);
        if (service != snapshot.slices.end() && service->second.empty()) snapshot.slices.erase(service);
      }
      if (now) snapshot.slices[MakeName(now->ns, now->service)][now->name] = now;
    });
  };
}

io::ChangeHandler ClassHandler(Inbox& inbox, const std::string& controller) {
  return [&inbox, controller](const io::ObjectPtr&, const io::ObjectPtr& after) {
    const auto found = after ? DecodeIngressClass(*after).controller : std::string();
    const auto state = !after ? ClassState::kMissing : found == controller ? ClassState::kServed : ClassState::kForeign;
    inbox.Put([state, found](Snapshot& snapshot) {
      snapshot.class_state = state;
      snapshot.class_controller = found;
    });
  };
}

io::ChangeHandler LiveConfigHandler(Inbox& inbox) {
  return [&inbox](const io::ObjectPtr&, const io::ObjectPtr& after) {
    const auto live = DecodeLiveConfig(after.get());
    inbox.Put([live](Snapshot& snapshot) { snapshot.live = live; });
  };
}

}  // namespace

std::vector<AccessRule> RequiredAccess(const Options& options) {
  return {
      {"networking.k8s.io", "ingresses", "", "list,watch", false},
      {"networking.k8s.io", "ingressclasses", "", "list,watch", false},
      {"", "services", "", "list,watch", false},
      {"discovery.k8s.io", "endpointslices", "", "list,watch", false},
      {"", "namespaces", "", "list,watch", false},
      {"", "secrets", "", "get,list,watch", false},
      {"", "events", "", "create,patch", false},
      {"", "configmaps", options.live_config, "list,watch", true},
      {"", "configmaps", options.status_config, "patch", true},
  };
}

Gatherer::Gatherer(io::Client& client, const Options& options, Inbox& inbox)
    : client_(client), options_(options), inbox_(inbox) {
  AddObjects();
  AddSecrets();
}

io::Informer& Gatherer::Add(const kube::KindInfo& kind, io::InformerOptions options, io::ChangeHandler on_change) {
  options.kind = &kind;
  objects_.push_back(std::make_unique<io::Informer>(client_, std::move(options), std::move(on_change)));
  return *objects_.back();
}

void Gatherer::AddObjects() {
  Add(kube::kConfigMap, {.ns = options_.ns, .field_selector = "metadata.name=" + options_.live_config},
      LiveConfigHandler(inbox_));
  Add(kube::kIngressClass, {.field_selector = "metadata.name=" + options_.ingress_class},
      ClassHandler(inbox_, options_.controller));
  Add(kube::kIngress, {.prune = PruneIngress}, TableHandler(inbox_, &Snapshot::ingresses, DecodeIngress));
  Add(kube::kService, {.prune = PruneService}, TableHandler(inbox_, &Snapshot::services, DecodeService));
  Add(kube::kEndpointSlice, {.prune = PruneSlice}, SliceHandler(inbox_));
  Add(kube::kNamespace, {.prune = PruneNamespace}, TableHandler(inbox_, &Snapshot::namespaces, DecodeNamespace));
}

void Gatherer::AddSecrets() {
  io::InformerOptions options{.kind = &kube::kSecret, .field_selector = "type=kubernetes.io/tls"};
  options.prune = [this](Json& object) {
    const kube::Object secret(object);
    if (!IsReferenced(MakeName(secret.Namespace(), secret.Name()))) object.erase("data");
    KeepMetadata(object, {"name", "namespace", "uid", "resourceVersion"});
  };
  secrets_ = std::make_unique<io::Informer>(
      client_, std::move(options), [this](const io::ObjectPtr& before, const io::ObjectPtr& after) {
        if (after) {
          const ObjectName name = MakeName(after->Namespace(), after->Name());
          if (after->Find("/data") != nullptr) {
            PutSecret(*after);
          } else if (IsReferenced(name)) {
            // The first reference came between pruning and storing it, when it could not be found yet.
            FetchSoon({name});
          }
          return;
        }
        inbox_.Put(
            [name = MakeName(before->Namespace(), before->Name())](Snapshot& snapshot) { snapshot.secrets.erase(name); });
      });
}

void Gatherer::Start() {
  for (const auto& informer : objects_) informer->Start();
}

bool Gatherer::HasSyncedObjects() const {
  return std::all_of(objects_.begin(), objects_.end(), [](const auto& informer) { return informer->HasSynced(); });
}

bool Gatherer::HasSynced() const { return HasSyncedObjects() && secrets_->HasSynced(); }

bool Gatherer::IsReferenced(const ObjectName& name) const {
  const std::shared_lock lock(mutex_);
  return referenced_.contains(name);
}

void Gatherer::SetReferencedSecrets(const std::vector<ObjectName>& names) {
  std::set<ObjectName, std::less<>> wanted(names.begin(), names.end());
  std::vector<ObjectName> added, removed;
  {
    const std::unique_lock lock(mutex_);
    std::set_difference(wanted.begin(), wanted.end(), referenced_.begin(), referenced_.end(), std::back_inserter(added));
    std::set_difference(referenced_.begin(), referenced_.end(), wanted.begin(), wanted.end(), std::back_inserter(removed));
    referenced_ = std::move(wanted);
  }
  if (!removed.empty()) {
    inbox_.Put([removed](Snapshot& snapshot) {
      for (const ObjectName& name : removed) snapshot.secrets.erase(name);
    });
  }
  if (!secrets_started_) {
    secrets_started_ = true;
    secrets_->Start();
    fetcher_ = std::jthread([this](std::stop_token stop) { FetchSecrets(std::move(stop)); });
  } else if (!added.empty()) {
    FetchSoon(added);
  }
}

void Gatherer::FetchSoon(const std::vector<ObjectName>& names) {
  const std::scoped_lock lock(fetch_mutex_);
  to_fetch_.insert(names.begin(), names.end());
  fetch_wanted_.notify_one();
}

void Gatherer::FetchSecrets(std::stop_token stop) {
  io::Client client = client_.With(stop);
  while (!stop.stop_requested()) {
    std::set<ObjectName> names;
    {
      std::unique_lock lock(fetch_mutex_);
      fetch_wanted_.wait(lock, stop, [this] { return !to_fetch_.empty(); });
      names.swap(to_fetch_);
    }
    std::erase_if(names, [&](const ObjectName& name) { return FetchSecret(client, name); });
    std::unique_lock lock(fetch_mutex_);
    to_fetch_.merge(names);
    if (!to_fetch_.empty()) fetch_wanted_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
  }
}

// The informer dropped its data while nobody referred to it. A Secret that it does not know comes by the watch, if ever.
bool Gatherer::FetchSecret(io::Client& client, const ObjectName& name) {
  const auto slash = name.find('/');
  const auto ns = std::string_view(name).substr(0, slash), short_name = std::string_view(name).substr(slash + 1);
  if (!secrets_->Get(ns, short_name)) return true;
  const auto secret = client.Get(kube::kSecret, ns, short_name);
  if (secret) PutSecret(*secret);
  if (secret || secret.error().code == base::Code::kNotFound) return true;
  base::Log(base::LogLevel::kWarn, "get Secret", {{"secret", name}, {"error", secret.error().ToString()}});
  return false;
}

void Gatherer::PutSecret(const kube::Object& secret) {
  auto certificate = DecodeSecret(secret);
  SecretState state;
  if (certificate) {
    state.certificate = std::make_shared<const Certificate>(std::move(*certificate));
  } else {
    state.error = certificate.error().message;
  }
  inbox_.Put(
      [name = MakeName(secret.Namespace(), secret.Name()), state](Snapshot& snapshot) { snapshot.secrets[name] = state; });
}

std::vector<std::string> Gatherer::Problems() const {
  std::vector<std::string> problems;
  const auto add = [&](const io::Informer& informer) {
    const auto health = informer.Health();
    if (!health.last_error.empty())
      problems.push_back(fmt::format("{}: {}", informer.options().kind->plural, health.last_error));
  };
  for (const auto& informer : objects_) add(*informer);
  add(*secrets_);
  return problems;
}

}  // namespace ingressfleet::agent
