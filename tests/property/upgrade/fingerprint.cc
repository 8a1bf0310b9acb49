// Which worlds are the same one for a search: names and moments count only as far as they can make a difference.

#include "property/upgrade/world.h"

namespace ingressfleet::plan::upgrade::model {

std::string World::Fingerprint() const {
  std::string text;
  const auto number = [&](std::int64_t value) { fmt::format_to(std::back_inserter(text), "{},", value); };
  const auto moment = [&](std::optional<TimePoint> at) {
    number(at ? std::clamp<std::int64_t>(std::chrono::duration_cast<seconds>(*at - now).count(), -700, 700) : 9999);
  };
  const std::int64_t id = status.state.transition_id;
  const auto relative = [&](std::int64_t other) { number(other == 0 ? -99999 : std::clamp<std::int64_t>(other - id, -3, 3)); };
  const auto workload = [&](const Workload& live) {
    number(live.exists), number(live.revision), relative(live.id), number(live.replicas), number(live.observed);
    number(live.retain_until.has_value()), number(live.Ready()), number(static_cast<std::int64_t>(live.starting.size()));
    number(live.terminating), number(live.access), number(live.nodes);
    number(std::count(live.ready.begin(), live.ready.end(), live.revision));
  };
  const auto service = [&](const Entry& live) {
    number(live.exists), number(live.traffic ? static_cast<int>(*live.traffic) : 9),
        number(live.committed ? static_cast<int>(*live.committed) : 9);
    relative(live.id), text += live.serving_revision, number(live.access), number(live.foreign);
  };
  const auto record = [&](const TierState& state) {
    number(static_cast<int>(state.phase)), number(state.step), relative(state.transition_id);
    moment(state.phase_started_at), moment(state.deadline), moment(state.window_started_at), moment(state.retain_until);
    for (const auto* ref : {&state.serving, &state.candidate, &state.previous})
      text += *ref ? fmt::format("{}{},", SlotName((*ref)->slot), (*ref)->revision.hash) : "-,";
    text += state.started_for, number(static_cast<int>(state.strategy)), number(static_cast<int>(state.cutover)),
        number(state.rollback_run);
    number(static_cast<int>(state.committed)), number(static_cast<std::int64_t>(state.drift_repairs.size())),
        number(state.drift_open);
    text += state.hold ? state.hold->reason : "-", text += state.abort ? state.abort->reason : "-",
        number(state.rollback.has_value());
    number(state.approval.has_value());
    for (const std::string& failed : state.failed_revisions) text += failed;
  };
  workload(slots[0]), workload(slots[1]), service(entry), number(slices[0]), number(slices[1]), number(preview);
  moment(listed_since[0]), moment(listed_since[1]), record(status.state);
  text += tier.desired.hash, number(evidence_up), number(tier.replicas);
  for (const Operator& op : operators) {
    if (!op.leads) continue;
    number(op.status.value.version == status.version);
    if (op.status.value.version != status.version) record(op.status.value.state);
    for (std::size_t i = 0; i < 2; ++i) {
      number(op.slots[i].value.version == slots[i].version), workload(op.slots[i].value), number(op.slices[i]);
    }
    number(op.entry.value.version == entry.version), service(op.entry.value), number(op.preview);
    moment(op.transition.since), number(op.transition.from_start), moment(op.intent.since), number(op.intent.from_start);
    for (const Write& write : op.pending) {
      number(write.kind), number(static_cast<int>(write.slot)), number(static_cast<int>(write.slot_wanted.action)),
          number(write.slot_wanted.replicas);
      relative(write.transition_id), number(static_cast<int>(write.entry_wanted.traffic)),
          number(static_cast<int>(write.entry_wanted.action));
      if (write.kind == Write::kStatus) record(write.state), number(write.version == status.version);
      if (write.kind == Write::kSlot) number(write.version == slots[Index(write.slot)].version);
      if (write.kind == Write::kEntry) number(write.version == entry.version);
    }
    for (const Finding& finding : op.evidence.findings)
      number(static_cast<int>(finding.verdict)), relative(finding.transition_id);
  }
  return text;
}

}  // namespace ingressfleet::plan::upgrade::model
