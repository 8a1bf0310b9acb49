#pragma once
// The evidence for upgrades: asks the entry and the preview of a tier, in the background, and tells what is known.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/prober.h"
#include "plan/snapshot.h"
#include "plan/upgrade/types.h"
#include "plan/verify/checks.h"
#include "plan/verify/judge.h"

namespace ingressfleet::app {

struct EvidenceRequest {
  /// With `probe_sources` as written into the live ConfigMap; only read during the call.
  const plan::ResolvedTier* tier = nullptr;
  /// With `now` and the pods' reports; only read during the call.
  const plan::Snapshot* snapshot = nullptr;
  plan::upgrade::ProbeSet probes;  ///< kPreflight is not ours and stays unknown; an empty set ends all asking for the tier
  std::string revision;            ///< of the candidate
  std::int64_t transition_id = 0;
  std::string entry_address;    ///< ClusterIP of "<tier>-entry": the serving slot's answers before the selector moves
  std::string preview_address;  ///< ClusterIP of "<tier>-preview": the candidate
  std::vector<plan::verify::CustomProbe> custom;
  std::vector<plan::verify::MetricQuery> metrics;
  plan::verify::BudgetLimits budget;
};

struct EvidenceOptions {
  int http_port = 80;  ///< of entry and preview Services
  int https_port = 443;
  std::size_t target_limit = plan::verify::kDefaultTargetLimit;
  base::Duration repeat_after = std::chrono::seconds(1);  ///< before what was not equal is asked again
  base::Duration renew_after = std::chrono::seconds(45);  ///< before a verdict is found anew; half of what gates accept
  base::Duration retry_first = std::chrono::seconds(2);   ///< after an unknown verdict; doubles
  base::Duration retry_most = std::chrono::seconds(30);
  base::Duration watch_interval = std::chrono::seconds(1);     ///< of Entry and Budget
  std::size_t watch_batch = 5;                                 ///< targets each interval
  base::Duration measure_interval = std::chrono::seconds(10);  ///< of custom probes and metrics
  base::Duration patience = std::chrono::minutes(2);           ///< a tier that nobody calls Gather for is left alone after it
};

using Findings = std::array<plan::upgrade::Finding, plan::upgrade::kProbeCount>;

/// Thread-safe. One background thread for each tier that is being asked, ended by Forget and the destructor.
class EvidenceGatherer {
 public:
  using OnNews = std::function<void(const std::string& fleet)>;

  /// `on_news` is called on a background thread whenever a finding changed or was renewed; it must not call back.
  EvidenceGatherer(io::Prober& prober, const base::Clock& clock, OnNews on_news, EvidenceOptions options = {});
  ~EvidenceGatherer();

  /// Never blocks. Starts what is not running for exactly this transition, revision and pair of addresses, ends what is
  /// outdated, returns what is known now: findings carry the request's revision and transition id, or are empty. Ingresses that
  /// come and go in the meantime only change what is asked.
  ///
  /// An unknown finding says why in its message. A failure was seen three times. Entry and Budget are sampled all the time.
  Findings Gather(const EvidenceRequest& request);

  /// What the tier's last call of Gather would return now; all empty when there was none. Starts and ends nothing.
  Findings Known(const std::string& fleet, const std::string& tier) const;

  /// Ends everything for the fleet's tiers.
  void Forget(const std::string& fleet);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingressfleet::app
