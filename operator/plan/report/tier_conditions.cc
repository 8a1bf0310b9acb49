#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/names.h"
#include "plan/report/report.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::plan {
namespace {

using kube::Condition;
using kube::ConditionStatus;

Condition Make(std::string_view type, ConditionStatus status, std::string_view reason, std::string message) {
  return {std::string(type), status, std::string(reason), std::move(message), 0, {}};
}

const ObservedSlot& ServingSlot(const TierView& view) { return view.observed.slot(ServingSlotOf(view)); }

Condition WorkloadAvailable(const TierView& view) {
  constexpr std::string_view kType = "WorkloadAvailable";
  const ObservedSlot& slot = ServingSlot(view);
  if (!slot.exists)
    return Make(kType, ConditionStatus::kFalse, "WorkloadMissing", "the controller's workload does not exist yet");
  const std::string count = fmt::format("{} of {} pods are ready", slot.ready, slot.wanted);
  if (slot.ready == 0 && slot.wanted > 0) {
    const std::string problems = slot.pod_problems.empty() ? "the pods are starting" : slot.pod_problems.front();
    return Make(kType, ConditionStatus::kFalse, "NoPodReady", fmt::format("{}: {}", count, problems));
  }
  if (slot.ready < slot.wanted) {
    return Make(kType, ConditionStatus::kTrue, "SomePodsReady",
                slot.pod_problems.empty() ? count : fmt::format("{}; {}", count, slot.pod_problems.front()));
  }
  return Make(kType, ConditionStatus::kTrue, "AllPodsReady", count);
}

Condition EntryReady(const TierView& view) {
  constexpr std::string_view kType = "EntryReady";
  const ObservedEntry& entry = view.observed.entry;
  const std::string name = fmt::format("Service {}/{}", view.tier.ns, EntryServiceName(view.tier.name));
  if (!entry.exists) return Make(kType, ConditionStatus::kFalse, "EntryMissing", name + " does not exist yet");
  if (entry.addresses.empty()) {
    return Make(kType, ConditionStatus::kFalse, "NoAddress",
                name + " has no address yet; `kubectl describe` shows the events of the load balancer's controller");
  }
  if (entry.traffic.value_or(Traffic::kNone) == Traffic::kNone) {
    return Make(kType, ConditionStatus::kFalse, "NotExposed",
                "no traffic is let in until a pod is ready and the access list is in force in all ready pods");
  }
  return Make(kType, ConditionStatus::kTrue, "Exposed", fmt::format("reached at {}", fmt::join(entry.addresses, ", ")));
}

/// Compared as a whole with what the condition said before: an address that comes back has not moved.
std::string Lost(const std::vector<std::string>& addresses) {
  return fmt::format("the entry Service lost its address {}", fmt::join(addresses, ", "));
}

Condition AddressStable(const TierView& view) {
  constexpr std::string_view kType = "AddressStable";
  const auto& now = view.observed.entry.addresses;
  const auto& before = view.previous.addresses;
  const Condition* last = kube::FindCondition(view.previous.conditions, kType);
  const bool was_lost = last != nullptr && last->reason == "AddressLost";
  // Nodes come and go under a tier that listens on them: that is not a move.
  const bool by_node =
      view.tier.publishing == api::PublishingType::kHostNetwork || view.tier.publishing == api::PublishingType::kNodePort;
  if (now.empty() && !by_node && !before.empty()) return Make(kType, ConditionStatus::kFalse, "AddressLost", Lost(before));
  if (now.empty()) return was_lost ? *last : Make(kType, ConditionStatus::kUnknown, "NoAddress", "the tier has no address yet");
  const Condition unchanged = Make(kType, ConditionStatus::kTrue, "Unchanged", "the address has not moved");
  if (by_node || (was_lost && last->message == Lost(now))) return unchanged;
  if (before.empty() && was_lost) {
    return Make(kType, ConditionStatus::kFalse, "AddressChanged",
                fmt::format("{} and has {} now; check DNS records that do not follow the Service", last->message,
                            fmt::join(now, ", ")));
  }
  if (before.empty() || before == now) {
    const bool moved =
        last != nullptr && last->status == ConditionStatus::kFalse && last->observed_generation == view.generation;
    return moved ? *last : unchanged;
  }
  return Make(kType, ConditionStatus::kFalse, "AddressChanged",
              fmt::format("the address moved from {} to {}; check DNS records that do not follow the Service",
                          fmt::join(before, ", "), fmt::join(now, ", ")));
}

/// What keeps the load balancer's layer from holding the list; empty when it does.
std::string LoadBalancerGap(const TierView& view) {
  if (!view.tier.enforcement.load_balancer_gap.empty()) return view.tier.enforcement.load_balancer_gap;
  if (!view.tier.enforcement.load_balancer) return {};
  std::vector<std::string> wanted = view.tier.entry.source_ranges;
  std::sort(wanted.begin(), wanted.end());
  return wanted == view.observed.entry.source_ranges ? "" : "the entry Service does not carry the ranges yet";
}

std::string ProxyGap(const TierView& view) {
  if (!view.tier.enforcement.proxy) return {};
  const ObservedSlot& slot = ServingSlot(view);
  if (slot.ready_pods.empty()) return "no proxy pod is ready to report its access list";
  return LiveConfigInForce(view.tier, slot) ? "" : "not every ready proxy pod has reported the newest access list yet";
}

Condition AccessEnforced(const TierView& view) {
  constexpr std::string_view kType = "AccessEnforced";
  const std::string balancer_gap = LoadBalancerGap(view);
  const std::string proxy_gap = ProxyGap(view);
  if (!proxy_gap.empty()) return Make(kType, ConditionStatus::kFalse, "ProxyNotConfirmed", proxy_gap);
  if (!balancer_gap.empty()) {
    // The proxy refuses what the balancer lets through, so the list holds; it just holds in one place only.
    const bool held = view.tier.enforcement.proxy;
    return Make(kType, held ? ConditionStatus::kTrue : ConditionStatus::kFalse,
                held ? "ByProxyOnly" : "LoadBalancerNotEnforcing", "load balancer: " + balancer_gap);
  }
  std::vector<std::string_view> layers;
  if (view.tier.enforcement.load_balancer) layers.emplace_back("LoadBalancer");
  if (view.tier.enforcement.proxy) layers.emplace_back("Proxy");
  if (view.tier.enforcement.network_policy) layers.emplace_back("NetworkPolicy");
  const auto& ranges = view.tier.allowed_source_ranges;
  return Make(kType, ConditionStatus::kTrue, "InForce",
              fmt::format("{} may enter; held by {}", ranges.empty() ? "nobody" : fmt::format("{}", fmt::join(ranges, ", ")),
                          fmt::join(layers, " and ")));
}

Condition ClassReady(const TierView& view) {
  constexpr std::string_view kType = "ClassReady";
  if (!view.observed.class_exists) {
    return Make(kType, ConditionStatus::kFalse, "ClassMissing",
                fmt::format("IngressClass {} does not exist yet", view.tier.class_name));
  }
  if (view.observed.class_controller != view.tier.controller_value) {
    return Make(kType, ConditionStatus::kFalse, "ClassTaken",
                fmt::format("IngressClass {} names controller \"{}\", this tier's is \"{}\"; choose another class name",
                            view.tier.class_name, view.observed.class_controller, view.tier.controller_value));
  }
  const std::size_t users = view.observed.ingresses.size();
  return Make(kType, ConditionStatus::kTrue, "Ready",
              users == 1 ? "1 Ingress uses the class" : fmt::format("{} Ingresses use the class", users));
}

/// What an upgrade that is under way, or that went back, says of itself.
Condition Upgrading(const TierView& view) {
  constexpr std::string_view kType = "RolledOut";
  const upgrade::Decision& decision = view.advance.decision;
  const upgrade::TierState& state = decision.state;
  const std::string wanted = view.advance.input.desired.hash;
  if (state.hold) return Make(kType, ConditionStatus::kFalse, "Held" + state.hold->reason, state.hold->message);
  if (state.phase != upgrade::Phase::kStable) {
    const std::string_view waits =
        decision.notes.empty() ? upgrade::RowOf(state.phase).does : std::string_view(decision.notes.front().message);
    return Make(kType, ConditionStatus::kFalse, upgrade::PhaseName(state.phase), fmt::format("revision {}: {}", wanted, waits));
  }
  const auto& failed = state.failed_revisions;
  if (std::find(failed.begin(), failed.end(), wanted) != failed.end()) {
    return Make(
        kType, ConditionStatus::kFalse, state.abort ? state.abort->reason : "RevisionFailed",
        fmt::format(
            "revision {} was given up{}{}; {} serves on. Change the specification, or: kubectl ingressfleet retry {} {}",
            wanted, state.abort ? ": " : "", state.abort ? state.abort->message : "",
            state.serving ? state.serving->revision.hash : "", view.tier.name, wanted));
  }
  return Make(kType, ConditionStatus::kFalse, "RevisionPending",
              fmt::format("revision {} is not rolled out yet{}{}", wanted, view.advance.waiting.empty() ? "" : ": it ",
                          view.advance.waiting));
}

Condition RolledOut(const TierView& view) {
  constexpr std::string_view kType = "RolledOut";
  const ObservedSlot& slot = ServingSlot(view);
  const std::string& wanted = view.advance.input.desired.hash;
  const upgrade::Phase phase = view.advance.decision.state.phase;
  const bool before = upgrade::RowOf(phase).forward || phase == upgrade::Phase::kInstall;
  if (before || !slot.exists || slot.revision != wanted || view.advance.decision.state.hold) return Upgrading(view);
  if (!slot.settled || slot.available < slot.wanted) {
    return Make(
        kType, ConditionStatus::kFalse, "RollingOut",
        fmt::format("revision {}: {} of {} pods updated, {} available", wanted, slot.updated, slot.wanted, slot.available));
  }
  return Make(kType, ConditionStatus::kTrue, "Complete", fmt::format("all pods run revision {}", wanted));
}

/// What the last pass wanted to repair in this tier and could not.
std::vector<std::string> Unrepaired(const TierView& view) {
  std::vector<std::string> wanted;
  const ReportInput& input = view.input;
  const auto is_of_tier = [&](const kube::Object& object) { return object.Label(kTierLabel) == view.tier.name; };
  if (input.outcome == nullptr) {
    for (const effect::Stage& stage : input.difference->batch.stages) {
      for (const effect::Change& change : stage.changes) {
        if (is_of_tier(change.object)) wanted.push_back(change.ToString());
      }
    }
    return wanted;
  }
  for (const effect::Failure& failure : input.outcome->failures) {
    if (is_of_tier(failure.change.object)) wanted.push_back(failure.error.message);
  }
  return wanted;
}

Condition DriftDetected(const TierView& view) {
  constexpr std::string_view kType = "DriftDetected";
  const std::vector<std::string> unrepaired = Unrepaired(view);
  if (unrepaired.empty()) return Make(kType, ConditionStatus::kFalse, "InSync", "everything is as declared");
  const bool paused = view.input.outcome == nullptr;
  return Make(kType, ConditionStatus::kTrue, paused ? "Paused" : "RepairFailed",
              fmt::format("{}{}", paused ? "the fleet is paused; waiting: " : "", unrepaired.front()));
}

constexpr std::array kTierConditions{WorkloadAvailable, EntryReady, AddressStable, AccessEnforced,
                                     ClassReady,        RolledOut,  DriftDetected};

}  // namespace

