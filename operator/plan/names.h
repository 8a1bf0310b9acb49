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
/// On a workload: the engine it runs, which need not be the one that the specification names now.
inline constexpr std::string_view kEngineLabel = "ingressfleet.io/engine";
/// On workloads and the entry Service: the transition that wrote it (plan/upgrade), a fence against outdated operators.
inline constexpr std::string_view kTransitionAnnotation = "ingressfleet.io/transition-id";
/// On the entry Service, written together with its selector: what we selected. Another selector is somebody else's.
inline constexpr std::string_view kCommittedAnnotation = "ingressfleet.io/committed-selector";
inline constexpr std::string_view kServingRevisionAnnotation = "ingressfleet.io/serving-revision";
/// On the workload that served before: until when it stays warm.
inline constexpr std::string_view kRetainUntilAnnotation = "ingressfleet.io/retain-until";
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

std::string TierObjectName(const ResolvedTier& tier);               ///< ServiceAccount, Role, IngressClass' tier: "public"
std::string SlotObjectName(const ResolvedTier& tier, Slot slot);    ///< workload, settings, budget: "public-a"
std::string LiveConfigName(const ResolvedTier& tier);               ///< "public-live"
std::string StatusConfigName(const ResolvedTier& tier, Slot slot);  ///< "public-a-status"
std::string EntryServiceName(std::string_view tier);                ///< "public-entry"
std::string PreviewServiceName(std::string_view tier);              ///< "public-preview"
std::string RevisionObjectName(std::string_view tier, std::string_view revision);  ///< "public-5f2a91c03d"
std::string ClusterRoleName(const ResolvedTier& tier);                             ///< "ingressfleet:platform:public"

/// Labels on every object of a fleet, and of a tier.
kube::StringMap FleetLabels(std::string_view fleet);
kube::StringMap TierLabels(std::string_view fleet, std::string_view tier);
/// Labels by which a slot's pods are selected; never change for the life of the workload.
kube::StringMap SlotSelector(std::string_view fleet, std::string_view tier, Slot slot);
/// The entry Service's selector for each traffic: the four legal values.
kube::StringMap EntrySelector(std::string_view fleet, std::string_view tier, Traffic traffic);

}  // namespace ingressfleet::plan
