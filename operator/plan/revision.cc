#include "plan/revision.h"

#include <fmt/format.h>

#include "plan/engine/engine.h"
#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

Json Encode(const SlotBody& body) { return {{"kind", body.kind}, {"spec", body.spec}, {"settings", body.settings}}; }

SlotBody Decode(const Json& json) {
  return {std::string(kube::TextOf(json, "kind")), kube::ListOf(json, "spec"), kube::MapOf(json, "settings")};
}

}  // namespace

std::string RevisionBody::Title() const {
  if (!version.empty()) return fmt::format("{} {}", engine, version);
  const Json& containers = kube::ListOf(kube::ListOf(kube::ListOf(a.spec, "template"), "spec"), "containers");
  if (!containers.is_array() || containers.empty()) return engine;
  return fmt::format("{} {}", engine, kube::TextOf(containers[0], "image"));
}

RevisionBody MakeRevision(const ResolvedTier& tier) {
  return {.hash = Revision(tier),
          .engine = std::string(FindEngine(tier.controller.engine)->name),
          .version = tier.controller.version,
          .a = RenderSlotBody(tier, Slot::kA),
          .b = RenderSlotBody(tier, Slot::kB)};
}

kube::Object RenderRevision(const ResolvedTier& tier, const RevisionBody& body) {
  kube::Object object = TierObject(kube::kControllerRevision, tier, RevisionObjectName(tier.name, body.hash));
  object.body()["metadata"]["labels"][std::string(kRevisionLabel)] = body.hash;
  // Required by the API and immutable; the order of revisions stands in status.tiers[].history.
  object.body()["revision"] = 1;
  object.body()["data"] = {{"engine", body.engine}, {"version", body.version}, {"a", Encode(body.a)}, {"b", Encode(body.b)}};
  return object;
}

std::optional<RevisionBody> ParseRevision(const kube::Object& object) {
  RevisionBody body;
  body.hash = object.Label(kRevisionLabel);
  body.engine = object.Text("/data/engine");
  body.version = object.Text("/data/version");
  body.a = Decode(object.List("/data/a"));
  body.b = Decode(object.List("/data/b"));
  if (body.hash.empty() || body.a.kind.empty() || body.b.kind.empty()) return std::nullopt;
  return body;
}

std::optional<RevisionBody> FindRevision(const ResolvedTier& tier, const RevisionBody& desired, const std::string& hash,
                                         const Snapshot& snapshot) {
  if (hash == desired.hash) return desired;
  const auto object = snapshot.Find(kube::kControllerRevision, tier.ns, RevisionObjectName(tier.name, hash));
  return object == nullptr ? std::nullopt : ParseRevision(*object);
}

}  // namespace ingressfleet::plan
