#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

template <Probe kProbe>
Answer Asked(const Context& context) {
  return AskProbe(context, kProbe, context.tier.verify);
}

constexpr Gate kGates[] = {
    {"candidate-ready", "the candidate is still ready", CandidateReady},
    {"parity", "probe Parity passes, if asked for", Asked<Probe::kParity>},
    {"tls", "probe Tls passes, if asked for", Asked<Probe::kTls>},
    {"access", "probe Access passes, if asked for", Asked<Probe::kAccess>},
    {"custom", "probe Custom passes, if asked for", Asked<Probe::kCustom>},
    {"metrics", "probe Metrics passes, if asked for", Asked<Probe::kMetrics>},
};
constexpr GateGroup kGroups[] = {{Chain::kVerify, kGates}};

}  // namespace

std::span<const GateGroup> VerifyGates() { return kGroups; }

}  // namespace ingressfleet::plan::upgrade
