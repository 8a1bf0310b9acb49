// Laws over random requests, built from the tables' own keys and from nonsense.

#include <random>

#include "unit/plan/balancer/cases.h"

namespace ingressfleet::plan {
namespace {

constexpr int kRounds = 5'000;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t Below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  bool Chance(int percent) { return Below(100) < static_cast<std::size_t>(percent); }
  template <class List>
  auto Pick(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(Below(std::size(list))));
  }

 private:
  std::mt19937 engine_;
};

std::vector<std::string> AllKeys() {
  std::vector<std::string> keys{"example.com/x", "external-dns.alpha.kubernetes.io/hostname", "",
                                "service.beta.kubernetes.io/load-balancer-source-ranges"};
  for (const Balancer* const balancer : AllBalancers()) {
    for (const auto& fact : balancer->annotations) keys.emplace_back(fact.key);
    // More often than the others.
    for (int i = 0; i < 10; ++i) {
      for (const auto& marker : balancer->markers) keys.emplace_back(marker.key);
    }
  }
  return keys;
}

const std::vector<std::string> kValues{"true",
                                       "false",
                                       "TRUE",
                                       "Internal",
                                       "External",
                                       "internal",
                                       "internet-facing",
                                       "external",
                                       "nlb",
                                       "nlb-ip",
                                       "clb",
                                       "ip",
                                       "",
                                       "enabled",
                                       "off",
                                       "*",
                                       "dualstack",
                                       "10.0.0.1",
                                       "a=b,,=,",
                                       "eipalloc-1",
                                       "proxy_protocol_v2.enabled=true",
                                       "private",
                                       "INTERNAL",
                                       "intranet",
                                       "preserve_client_ip.enabled=false",
                                       "\xff\xfe"};
const std::vector<std::string> kClasses{"",
                                        "",
                                        "",
                                        "service.k8s.aws/nlb",
                                        "eks.amazonaws.com/nlb",
                                        "networking.gke.io/l4-regional-internal",
                                        "networking.gke.io/l4-regional-external",
                                        "networking.gke.io/l4-regional-internal-legacy",
                                        "tailscale"};
const std::vector<std::string> kRanges{"0.0.0.0/0", "::/0", "10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "127.0.0.1/32"};
const std::vector<std::string> kAddresses{"10.0.0.1", "10.0.0.2", "fd00::1", "eipalloc-1", "", "nonsense", "\xff"};

BalancerRequest RandomRequest(Random& random, const std::vector<std::string>& keys) {
  BalancerRequest request;
  request.scope = random.Chance(50) ? api::Scope::kInternal : api::Scope::kExternal;
  for (std::size_t i = random.Below(5); i > 0; --i) request.annotations[random.Pick(keys)] = random.Pick(kValues);
  if (random.Chance(20)) request.addresses.push_back(random.Pick(kAddresses));
  if (random.Chance(10)) request.addresses.push_back(random.Pick(kAddresses));
  request.load_balancer_class = random.Pick(kClasses);
  for (std::size_t i = random.Below(4); i > 0; --i) request.source_ranges.push_back(random.Pick(kRanges));
  request.enforce_source_ranges = random.Chance(80);
  request.proxy_protocol = random.Chance(30);
  request.external_traffic_policy =
      random.Chance(50) ? api::ExternalTrafficPolicy::kLocal : api::ExternalTrafficPolicy::kCluster;
  return request;
}

template <class Law>
void ForRandomRequests(Law law) {
  Random random(20260801);
  const std::vector<std::string> keys = AllKeys();
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    const BalancerRequest request = RandomRequest(random, keys);
    for (const Balancer* const balancer : AllBalancers()) law(*balancer, request);
  }
}

std::string Value(const kube::StringMap& map, std::string_view key) {
  const auto found = map.find(std::string(key));
  return found == map.end() ? std::string() : found->second;
}

TEST(BalancerLaw, TheScopesMarkerIsThereAndTheOtherIsNot) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    if (balancer.provider == api::Provider::kGeneric) return;
    const EntryService entry = balancer.entry(request);
    const bool internal = request.scope == api::Scope::kInternal;
    for (const ScopeMarker& marker : balancer.markers) {
      const bool written = internal ? marker.written_when_internal : marker.written_when_external;
      const auto expected = written ? (internal ? marker.internal_value : marker.external_value) : std::string_view();
      ASSERT_EQ(Value(entry.annotations, marker.key), expected) << balancer.name << " " << marker.key;
      ASSERT_EQ(entry.annotations.contains(std::string(marker.key)), written) << balancer.name << " " << marker.key;
    }
  });
}

