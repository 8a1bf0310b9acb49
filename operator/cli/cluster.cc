#include "cli/cluster.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "cli/credential_plugin.h"
#include "io/kubeconfig_choice.h"
#include "plan/names.h"

namespace ingressfleet::cli {
namespace {

constexpr const char* kSelfReview = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

std::string UserOfThisMachine() {
  const passwd* const user = getpwuid(geteuid());
  return user == nullptr ? "uid " + std::to_string(geteuid()) : std::string(user->pw_name);
}

base::Result<std::vector<kube::Object>> ListAll(io::Client& client, const kube::KindInfo& kind, io::ListOptions options) {
  std::vector<kube::Object> all;
  do {
    auto page = client.List(kind, options);
    if (!page) return base::Fail(page.error());
    std::move(page->items.begin(), page->items.end(), std::back_inserter(all));
    options.continue_token = page->continue_token;
  } while (!options.continue_token.empty());
  return all;
}

bool IsOf(const kube::Object& pod, const FleetView& fleet) {
  return pod.Namespace() == fleet.ns && pod.Label(plan::kFleetLabel) == fleet.name;
}

}  // namespace

base::Result<Cluster> Cluster::Connect(const ConnectOptions& options, std::stop_token stop) {
  io::InitTransport();
  const auto connection =
      io::LoadConnection(options.kubeconfig, io::KubeconfigChoice{.context = options.context, .plugin = RunCredentialPlugin});
  if (!connection) return base::Fail(connection.error());
  const auto transport = io::MakeTransport(*connection);
  if (!transport) return base::Fail(transport.error());
  return Cluster(io::Client(*transport, std::move(stop)));
}

base::Result<std::vector<kube::Object>> Cluster::Fleets() {
  auto fleets = ListAll(client_, kube::kIngressFleet, {});
  if (!fleets && fleets.error().code == base::Code::kNotFound) {
    return base::Fail(base::Code::kNotFound,
                      "this cluster does not know IngressFleet: the CustomResourceDefinition is not installed");
  }
  if (fleets)
    std::sort(fleets->begin(), fleets->end(), [](const auto& left, const auto& right) { return left.Name() < right.Name(); });
  return fleets;
}

void Cluster::AddPods(std::vector<FleetView>& fleets) {
  for (FleetView& fleet : fleets) {
    const auto pods =
        ListAll(client_, kube::kPod, {.ns = fleet.ns, .label_selector = std::string(plan::kFleetLabel) + "=" + fleet.name});
    if (!pods) continue;
    fleet.pods.emplace();
    for (const kube::Object& pod : *pods) fleet.pods->push_back(ViewOfPod(pod));
  }
}

std::string Cluster::WhoAmI() {
  const auto review = client_.Review(kSelfReview, {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}});
  const std::string_view name = review ? review->Text("/status/userInfo/username") : std::string_view();
  return name.empty() ? UserOfThisMachine() : std::string(name);
}

base::Result<kube::Object> Cluster::Give(const FleetView& fleet, const Order& order, bool dry_run) {
  // By force: an order takes the place of an earlier one, whoever wrote that.
  return client_.Apply(OrderBody(fleet, order),
                       {.field_manager = OrderFieldManager(order), .force = true, .subresource = {}, .dry_run = dry_run});
}

struct Feed::State {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::uint64_t changes = 0;
  std::uint64_t told = 0;
  bool first = true;
  // Last, so that their threads end before what they touch.
  std::unique_ptr<io::Informer> fleets;
  std::unique_ptr<io::Informer> pods;

  void Note() {
    const std::scoped_lock lock(mutex);
    ++changes;
    changed.notify_all();
  }
};

Feed::Feed(io::Client& client, const std::string& fleet, const std::optional<std::string>& pods_in)
    : state_(std::make_unique<State>()) {
  const auto note = [state = state_.get()](const io::ObjectPtr&, const io::ObjectPtr&) { state->Note(); };
  io::InformerOptions fleets{.kind = &kube::kIngressFleet};
  if (!fleet.empty()) fleets.field_selector = "metadata.name=" + fleet;
  state_->fleets = std::make_unique<io::Informer>(client, fleets, note);
  state_->fleets->Start();
  if (!pods_in) return;
  io::InformerOptions pods{.kind = &kube::kPod, .ns = *pods_in, .label_selector = std::string(plan::kFleetLabel)};
  state_->pods = std::make_unique<io::Informer>(client, pods, note);
  state_->pods->Start();
}

Feed::~Feed() = default;

bool Feed::WaitForChange(std::chrono::milliseconds patience, const std::stop_token& stop) {
  // Whether the first list is complete is not announced when it is empty, so it is looked for from time to time.
  constexpr std::chrono::milliseconds kLook{50};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!stop.stop_requested() && !state_->fleets->HasSynced() && std::chrono::steady_clock::now() < until) {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, stop, kLook, [] { return false; });
  }
  if (!state_->fleets->HasSynced()) return false;
  std::unique_lock lock(state_->mutex);
  const auto is_new = [&] { return state_->first || state_->changes != state_->told; };
  const bool news = state_->changed.wait_until(lock, stop, until, is_new);
  state_->told = state_->changes;
  state_->first = state_->first && !news;
  return news;
}

std::vector<FleetView> Feed::Fleets() const {
  std::vector<FleetView> views;
  for (const io::ObjectPtr& fleet : state_->fleets->List()) {
    FleetView view = ViewOf(*fleet);
    if (state_->pods && state_->pods->HasSynced()) {
      view.pods.emplace();
      for (const io::ObjectPtr& pod : state_->pods->List()) {
        if (IsOf(*pod, view)) view.pods->push_back(ViewOfPod(*pod));
      }
    }
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace ingressfleet::cli