std::vector<Condition> ComputeTierConditions(const TierView& view) {
  std::vector<Condition> conditions = view.previous.conditions;
  for (const auto& compute : kTierConditions) {
    Condition condition = compute(view);
    condition.observed_generation = view.generation;
    kube::SetCondition(conditions, std::move(condition), view.input.snapshot->now);
  }
  return conditions;
}

bool IsBad(const Condition& condition) {
  if (condition.type == "DriftDetected") return condition.status == ConditionStatus::kTrue && condition.reason != "Paused";
  if (condition.type == "AddressStable") return condition.status == ConditionStatus::kFalse;
  if (condition.type == "RolledOut" && condition.reason == "HeldPaused") return false;
  return condition.status != ConditionStatus::kTrue;
}

bool IsProgress(const Condition& condition) {
  if (condition.type == "Progressing") return true;
  const std::string_view reason = condition.reason;
  return condition.type == "RolledOut" &&
         (reason == "RollingOut" || reason == "RevisionPending" || upgrade::ParsePhase(reason));
}

Slot ServingSlotOf(const TierView& view) {
  const auto& serving = view.advance.decision.state.serving;
  if (serving) return serving->slot;
  return view.observed.entry.traffic == Traffic::kB ? Slot::kB : Slot::kA;
}

base::Duration GraceOf(const Condition& condition) {
  using namespace std::chrono_literals;
  const std::string_view condition_type = condition.type;
  if (condition_type == "WorkloadAvailable") return 30s;
  if (condition_type == "EntryReady") return 90s;
  if (condition_type == "AccessEnforced") return 30s;
  if (condition_type == "ClassReady" || condition_type == "DriftDetected") return 10s;
  // Somebody has to do something: at once. Everything else takes the time that it takes.
  if (condition_type == "RolledOut") return condition.reason.starts_with("Held") ? base::Duration(0s) : base::Duration(60min);
  return 0s;
}

}  // namespace ingressfleet::plan
