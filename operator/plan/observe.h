#pragma once
// What is there now, per tier: live objects condensed to what decisions and reports need. Observed values only.

#include <optional>
#include <string>
#include <vector>

#include "plan/ir.h"
#include "plan/snapshot.h"

namespace ingressfleet::plan {

struct Engine;

/// What a proxy pod says of itself in the slot's status ConfigMap.
struct PodReport {
  std::string pod;
  std::string live_hash;  ///< of the live configuration in force
  std::vector<std::string> allowed_source_ranges;
  std::int64_t routes = 0;
  std::int64_t problems = 0;
};

struct ObservedSlot {
  bool exists = false;
  std::string kind;    ///< Deployment or DaemonSet
  std::string engine;  ///< "HAProxy"; empty on workloads of operators that did not say
  std::string revision;
  std::int64_t transition_id = 0;
  std::optional<base::TimePoint> retain_until;
  std::string image;
  std::vector<std::string> fixed_ranges;  ///< access list of the workload's newest template, see Engine::fixed_ranges
  std::int64_t wanted = 0;                ///< pods that the workload object asks for
  std::int64_t updated = 0;               ///< of the workload's newest template
  std::int64_t ready = 0;
  std::int64_t available = 0;  ///< ready for minReadySeconds
  bool current = false;        ///< the workload's controller has seen its newest generation
  bool settled = false;        ///< the workload's controller has seen the newest template and replaced all pods
  std::vector<std::string> ready_pods;
  std::int64_t ready_of_revision = 0;       ///< ready pods of the workload's revision
  std::int64_t pods = 0;                    ///< all that exist, terminating ones too
  std::int64_t restarts = 0;                ///< of containers of pods that are not terminating
  std::int64_t in_slices = 0;               ///< ready endpoints of the entry Service that are pods of the workload's revision
  std::vector<std::string> nodes;           ///< of ready pods
  std::vector<std::string> pod_problems;    ///< "pod public-a-x1: ImagePullBackOff: …", the first few
  std::vector<std::string> host_addresses;  ///< of the nodes of ready pods
  std::vector<PodReport> reports;           ///< of pods that still exist
};

struct ObservedEntry {
  bool exists = false;
  std::string uid;
  std::optional<Traffic> traffic;  ///< nullopt: a selector that is none of the four legal ones
  std::int64_t transition_id = 0;
  std::optional<Traffic> committed;  ///< what we say we selected; another selector is somebody else's
  std::string serving_revision;
  bool access_in_force = false;  ///< the source ranges that the tier wants stand in the object
  std::string cluster_ip;
  std::vector<std::string> addresses;
  std::vector<std::string> source_ranges;
};

struct ObservedTier {
  ObservedSlot a;
  ObservedSlot b;
  ObservedEntry entry;
  bool preview_exists = false;
  std::string preview_ip;
  bool class_exists = false;
  bool class_is_default = false;
  std::string class_controller;
  std::vector<std::string> ingresses;  ///< "namespace/name" of those that use the class

  const ObservedSlot& slot(Slot which) const { return which == Slot::kA ? a : b; }
};

ObservedTier Observe(const ResolvedTier& tier, const Snapshot& snapshot);

/// Whether every ready pod of the slot says that the tier's live configuration (the access list, above all) is in force.
/// Missing reports are never a yes.
bool LiveConfigInForce(const ResolvedTier& tier, const ObservedSlot& slot);

/// Of the workloads that exist, as their labels say; those that this build does not know are left out.
std::vector<const Engine*> EnginesOfSlots(const ResolvedTier& tier, const Snapshot& snapshot);

}  // namespace ingressfleet::plan
