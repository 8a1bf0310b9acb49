#include "io/perform.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingressfleet::io {
namespace {

using effect::Change;
using effect::Verb;

base::Result<kube::Object> Apply(Client& client, const Change& change) {
  return client.Apply(change.object, {.field_manager = change.field_manager, .force = true, .subresource = change.subresource});
}

bool IsOurs(const kube::Object& live, const Change& change) {
  return std::all_of(change.owner_labels.begin(), change.owner_labels.end(),
                     [&](const auto& label) { return live.Label(label.first) == label.second; });
}

/// The watch may lag behind: an object that we think is missing may be there, ours or not. In neither case is it written over
/// with what was decided without knowing it.
base::Result<kube::Object> Create(Client& client, const Change& change) {
  const kube::ObjectKey key = change.Key();
  const auto live = client.Get(*kube::FindKind(key.kind), key.ns, key.name);
  if (!live && live.error().code != base::Code::kNotFound) return base::Fail(live.error());
  if (!live) return Apply(client, change);
  if (IsOurs(*live, change)) return base::Fail(base::Code::kConflict, "exists already; it is looked at again");
  return base::Fail(base::Code::kForeign,
                    "exists already and is not this fleet's, so it is not touched; rename the tier or delete the object");
}

/// In the foreground: a workload exists until its pods have drained, so that what they need (their identity, the access list,
/// the Service that still sends them traffic) is not taken away before.
base::Status Delete(Client& client, const Change& change, effect::Outcome& outcome) {
  const base::Status status = client.Delete(change.Key(), {.uid = std::string(change.object.Uid()),
                                                           .resource_version = std::string(change.object.ResourceVersion()),
                                                           .propagation = "Foreground"});
  if (!status && status.error().code != base::Code::kNotFound) return status;
  if (status) ++outcome.writes;
  return {};
}

base::Status Write(Client& client, const Change& change, effect::Outcome& outcome) {
  if (change.verb == Verb::kDelete) return Delete(client, change, outcome);
  auto written = change.verb == Verb::kCreate ? Create(client, change) : Apply(client, change);
  if (!written) return base::Fail(written.error());
  ++outcome.writes;
  outcome.written.push_back(std::move(*written));
  return {};
}

}  // namespace

effect::Outcome Perform(Client& client, const effect::Batch& batch) {
  effect::Outcome outcome;
  for (const effect::Stage& stage : batch.stages) {
    for (const Change& change : stage.changes) {
      if (auto status = Write(client, change, outcome); !status) outcome.failures.push_back({change, status.error()});
    }
    if (!outcome.ok()) break;
  }
  return outcome;
}

}  // namespace ingressfleet::io
