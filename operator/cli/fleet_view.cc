#include "cli/fleet_view.h"

#include <algorithm>

#include "plan/names.h"
#include "plan/upgrade/phase.h"

namespace ingressfleet::cli {
namespace {

using kube::Json;
using kube::TextOf;

std::string StateOf(const kube::Object& pod) {
  if (pod.IsDeleting()) return "Terminating";
  for (const Json& container : pod.List("/status/containerStatuses")) {
    const auto state = container.find("state");
    if (state == container.end() || !state->is_object()) continue;
    for (const char* what : {"waiting", "terminated"}) {
      const auto found = state->find(what);
      if (found == state->end()) continue;
      if (const auto reason = TextOf(*found, "reason"); !reason.empty()) return std::string(reason);
    }
  }
  if (const auto reason = pod.Text("/status/reason"); !reason.empty()) return std::string(reason);
  return std::string(pod.Text("/status/phase"));
}

bool IsReady(const kube::Object& pod) { return kube::IsTrue(kube::DecodeConditions(pod.List("/status/conditions")), "Ready"); }

}  // namespace

const api::TierStatus* FleetView::FindTier(std::string_view tier) const {
  const auto found =
      std::find_if(status.tiers.begin(), status.tiers.end(), [&](const auto& each) { return each.name == tier; });
  return found == status.tiers.end() ? nullptr : &*found;
}

std::vector<std::string> FleetView::TierNames() const {
  std::vector<std::string> names;
  for (const api::TierStatus& tier : status.tiers) names.push_back(tier.name);
  for (const std::string& tier : tiers_in_spec) {
    if (std::find(names.begin(), names.end(), tier) == names.end()) names.push_back(tier);
  }
  return names;
}

FleetView ViewOf(const kube::Object& fleet) {
  FleetView view;
  view.name = fleet.Name();
  view.ns = fleet.Text("/spec/namespace");
  if (view.ns.empty()) view.ns = api::Fleet().ns;
  view.uid = fleet.Uid();
  view.generation = fleet.Generation();
  view.paused = fleet.Boolean("/spec/paused");
  view.deleting = fleet.IsDeleting();
  view.annotations = fleet.Annotations();
  view.status = api::DecodeStatus(fleet);
  for (const Json& tier : fleet.List("/spec/tiers")) view.tiers_in_spec.emplace_back(TextOf(tier, "name"));
  return view;
}

PodView ViewOfPod(const kube::Object& pod) {
  PodView view;
  view.name = pod.Name();
  view.tier = pod.Label(plan::kTierLabel);
  view.slot = pod.Label(plan::kSlotLabel);
  view.revision = pod.Label(plan::kRevisionLabel);
  view.node = pod.Text("/spec/nodeName");
  view.state = StateOf(pod);
  view.ready = IsReady(pod) && !pod.IsDeleting();
  for (const Json& container : pod.List("/status/containerStatuses"))
    view.restarts += kube::IntegerOf(container, "restartCount");
  view.created = pod.CreatedAt();
  return view;
}

bool IsForward(const api::TierStatus& tier) {
  const auto phase = tier.upgrade ? plan::upgrade::ParsePhase(tier.upgrade->phase) : std::nullopt;
  return phase && plan::upgrade::RowOf(*phase).forward;
}

bool IsGoingBack(const api::TierStatus& tier) {
  using plan::upgrade::Phase;
  const auto phase = tier.upgrade ? plan::upgrade::ParsePhase(tier.upgrade->phase) : std::nullopt;
  return phase == Phase::kAbortPre || phase == Phase::kAbortMid || phase == Phase::kAbortPost || phase == Phase::kRollingBack;
}

std::string_view WhatPhaseDoes(std::string_view phase) {
  const auto known = plan::upgrade::ParsePhase(phase);
  return known ? plan::upgrade::RowOf(*known).does : std::string_view();
}

// The condition names the wanted revision in its message; the record itself knows only what an upgrade began for.
std::string WantedRevision(const api::TierStatus& tier) {
  const kube::Condition* const rolled_out = kube::FindCondition(tier.conditions, "RolledOut");
  if (rolled_out == nullptr) return "";
  constexpr std::string_view kWord = "revision ";
  const auto at = rolled_out->message.find(kWord);
  if (at == std::string::npos) return "";
  const auto start = at + kWord.size();
  const auto end = rolled_out->message.find_first_not_of("0123456789abcdef", start);
  return rolled_out->message.substr(start, end == std::string::npos ? end : end - start);
}

}  // namespace ingressfleet::cli
