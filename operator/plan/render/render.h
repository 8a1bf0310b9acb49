#pragma once
// Step 5 of the pipeline: the intermediate representation + decisions → the objects that should exist, in the order in which
// they come into being. Pure and deterministic: same input, same bytes.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kube/object.h"
#include "plan/engine/engine.h"
#include "plan/ir.h"
#include "plan/revision.h"
#include "plan/upgrade/types.h"

namespace ingressfleet::plan {

/// What a tier's upgrade machine wants of its objects, with the bodies of the revisions that it names.
struct TierRendering {
  std::optional<upgrade::Want> want;           ///< nothing: only what is the same in every phase
  std::optional<Slot> preview;                 ///< the candidate, while the preview Service is wanted
  RevisionBody desired;                        ///< kept before it is used
  std::map<std::string, RevisionBody> bodies;  ///< by hash; a slot whose revision is not here is left as it is
  kube::ObjectPtr live_entry;                  ///< the entry Service as it is; null when there is none
};

/// Whether the machine leaves an object alone: it is neither rendered nor deleted.
bool IsKept(const TierRendering& rendering, const kube::Object& object);

/// Objects that may be written in any order among themselves; stages follow each other.
struct DesiredStage {
  std::string name;
  std::vector<kube::Object> objects;
};

/// Stages: namespace, identity, access, class, entry, workload. The access list exists before anything that could be reached;
/// the entry Service is created with its ranges and its internal marker in the same call.
std::vector<DesiredStage> Render(const ResolvedFleet& fleet, const std::map<std::string, TierRendering>& renderings);

/// Hash of all that needs new pods: the pod template and the slot's settings. Replicas, the access list, certificates and
/// everything else that is live does not count. The list for users is docs/reference/revisions.md.
std::string Revision(const ResolvedTier& tier);

/// The access list that the tier's proxies hold: everyone where it is another layer's job.
std::vector<std::string> ProxyRanges(const ResolvedTier& tier);
/// Hash of the tier's live configuration, as the engine echoes it when it is in force.
std::string LiveHash(const ResolvedTier& tier);

// One function per kind, each in the file of that name.
kube::Object RenderNamespace(const ResolvedFleet& fleet);
kube::Object RenderServiceAccount(const ResolvedTier& tier);
/// Rights of one ServiceAccount for the pods of both slots: while one engine replaces another, both need theirs.
std::vector<kube::Object> RenderRbac(const ResolvedTier& tier, const std::vector<const Engine*>& engines);
kube::Object RenderLiveConfig(const ResolvedTier& tier);
kube::Object RenderSettings(const ResolvedTier& tier, Slot slot, const RevisionBody& body);
kube::Object RenderStatusConfig(const ResolvedTier& tier, Slot slot);
kube::Object RenderIngressClass(const ResolvedTier& tier);
kube::Object RenderEntryService(const ResolvedTier& tier, const upgrade::WantedEntry& wanted);
/// The same with the attributes that a load balancer's controller reads left as they are in `live`: while traffic moves, an
/// edit of them may make it drop connections. The access list is never left as it is.
kube::Object FreezeEntryService(kube::Object entry, const kube::Object& live);
kube::Object RenderPreviewService(const ResolvedTier& tier, Slot candidate);
SlotBody RenderSlotBody(const ResolvedTier& tier, Slot slot);
kube::Object RenderWorkload(const ResolvedTier& tier, Slot slot, const RevisionBody& body, const upgrade::WantedSlot& wanted);
kube::Object RenderDisruptionBudget(const ResolvedTier& tier, Slot slot);
kube::Object RenderNetworkPolicy(const ResolvedTier& tier);

/// An object with the tier's labels (and the slot's, where it belongs to one).
kube::Object TierObject(const kube::KindInfo& kind, const ResolvedTier& tier, const std::string& name);
kube::Object SlotObject(const kube::KindInfo& kind, const ResolvedTier& tier, Slot slot, const std::string& name);

}  // namespace ingressfleet::plan
