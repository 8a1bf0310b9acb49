#include "app/stopwatch.h"

namespace ingressfleet::app {
namespace {

using plan::upgrade::TierState;

plan::upgrade::Watched WatchedSince(Stopwatch::Now since, bool from_start, Stopwatch::Now now) {
  return {std::chrono::duration_cast<base::Duration>(now - since), from_start};
}

}  // namespace

Stopwatch::Watch& Stopwatch::At(const Key& key, const TierState& state, Now now, bool ours) {
  const auto [found, is_new] = watches_.try_emplace(key, Watch{state, now, now, ours, ours});
  Watch& watch = found->second;
  if (is_new) return watch;
  if (watch.state.transition_id != state.transition_id) {
    watch.transition_since = now;
    watch.transition_from_start = ours;
  }
  if (!plan::upgrade::SameIntent(watch.state, state)) {
    watch.state_since = now;
    watch.state_from_start = ours;
  }
  watch.state = state;
  return watch;
}

void Stopwatch::Recorded(const std::string& fleet, const std::string& tier, const TierState& state, Now now) {
  const std::lock_guard lock(mutex_);
  At({fleet, tier}, state, now, /*ours=*/true);
}

void Stopwatch::Fill(const std::string& fleet, const std::string& tier, const TierState& state, Now now,
                     plan::upgrade::Evidence& evidence) {
  const std::lock_guard lock(mutex_);
  const Watch& watch = At({fleet, tier}, state, now, /*ours=*/false);
  evidence.transition = WatchedSince(watch.transition_since, watch.transition_from_start, now);
  evidence.state = WatchedSince(watch.state_since, watch.state_from_start, now);
}

void Stopwatch::Forget(const std::string& fleet) {
  const std::lock_guard lock(mutex_);
  std::erase_if(watches_, [&](const auto& entry) { return entry.first.first == fleet; });
}

}  // namespace ingressfleet::app
