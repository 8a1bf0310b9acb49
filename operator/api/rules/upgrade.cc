// Rules about how a tier's controller is replaced, and in which order tiers are.

#include <algorithm>
#include <array>

#include "api/enums.h"
#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

constexpr std::int64_t kMaxSeconds = 604800;  // a week: longer is a mistyped number
constexpr std::int64_t kMaxSteps = 20;
constexpr std::int64_t kMaxHistory = 10;

struct Bounded {
  std::string_view field;
  std::optional<std::int64_t> value;
  std::int64_t least;
  std::int64_t most;
  std::string_view unit;
};

void CheckBounded(const TierAt& at, const Bounded& bounded, FieldErrors& errors) {
  if (!bounded.value || (*bounded.value >= bounded.least && *bounded.value <= bounded.most)) return;
  Invalid(errors, at.Path(fmt::format("upgrade.{}", bounded.field)), fmt::format("{}", *bounded.value),
          fmt::format("must be between {} and {}{}", bounded.least, bounded.most, bounded.unit));
}

void NumbersInRange(const TierAt& at, FieldErrors& errors) {
  const Upgrade& upgrade = at.tier.upgrade;
  const std::array<Bounded, 7> all{{
      {"approvalDeadlineSeconds", upgrade.approval_deadline_seconds, 60, kMaxSeconds, " seconds"},
      {"minReadySeconds", upgrade.min_ready_seconds, 0, 3600, " seconds"},
      {"observeSeconds", upgrade.observe_seconds, 0, kMaxSeconds, " seconds"},
      {"retainSeconds", upgrade.retain_seconds, 0, kMaxSeconds, " seconds"},
      {"abortDelaySeconds", upgrade.abort_delay_seconds, 0, 86400, " seconds"},
      {"progressDeadlineSeconds", upgrade.progress_deadline_seconds, 30, 86400, " seconds"},
      {"historyLimit", upgrade.history_limit, 1, kMaxHistory, ""},
  }};
  for (const Bounded& bounded : all) CheckBounded(at, bounded, errors);
}

void StepsFit(const TierAt& at, FieldErrors& errors) {
  const Upgrade& upgrade = at.tier.upgrade;
  const bool canary = upgrade.strategy == UpgradeStrategy::kCanary;
  if (canary && upgrade.steps.empty()) {
    Required(errors, at.Path("upgrade.steps"), "a canary needs at least one step, such as {weight: 10, pauseSeconds: 60}");
  }
  if (!canary && !upgrade.steps.empty()) {
    Forbidden(errors, at.Path("upgrade.steps"), "only strategy Canary has steps; set strategy: Canary, or remove steps");
  }
  if (static_cast<std::int64_t>(upgrade.steps.size()) > kMaxSteps) {
    Invalid(errors, at.Path("upgrade.steps"), fmt::format("{} steps", upgrade.steps.size()),
            fmt::format("at most {}", kMaxSteps));
  }
}

void StepWeights(const TierAt& at, FieldErrors& errors) {
  std::int64_t before = 0;
  for (std::size_t i = 0; i < at.tier.upgrade.steps.size(); ++i) {
    const CanaryStep& step = at.tier.upgrade.steps[i];
    const std::string path = at.Path(fmt::format("upgrade.steps[{}]", i));
    if (!step.weight) {
      Required(errors, path + ".weight", "percent of new connections for the candidate, 1 to 99");
      continue;
    }
    if (*step.weight < 1 || *step.weight > 99) {
      Invalid(errors, path + ".weight", fmt::format("{}", *step.weight),
              "must be between 1 and 99 percent; all traffic follows the last step");
    } else if (*step.weight < before) {
      Invalid(errors, path + ".weight", fmt::format("{}", *step.weight),
              fmt::format("must not be less than the step before ({})", before));
    }
    if (step.pause_seconds && (*step.pause_seconds < 0 || *step.pause_seconds > kMaxSeconds)) {
      Invalid(errors, path + ".pauseSeconds", fmt::format("{}", *step.pause_seconds),
              fmt::format("must be between 0 and {} seconds", kMaxSeconds));
    }
    before = std::max(before, *step.weight);
  }
}

