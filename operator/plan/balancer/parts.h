#pragma once
// What the providers' files share: reading a request, building the entry, refusing contradictions. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/balancer/balancer.h"

namespace ingressfleet::plan {

/// Which IP families the provider's own list has to speak about.
enum class RangeFamilies {
  kIPv4,    ///< the balancer has no IPv6 side: IPv6 ranges are left out (they would be an API error, and let nobody in)
  kListed,  ///< as written; only a list without IPv4 gets nobody's range, else the IPv4 side would stand open
  kBoth,    ///< a family without a range gets nobody's range: an absent family means everybody there
};

/// spec.loadBalancerSourceRanges: sorted, never empty unless the tier does not want the balancer to enforce anything.
std::vector<std::string> SourceRangesOf(const BalancerRequest& request, RangeFamilies families);

/// A loadBalancerClass that we know: whose it is, and whether it decides the scope by itself.
struct ClassFact {
  std::string_view name;
  api::Provider provider;
  std::optional<api::Scope> scope;
  std::string_view source;
};
std::span<const ClassFact> KnownClasses();
/// nullptr when no row has it.
const ClassFact* FindClass(std::string_view name);
/// Whether the request names a class that none of the provider's controllers answers to.
bool HasForeignClass(const BalancerRequest& request, api::Provider provider);

/// The user's value, or empty.
std::string_view AnnotationOf(const BalancerRequest& request, std::string_view key);
bool HasAnnotation(const BalancerRequest& request, std::string_view key);

/// What all providers have in common: type, class, policy, ranges, and annotations = `defaults`, over them the user's,
/// over them the scope's markers.
EntryService EntryOf(const BalancerRequest& request, std::span<const ScopeMarker> markers, kube::StringMap defaults,
                     RangeFamilies families);

/// Collects what is wrong with a request.
class RequestChecker {
 public:
  RequestChecker(const BalancerRequest& request, const std::string& path) : request_(request), path_(path) {}

  /// The rules that hold everywhere: annotations that would replace or invert the access list.
  void CheckAccessListIsOurs();
  void CheckMarkers(std::span<const ScopeMarker> markers);
  /// A class decides who reads the annotations: an unknown one cannot be trusted with an Internal tier, and one that
  /// fixes the scope must agree with it.
  void CheckClass(api::Provider provider);
  /// At most one address of each family, each an IP address; and `key` (which names the address too) not beside them.
  void CheckAddresses(std::span<const std::string_view> competing_keys);

  void Invalid(std::string_view member, std::string_view value, std::string detail);
  void Forbidden(std::string_view member, std::string detail);
  void InvalidAnnotation(std::string_view key, std::string detail);
  api::FieldErrors Take() { return std::move(errors_); }

 private:
  const BalancerRequest& request_;
  const std::string& path_;
  api::FieldErrors errors_;
};

/// Nothing, 4 or 6.
std::optional<int> IpFamilyOf(std::string_view address);
bool EqualIgnoringCase(std::string_view a, std::string_view b);
/// "key=value,key=value" with the value of one key; empty when it has none.
std::string_view AttributeOf(std::string_view attributes, std::string_view key);

/// Sentences that hold for every provider: what hides the client's address from the proxy's own access list.
std::vector<std::string> CommonNotices(const BalancerRequest& request);
/// For balancers that pass packets on as they are: PROXY headers must come from whoever is in front.
std::string NoProxyProtocolNotice(std::string_view provider);

}  // namespace ingressfleet::plan
