#pragma once
// What a tier has served, as a table or for scripts. Pure.

#include "api/status.h"
#include "cli/text.h"

namespace ingressfleet::cli {

/// Newest first; the number counts from the oldest one that is remembered.
Lines DrawHistory(const api::TierStatus& tier, base::TimePoint now, const Look& look);
kube::Json HistoryAsJson(const api::TierStatus& tier);

}  // namespace ingressfleet::cli
