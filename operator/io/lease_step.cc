#include "io/lease_step.h"

namespace ingressfleet::io {
namespace {

using kube::Json;

std::int64_t WholeSeconds(base::Duration duration) { return std::chrono::ceil<std::chrono::seconds>(duration).count(); }

Json HeldSpec(const LeaderOptions& options, base::TimePoint wall) {
  return {{"holderIdentity", options.identity},
          {"leaseDurationSeconds", WholeSeconds(options.lease)},
          {"acquireTime", base::FormatMicroTime(wall)},
          {"renewTime", base::FormatMicroTime(wall)},
          {"leaseTransitions", 0}};
}

/// As the holder promised in the Lease; a Lease without that promise is judged by our own setting.
base::Duration PromisedLease(const kube::Object& live, const LeaderOptions& options) {
  const std::int64_t seconds = live.Integer("/spec/leaseDurationSeconds");
  return seconds > 0 ? base::Duration(std::chrono::seconds(seconds)) : options.lease;
}

}  // namespace

LeaseDecision DecideLease(LeaseView& view, const LeaderOptions& options, const std::optional<kube::Object>& live,
                          const LeaseTick& tick) {
  Json wanted = HeldSpec(options, tick.wall);
  if (!live) {
    kube::Object lease(kube::kLease, options.ns, options.name);
    lease.body()["spec"] = std::move(wanted);
    return {LeaseDecision::Kind::kCreate, std::move(lease)};
  }
  const Json spec = live->body().value("spec", Json::object());
  if (view.seen_spec != spec) view = {spec, tick.now};
  const std::string_view holder = live->Text("/spec/holderIdentity");
  const bool is_ours = holder == options.identity;
  if (!holder.empty() && !is_ours && tick.now < view.seen_at + PromisedLease(*live, options)) return {};
  const std::int64_t transitions = live->Integer("/spec/leaseTransitions");
  wanted["leaseTransitions"] = is_ours ? transitions : transitions + 1;
  if (is_ours) wanted["acquireTime"] = live->Text("/spec/acquireTime");
  kube::Object lease = *live;
  lease.body()["spec"].update(wanted);
  return {LeaseDecision::Kind::kReplace, std::move(lease)};
}

kube::Object ReleasedLease(const kube::Object& live, base::TimePoint wall) {
  kube::Object lease = live;
  Json& spec = lease.body()["spec"];
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["acquireTime"] = base::FormatMicroTime(wall);
  spec["renewTime"] = base::FormatMicroTime(wall);
  return lease;
}

}  // namespace ingressfleet::io
