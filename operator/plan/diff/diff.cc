#include "plan/diff/diff.h"

#include <fmt/format.h>

#include <set>

#include "base/hash.h"
#include "kube/covers.h"
#include "plan/names.h"

namespace ingressfleet::plan {
namespace {

using effect::Change;
using effect::Verb;

bool BelongsTo(const kube::Object& object, const std::string& fleet) {
  return object.Label(kManagedByLabel) == kManagedByValue && object.Label(kFleetLabel) == fleet;
}

api::Conflict Collision(const kube::Object& live, const std::string& fleet) {
  const std::string_view other = live.Label(kFleetLabel);
  const bool ours = live.Label(kManagedByLabel) == kManagedByValue && !other.empty();
  return {live.Key().ToString(),
          fmt::format("exists and {}, so fleet {} does not touch it; rename the tier or class, or delete the object",
                      ours ? fmt::format("belongs to fleet {}", other) : "is not managed by Ingress Fleet", fleet)};
}

kube::Object WithHash(kube::Object body) {
  const std::string hash = base::ShortHash(body.body().dump(), 16);
  body.body()["metadata"]["annotations"][std::string(kAppliedHashAnnotation)] = hash;
  return body;
}

/// Maps that the API treats as one value: a key too many is drift as well.
std::string AtomicDifference(const kube::Object& desired, const kube::Object& live) {
  if (desired.Kind() != kube::kService.kind) return {};
  const kube::Json* wanted = desired.Find("/spec/selector");
  const kube::Json* found = live.Find("/spec/selector");
  if (wanted == nullptr || found == nullptr || *wanted == *found) return {};
  return fmt::format("/spec/selector: {}, want {}", found->dump(), wanted->dump());
}

std::string Drift(const kube::Object& desired, const kube::Object& live) {
  if (std::string difference = AtomicDifference(desired, live); !difference.empty()) return difference;
  return kube::FirstDifference(desired.body(), live.body());
}

/// The write that makes `desired` true, if one is needed.
std::optional<Change> ChangeFor(const std::string& fleet, const kube::Object& desired, const kube::ObjectPtr& live) {
  Change change{Verb::kApply, WithHash(desired), std::string(kObjectManager), "", "", FleetLabels(fleet)};
  if (live == nullptr) {
    change.verb = Verb::kCreate;
    change.reason = "missing";
    return change;
  }
  const bool same_body = live->Annotation(kAppliedHashAnnotation) == change.object.Annotation(kAppliedHashAnnotation);
  const std::string drift = Drift(change.object, *live);
  if (drift.empty()) return std::nullopt;
  // Decided on this very version: an operator that works with an older one must not undo a newer decision.
  change.object.body()["metadata"]["uid"] = live->Uid();
  change.object.body()["metadata"]["resourceVersion"] = live->ResourceVersion();
  change.reason = fmt::format("{}: {}", same_body ? "drift" : "update", drift);
  return change;
}

}  // namespace

Difference Diff(const std::string& fleet, const std::vector<DesiredStage>& desired, const Snapshot& snapshot) {
  Difference difference;
  for (const DesiredStage& wanted : desired) {
    effect::Stage stage{wanted.name, {}};
    for (const kube::Object& object : wanted.objects) {
      const auto found = snapshot.objects.find(object.Key());
      const kube::ObjectPtr live = found == snapshot.objects.end() ? nullptr : found->second;
      if (live != nullptr && !BelongsTo(*live, fleet)) {
        if (object.Kind() != kube::kNamespace.kind) difference.conflicts.push_back(Collision(*live, fleet));
        continue;
      }
      if (auto change = ChangeFor(fleet, object, live)) stage.changes.push_back(std::move(*change));
    }
    if (!stage.changes.empty()) difference.batch.stages.push_back(std::move(stage));
  }
  return difference;
}

std::string_view ClassOf(const kube::Object& ingress) {
  const std::string_view field = ingress.Text("/spec/ingressClassName");
  return field.empty() ? ingress.Annotation(kLegacyClassAnnotation) : field;
}

std::vector<std::string> IngressesOf(const Snapshot& snapshot, std::string_view class_name) {
  std::vector<std::string> users;
  for (const kube::ObjectPtr& ingress : snapshot.ingresses) {
    if (ClassOf(*ingress) == class_name) users.push_back(fmt::format("{}/{}", ingress->Namespace(), ingress->Name()));
  }
  return users;
}

}  // namespace ingressfleet::plan
