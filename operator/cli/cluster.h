#pragma once
// The cluster as the plugin sees it: fleets, their pods, who asks, and a feed of changes. The edge towards the API server.

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/fleet_view.h"
#include "cli/order.h"
#include "io/client.h"
#include "io/informer.h"

namespace ingressfleet::cli {

struct ConnectOptions {
  std::string kubeconfig;
  std::string context;
};

class Cluster {
 public:
  static base::Result<Cluster> Connect(const ConnectOptions& options, std::stop_token stop);

  /// By name.
  base::Result<std::vector<kube::Object>> Fleets();
  /// Fills in the pods of each fleet; those of a namespace that may not be read stay unknown.
  void AddPods(std::vector<FleetView>& fleets);
  /// As the API server names who asks; the user of this machine when it does not say.
  std::string WhoAmI();
  base::Result<kube::Object> Give(const FleetView& fleet, const Order& order, bool dry_run);

  io::Client& client() { return client_; }

 private:
  explicit Cluster(io::Client client) : client_(std::move(client)) {}
  io::Client client_;
};

/// Fleets and, when asked for, their pods, as they change.
class Feed {
 public:
  /// `fleet` empty: all. `pods_in`: the namespace; nothing: no pods.
  Feed(io::Client& client, const std::string& fleet, const std::optional<std::string>& pods_in);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Until something has changed since the last call (true at the first one, as soon as the fleets are known), `patience` is
  /// over, or it is stopped.
  bool WaitForChange(std::chrono::milliseconds patience, const std::stop_token& stop);
  std::vector<FleetView> Fleets() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ingressfleet::cli
