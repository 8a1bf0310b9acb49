#pragma once
// Names, labels and annotations of everything a fleet owns. One place: users write selectors against them.

#include <string>
#include <string_view>

#include "kube/object.h"
#include "plan/ir.h"

namespace ingressfleet::plan {

inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedByValue = "ingressfleet";
inline constexpr std::string_view kFleetLabel = "ingressfleet.io/fleet";
inline constexpr std::string_view kTierLabel = "ingressfleet.io/tier";
inline constexpr std::string_view kSlotLabel = "ingressfleet.io/slot";
inline constexpr std::string_view kRevisionLabel = "ingressfleet.io/revision";
/// Hash of the body that we applied last: tells a field that we no longer want from one that somebody else set.
inline constexpr std::string_view kAppliedHashAnnotation = "ingressfleet.io/applied-hash";
inline constexpr std::string_view kFinalizer = "ingressfleet.io/operands";
inline constexpr std::string_view kObjectManager = "ingressfleet";
inline constexpr std::string_view kStatusManager = "ingressfleet-status";
/// Kubernetes' mark of the class that Ingresses without a class get.
inline constexpr std::string_view kDefaultClassAnnotation = "ingressclass.kubernetes.io/is-default-class";
inline constexpr std::string_view kLegacyClassAnnotation = "kubernetes.io/ingress.class";
/// Value of the slot label in the entry Service's selector before the first exposure: selects nothing. An empty selector
/// would hand the endpoints to "somebody else" (Service API), so it is never used.
inline constexpr std::string_view kNoSlot = "none";

std::string TierObjectName(const ResolvedTier& tier);             ///< ServiceAccount, Role, IngressClass' tier: "public"
std::string SlotObjectName(const ResolvedTier& tier, Slot slot);  ///< workload, settings, budget: "public-a"
std::string LiveConfigName(const ResolvedTier& tier);             ///< "public-live"
std::string StatusConfigName(const ResolvedTier& tier, Slot slot);  ///< "public-a-status"
std::string EntryServiceName(std::string_view tier);              ///< "public-entry"
std::string ClusterRoleName(const ResolvedTier& tier);            ///< "ingressfleet:platform:public"

/// Labels on every object of a fleet, and of a tier.
kube::StringMap FleetLabels(std::string_view fleet);
kube::StringMap TierLabels(std::string_view fleet, std::string_view tier);
/// Labels by which a slot's pods are selected; never change for the life of the workload.
kube::StringMap SlotSelector(std::string_view fleet, std::string_view tier, Slot slot);
/// The entry Service's selector for each traffic: the four legal values.
kube::StringMap EntrySelector(std::string_view fleet, std::string_view tier, Traffic traffic);

}  // namespace ingressfleet::plan
