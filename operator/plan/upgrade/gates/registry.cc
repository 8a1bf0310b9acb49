#include "plan/upgrade/gates/gates.h"

namespace ingressfleet::plan::upgrade {
namespace {

constexpr std::span<const GateGroup> (*kGroups[])() = {
    InstallGates, StartGates,  PreflightGates, WarmGates,  VerifyGates, ApproveGates, CutoverGates,
    ObserveGates, RetireGates, RollingGates,   AbortGates, SelectGates, RemoveGates,
};

}  // namespace

const Gates& DefaultGates() {
  static const Gates kGates = [] {
    Gates gates;
    for (const auto group : kGroups) {
      for (const GateGroup& rows : group()) gates.Append(rows);
    }
    return gates;
  }();
  return kGates;
}

}  // namespace ingressfleet::plan::upgrade
