#include "plan/names.h"

#include <fmt/format.h>

namespace ingressfleet::plan {

std::string_view SlotName(Slot slot) { return slot == Slot::kA ? "a" : "b"; }
Slot Other(Slot slot) { return slot == Slot::kA ? Slot::kB : Slot::kA; }
Traffic Only(Slot slot) { return slot == Slot::kA ? Traffic::kA : Traffic::kB; }

std::string_view TrafficName(Traffic traffic) {
  switch (traffic) {
    case Traffic::kNone: return "none";
    case Traffic::kA: return "a";
    case Traffic::kB: return "b";
    case Traffic::kBoth: return "ab";
  }
  return "none";
}

std::string TierObjectName(const ResolvedTier& tier) { return tier.name; }
std::string SlotObjectName(const ResolvedTier& tier, Slot slot) { return fmt::format("{}-{}", tier.name, SlotName(slot)); }
std::string LiveConfigName(const ResolvedTier& tier) { return tier.name + "-live"; }
std::string StatusConfigName(const ResolvedTier& tier, Slot slot) { return SlotObjectName(tier, slot) + "-status"; }
std::string EntryServiceName(std::string_view tier) { return fmt::format("{}-entry", tier); }
std::string PreviewServiceName(std::string_view tier) { return fmt::format("{}-preview", tier); }

std::string RevisionObjectName(std::string_view tier, std::string_view revision) {
  return fmt::format("{}-{}", tier, revision);
}

std::string ClusterRoleName(const ResolvedTier& tier) { return fmt::format("ingressfleet:{}:{}", tier.fleet, tier.name); }

kube::StringMap FleetLabels(std::string_view fleet) {
  return {{std::string(kManagedByLabel), std::string(kManagedByValue)}, {std::string(kFleetLabel), std::string(fleet)}};
}

kube::StringMap TierLabels(std::string_view fleet, std::string_view tier) {
  kube::StringMap labels = FleetLabels(fleet);
  labels.emplace(kTierLabel, tier);
  return labels;
}

kube::StringMap SlotSelector(std::string_view fleet, std::string_view tier, Slot slot) {
  return {{std::string(kFleetLabel), std::string(fleet)},
          {std::string(kTierLabel), std::string(tier)},
          {std::string(kSlotLabel), std::string(SlotName(slot))}};
}

kube::StringMap EntrySelector(std::string_view fleet, std::string_view tier, Traffic traffic) {
  kube::StringMap selector = SlotSelector(fleet, tier, Slot::kA);
  if (traffic == Traffic::kBoth) {
    selector.erase(std::string(kSlotLabel));
  } else {
    selector[std::string(kSlotLabel)] = traffic == Traffic::kNone ? kNoSlot : TrafficName(traffic);
  }
  return selector;
}

}  // namespace ingressfleet::plan
