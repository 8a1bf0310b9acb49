#pragma once
// Who provides the load balancer: one file per provider, as data with the source of each fact beside it. A new provider
// = one file + one line in registry.cc (tests/structure says what is still missing). docs/reference/balancers.md is
// these tables.
//
// Every function here is pure and total: input that validate() refuses still gives a result, and then the safer one
// (the scope's marker wins, an access list is never left out).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/field_error.h"
#include "api/fleet.h"
#include "base/result.h"
#include "plan/ir.h"

namespace ingressfleet::plan {

/// Nobody, as a source range: an empty spec.loadBalancerSourceRanges lets EVERYBODY in, so a list that allows no one
/// needs an address that cannot be a source. Loopback addresses never leave a host (RFC 1122 3.2.1.3, RFC 4291 2.5.3),
/// and load balancer controllers take them: zalando/postgres-operator has locked its balancers with 127.0.0.1/32 since
/// 2017 (pkg/cluster/k8sres.go, issue #54; on GKE issue #1418). Not for people: leave it out of a list that you show.
inline constexpr std::string_view kNobodyIPv4 = "127.0.0.1/32";
inline constexpr std::string_view kNobodyIPv6 = "::1/128";

/// When an edit of a field takes effect at the provider.
enum class Mutability {
  kLive,          ///< in place
  kCreationOnly,  ///< a later edit is silently ignored
  kError,         ///< a later edit is an error, the balancer stays as it is
  kReplacesPart,  ///< address kept, a gap is possible
  kMovesAddress,  ///< the balancer or its frontend is replaced
};

/// An annotation of the provider that we know something about.
struct AnnotationFact {
  std::string_view key;
  Mutability mutability;
  std::string_view note;    ///< for people, empty when there is nothing to say
  std::string_view source;  ///< where the fact was read: repository and path, or document
};

/// An annotation that makes a balancer internal or external. A user may state it, never contradict the scope with it.
struct ScopeMarker {
  std::string_view key;
  std::string_view internal_value;
  std::string_view external_value;
  bool written_when_internal;  ///< whether we write it, in the create call already; else it is left out
  bool written_when_external;
  std::string_view source;
};

/// How the provider treats spec.loadBalancerSourceRanges.
struct SourceRangeSupport {
  bool enforced = false;
  std::string_view gap;  ///< why not, with the remedy; empty when enforced
  std::string_view source;
  std::string_view when;  ///< for people: the combination that this row is about
};

/// What a tier asks of its load balancer.
struct BalancerRequest {
  api::Scope scope = api::Scope::kInternal;
  kube::StringMap annotations;  ///< the user's; they win over the provider's except for the scope marker
  std::vector<std::string> addresses;
  std::string load_balancer_class;
  std::vector<std::string> source_ranges;  ///< canonical CIDRs; empty = nobody
  bool enforce_source_ranges = true;
  bool proxy_protocol = false;
  api::ExternalTrafficPolicy external_traffic_policy = api::ExternalTrafficPolicy::kLocal;
};

struct Balancer {
  api::Provider provider;
  std::string_view name;                ///< as in the API: "AWS"
  std::string_view provider_id_prefix;  ///< of a node's spec.providerID ("aws://"); empty = never detected
  std::span<const ScopeMarker> markers;
  std::span<const AnnotationFact> annotations;
  std::span<const SourceRangeSupport> source_range_cases;  ///< the first that applies is what source_ranges() answers
  bool needs_node_ports;                                   ///< false: allocateLoadBalancerNodePorts can be off
  int detection_seconds;                                   ///< how long it may send to a dead target, at most
  int registration_seconds;                                ///< how long a new target may take to be served
  Mutability scope_mutability;                             ///< of Internal ↔ External on a living Service

  SourceRangeSupport (*source_ranges)(const BalancerRequest& request);
  /// Type, annotations with the internal or external marker, ranges, class, addresses: everything of the create call.
  EntryService (*entry)(const BalancerRequest& request);
  /// What the provider cannot do; `path` is the field path of the loadBalancer member
  /// ("spec.tiers[0].publishing.loadBalancer").
  api::FieldErrors (*validate)(const BalancerRequest& request, const std::string& path);
  /// What is allowed and yet worth knowing before it is applied: whole sentences for plan and status, no errors.
  std::vector<std::string> (*notices)(const BalancerRequest& request);
};

std::span<const Balancer* const> AllBalancers();
const Balancer& BalancerOf(api::Provider provider);  ///< kAuto, which nobody should ask for, is Generic
/// The provider that the nodes' providerIDs name; kGeneric when they name none; an error when they contradict each
/// other (an Internal tier is never published by guess). Nodes that have no providerID yet say nothing.
base::Result<api::Provider> DetectProvider(const std::vector<std::string>& provider_ids);

}  // namespace ingressfleet::plan
