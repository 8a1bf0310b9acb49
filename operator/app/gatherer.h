#pragma once
// Step 1 of the pipeline: the informers' stores as one value. Reads memory only.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/informer.h"
#include "plan/snapshot.h"

namespace ingressfleet::app {

/// All informers of the operator. `on_change` gets every change, on an informer's thread.
class Gatherer {
 public:
  /// `facts` are those that are known from the start; what nodes tell is added.
  Gatherer(io::Client& client, const base::Clock& clock, plan::ClusterFacts facts, const io::ChangeHandler& on_change);

  void Start();
  bool HasSynced() const;
  /// "list deployments: connection refused": what keeps an informer from being fresh, one line each; empty when all watch.
  std::vector<std::string> Problems() const;
  /// nullopt when there is no such fleet.
  std::optional<plan::Snapshot> Gather(const std::string& fleet) const;
  std::vector<std::string> FleetNames() const;
  /// The fleet that owns the IngressClass of that name; empty when none does.
  std::string FleetOfClass(std::string_view class_name) const;

 private:
  io::Informer& Add(const kube::KindInfo& kind, bool only_managed, const io::ChangeHandler& on_change);

  io::Client& client_;
  const base::Clock& clock_;
  plan::ClusterFacts facts_;
  std::vector<std::unique_ptr<io::Informer>> informers_;
  std::vector<io::Informer*> owned_;  ///< kinds that a fleet owns
  io::Informer* fleets_ = nullptr;
  io::Informer* ingresses_ = nullptr;
  io::Informer* classes_ = nullptr;
  io::Informer* pods_ = nullptr;
  io::Informer* slices_ = nullptr;
  io::Informer* nodes_ = nullptr;
};

}  // namespace ingressfleet::app
