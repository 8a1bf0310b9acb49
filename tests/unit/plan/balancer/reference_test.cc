// docs/reference/balancers.md is the tables: this test prints it, so that it cannot drift (UPDATE_GOLDEN=1 rewrites
// it).

#include <fmt/format.h>

#include "support/golden.h"
#include "unit/plan/balancer/cases.h"

namespace ingressfleet::plan {
namespace {

constexpr std::string_view kIntroduction = R"(# Load balancers

<!-- Printed from operator/plan/balancer by tests/unit/plan/balancer/reference_test.cc: edit the tables, not this page. -->

`publishing.loadBalancer.provider` says who provides a tier's load balancer. `Auto` reads the nodes' `spec.providerID`; nodes
that name different providers are an error, nodes that name none are `Generic`. MetalLB leaves no trace there and is always
named.

**Scope.** The annotation that makes a balancer internal or external is in the Service's first version: an Internal tier is
never public, not even for a moment. Your own annotations win over everything else that is written, but they cannot
contradict the scope: that is an error that names the key. Changing the scope of a living tier moves the address on every
provider.

**Access list.** `access.allowedSourceRanges` becomes `spec.loadBalancerSourceRanges`. An empty list there lets everybody in,
so a tier whose list is empty gets `127.0.0.1/32`, which no packet can come from; where a list of one address family would
open the other one, `127.0.0.1/32` or `::1/128` stands in for the missing family. "Not enforced" below is what the
condition `AccessEnforced` reports, with the same words; the enforcement layer `Proxy` works everywhere.

**Addresses.** `addresses` are written in the form that the provider reads: AWS takes Elastic IPs by allocation ID
(`eipalloc-…`) for External and private IPv4 addresses for Internal, one for each subnet; Azure and MetalLB take one address
of each family; GCP and Generic take one.

**Time.** How long a new target waits below is the longest that is known, because an upgrade must not leave the old pods
sooner. Who has measured a shorter time says it with `registrationSeconds`; 5 s for kube-proxy come on top.

**When an edit takes effect**: *in place*; *at creation only* (a later edit is ignored); *an error* (the balancer stays as it
is); *replaces a part* (the address stays, a gap is possible); *moves the address*.
)";

constexpr std::string_view MutabilityText(Mutability mutability) {
  switch (mutability) {
    case Mutability::kLive: return "in place";
    case Mutability::kCreationOnly: return "at creation only";
    case Mutability::kError: return "an error";
    case Mutability::kReplacesPart: return "replaces a part";
    case Mutability::kMovesAddress: return "moves the address";
  }
  return "";
}

std::string SourceLink(std::string_view source) {
  return source.starts_with("https://") ? fmt::format("<{}>", source) : std::string(source);
}

std::string MarkerCell(std::string_view value, bool written, bool never) {
  if (never) return fmt::format("`{}`", value);
  return written ? fmt::format("`{}`", value) : "left out";
}

std::string Markers(const Balancer& balancer) {
  if (balancer.markers.empty()) return "\nNo annotation makes a balancer internal: name a pool or an address that is.\n";
  const bool generic = balancer.provider == api::Provider::kGeneric;
  std::string text = generic
                         ? "\nNo annotation is written. These are known, and may not contradict the scope; an Internal tier "
                           "needs one of them,\nanother annotation of the provider, or a `loadBalancerClass`:\n"
                         : "\nWritten for the scope:\n";
  text += "\n| annotation | Internal | External | source |\n|---|---|---|---|\n";
  for (const ScopeMarker& marker : balancer.markers) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", marker.key,
                        MarkerCell(marker.internal_value, marker.written_when_internal, generic),
                        MarkerCell(marker.external_value, marker.written_when_external, generic), SourceLink(marker.source));
  }
  return text;
}

std::string SourceRangeCases(const Balancer& balancer) {
  std::string text = "\nSource ranges; the first row that applies counts:\n\n| when | enforced | source |\n|---|---|---|\n";
  for (const SourceRangeSupport& row : balancer.source_range_cases) {
    text += fmt::format("| {} | {} | {} |\n", row.when, row.enforced ? "yes" : fmt::format("**no**: {}", row.gap),
                        SourceLink(row.source));
  }
  return text;
}

std::string Facts(const Balancer& balancer) {
  if (balancer.annotations.empty()) return "";
  std::string text = "\n| annotation | an edit takes effect | remark | source |\n|---|---|---|---|\n";
  for (const AnnotationFact& fact : balancer.annotations) {
    text +=
        fmt::format("| `{}` | {} | {} | {} |\n", fact.key, MutabilityText(fact.mutability), fact.note, SourceLink(fact.source));
  }
  return text;
}

std::string Section(const Balancer& balancer) {
  std::string text = fmt::format("\n## {}\n\n", balancer.name);
  text +=
      balancer.provider_id_prefix.empty() ? "Not detected.\n" : fmt::format("Detected by `{}`.\n", balancer.provider_id_prefix);
  text += fmt::format(
      "Node ports are {}. A dead target may be sent to for {} s, a new one be served after {} s at the latest.\n",
      balancer.needs_node_ports ? "allocated" : "not allocated", balancer.detection_seconds, balancer.registration_seconds);
  return text + Markers(balancer) + SourceRangeCases(balancer) + Facts(balancer);
}

TEST(ReferenceTest, IsTheTables) {
  std::string page(kIntroduction);
  for (const Balancer* const balancer : AllBalancers()) page += Section(*balancer);
  support::ExpectGolden("docs/reference/balancers.md", page);
}

}  // namespace
}  // namespace ingressfleet::plan