bool IsTimeOfDay(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  for (const std::size_t i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  return text.substr(0, 2) < "24" && text.substr(3) < "60";
}

void WindowsFit(const TierAt& at, FieldErrors& errors) {
  for (std::size_t i = 0; i < at.tier.upgrade.windows.size(); ++i) {
    const MaintenanceWindow& window = at.tier.upgrade.windows[i];
    const std::string path = at.Path(fmt::format("upgrade.windows[{}]", i));
    if (!IsTimeOfDay(window.start)) {
      Invalid(errors, path + ".start", Quoted(window.start),
              "must be a time of day in UTC such as \"22:00\" (quote it: YAML reads 22:00 as a number)");
    }
    if (!window.duration_seconds) {
      Required(errors, path + ".durationSeconds", "how long the window is open, 60 to 86400 seconds");
    } else if (*window.duration_seconds < 60 || *window.duration_seconds > 86400) {
      Invalid(errors, path + ".durationSeconds", fmt::format("{}", *window.duration_seconds),
              "must be between 60 and 86400 seconds");
    }
  }
}

void HostNetworkRolls(const TierAt& at, FieldErrors& errors) {
  if (!at.Is(PublishingType::kHostNetwork) || !at.tier.upgrade.strategy) return;
  if (at.tier.upgrade.strategy == UpgradeStrategy::kRollingUpdate) return;
  Invalid(errors, at.Path("upgrade.strategy"), Quoted(EnumName(*at.tier.upgrade.strategy)),
          "with publishing type HostNetwork two revisions cannot listen on one node at once; use RollingUpdate, or another "
          "publishing type");
}

/// Flip takes the old endpoints away in the same moment: a node without a new one drops what still arrives.
void FlipNeedsCluster(const TierAt& at, FieldErrors& errors) {
  const Publishing& publishing = at.tier.publishing;
  if (publishing.cutover != Cutover::kFlip || publishing.external_traffic_policy != ExternalTrafficPolicy::kLocal) return;
  Invalid(errors, at.Path("publishing.cutover"), Quoted("Flip"),
          "loses connections with externalTrafficPolicy Local; use ExpandContract, or set externalTrafficPolicy: Cluster");
}

constexpr std::array<TierRule, 6> kTierRules{NumbersInRange, StepsFit,         StepWeights,
                                             WindowsFit,     HostNetworkRolls, FlipNeedsCluster};

void OrderNamesTiers(const Fleet& fleet, FieldErrors& errors) {
  const auto& order = fleet.rollout.order;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string path = fmt::format("spec.rollout.order[{}]", i);
    const bool known =
        std::any_of(fleet.tiers.begin(), fleet.tiers.end(), [&](const Tier& tier) { return tier.name == order[i]; });
    if (!known) Invalid(errors, path, Quoted(order[i]), "no tier has this name; name tiers of spec.tiers, or remove it");
    if (std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(i), order[i]) !=
        order.begin() + static_cast<std::ptrdiff_t>(i)) {
      Duplicate(errors, path, Quoted(order[i]), "name each tier once");
    }
  }
}

void RolloutNumbers(const Fleet& fleet, FieldErrors& errors) {
  const Rollout& rollout = fleet.rollout;
  if (rollout.max_concurrent_tiers && (*rollout.max_concurrent_tiers < 1 || *rollout.max_concurrent_tiers > 64)) {
    Invalid(errors, "spec.rollout.maxConcurrentTiers", fmt::format("{}", *rollout.max_concurrent_tiers),
            "must be between 1 and 64");
  }
  const auto& pause = rollout.pause_between_tiers_seconds;
  if (pause && (*pause < 0 || *pause > kMaxSeconds)) {
    Invalid(errors, "spec.rollout.pauseBetweenTiersSeconds", fmt::format("{}", *pause),
            fmt::format("must be between 0 and {} seconds", kMaxSeconds));
  }
}

constexpr std::array<FleetRule, 2> kFleetRules{OrderNamesTiers, RolloutNumbers};

}  // namespace

std::span<const TierRule> UpgradeRules() { return kTierRules; }
std::span<const FleetRule> RolloutRules() { return kFleetRules; }

}  // namespace ingressfleet::api