TEST(BalancerLaw, AnInternalTierIsMarkedOrRefused) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    if (request.scope != api::Scope::kInternal || !balancer.validate(request, kPath).empty()) return;
    const EntryService entry = balancer.entry(request);
    // MetalLB has no marker: pools are. Generic: the user said something, and nothing that we know to be public.
    if (balancer.provider == api::Provider::kMetalLB) return;
    if (balancer.provider == api::Provider::kGeneric) {
      ASSERT_TRUE(!entry.load_balancer_class.empty() || !entry.annotations.empty());
      for (const Balancer* const other : AllBalancers()) {
        for (const ScopeMarker& marker : other->markers) {
          ASSERT_NE(Value(entry.annotations, marker.key), marker.external_value) << marker.key;
        }
      }
      return;
    }
    ASSERT_TRUE(std::any_of(balancer.markers.begin(), balancer.markers.end(), [&](const ScopeMarker& marker) {
      return Value(entry.annotations, marker.key) == marker.internal_value;
    })) << balancer.name;
  });
}

TEST(BalancerLaw, AListNeverTurnsIntoEverybody) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    const EntryService entry = balancer.entry(request);
    if (!request.enforce_source_ranges) {
      ASSERT_TRUE(entry.source_ranges.empty());
      return;
    }
    const auto has = [](const std::vector<std::string>& list, std::string_view range) {
      return std::find(list.begin(), list.end(), range) != list.end();
    };
    // Only one case writes no list: everybody, inside, on Azure.
    const bool everybody_inside = balancer.provider == api::Provider::kAzure && request.scope == api::Scope::kInternal &&
                                  has(request.source_ranges, "0.0.0.0/0");
    ASSERT_TRUE(!entry.source_ranges.empty() || everybody_inside) << balancer.name;
    for (const std::string& range : entry.source_ranges) {
      if (range == "0.0.0.0/0" || range == "::/0") {
        ASSERT_TRUE(has(request.source_ranges, range)) << balancer.name;
      }
    }
    ASSERT_TRUE(std::is_sorted(entry.source_ranges.begin(), entry.source_ranges.end()));
  });
}

TEST(BalancerLaw, UsersAnnotationsStayExceptTheMarkers) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    const EntryService entry = balancer.entry(request);
    for (const auto& [key, value] : request.annotations) {
      const bool marker = balancer.provider != api::Provider::kGeneric &&
                          std::any_of(balancer.markers.begin(), balancer.markers.end(),
                                      [name = std::string_view(key)](const auto& row) { return row.key == name; });
      if (marker) continue;
      // Attributes of an AWS target group are completed, never changed.
      ASSERT_TRUE(Value(entry.annotations, key).starts_with(value)) << balancer.name << " " << key;
      if (key != Aws("target-group-attributes")) {
        ASSERT_EQ(Value(entry.annotations, key), value) << balancer.name << " " << key;
      }
    }
  });
}

TEST(BalancerLaw, OrderHasNoMeaning) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    BalancerRequest turned = request;
    std::reverse(turned.source_ranges.begin(), turned.source_ranges.end());
    turned.annotations.clear();
    for (auto it = request.annotations.rbegin(); it != request.annotations.rend(); ++it) turned.annotations.insert(*it);
    ASSERT_EQ(balancer.entry(request), balancer.entry(turned)) << balancer.name;
    ASSERT_EQ(AllErrors(balancer.validate(request, kPath)), AllErrors(balancer.validate(turned, kPath))) << balancer.name;
  });
}

TEST(BalancerLaw, SpecLoadBalancerIpIsOnlyWrittenWhereItIsRead) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    const bool reads = balancer.provider == api::Provider::kGCP || balancer.provider == api::Provider::kGeneric;
    if (!reads) {
      ASSERT_TRUE(balancer.entry(request).addresses.empty()) << balancer.name;
    }
  });
}

TEST(BalancerLaw, EverySupportIsARowOfTheTableAndEveryRefusalHasARemedy) {
  ForRandomRequests([](const Balancer& balancer, const BalancerRequest& request) {
    const SourceRangeSupport support = balancer.source_ranges(request);
    ASSERT_TRUE(std::any_of(balancer.source_range_cases.begin(), balancer.source_range_cases.end(), [&](const auto& row) {
      return row.when == support.when;
    })) << balancer.name;
    ASSERT_EQ(support.enforced, support.gap.empty());
    for (const auto& error : balancer.validate(request, kPath)) {
      ASSERT_TRUE(error.path.starts_with(kPath)) << error.ToString();
      ASSERT_FALSE(error.detail.empty()) << error.path;
      ASSERT_FALSE(error.detail.ends_with(".")) << error.detail;
    }
    for (const auto& notice : balancer.notices(request)) ASSERT_TRUE(notice.ends_with(".")) << notice;
  });
}

}  // namespace
}  // namespace ingressfleet::plan
