#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "plan/balancer/balancer.h"

namespace ingressfleet::plan {

extern const Balancer kAwsBalancer;
extern const Balancer kGcpBalancer;
extern const Balancer kAzureBalancer;
extern const Balancer kMetalLbBalancer;
extern const Balancer kGenericBalancer;

namespace {

constexpr std::array<const Balancer*, 5> kBalancers{&kAwsBalancer, &kGcpBalancer, &kAzureBalancer, &kMetalLbBalancer,
                                                    &kGenericBalancer};

struct OtherPrefix {
  std::string_view prefix;
  api::Provider provider;
  std::string_view source;
};

// Nodes outside the cloud that belong to its cluster all the same.
constexpr std::array kOtherPrefixes{
    OtherPrefix{"eks-hybrid://", api::Provider::kAWS, "aws/eks-hybrid internal/kubelet/config.go"},
};

api::Provider ProviderOfNode(std::string_view provider_id) {
  for (const Balancer* const balancer : kBalancers) {
    if (!balancer->provider_id_prefix.empty() && provider_id.starts_with(balancer->provider_id_prefix)) {
      return balancer->provider;
    }
  }
  for (const OtherPrefix& row : kOtherPrefixes) {
    if (provider_id.starts_with(row.prefix)) return row.provider;
  }
  return api::Provider::kGeneric;
}

}  // namespace

std::span<const Balancer* const> AllBalancers() { return kBalancers; }

const Balancer& BalancerOf(api::Provider provider) {
  const auto* const found =
      std::find_if(kBalancers.begin(), kBalancers.end(), [&](const Balancer* row) { return row->provider == provider; });
  return found == kBalancers.end() ? kGenericBalancer : **found;
}

base::Result<api::Provider> DetectProvider(const std::vector<std::string>& provider_ids) {
  std::map<api::Provider, std::string> example;  // the smallest, so that the order of the nodes has no meaning
  for (const std::string& id : provider_ids) {
    if (id.empty()) continue;
    const auto [row, added] = example.emplace(ProviderOfNode(id), id);
    if (!added && id < row->second) row->second = id;
  }
  if (example.empty()) return api::Provider::kGeneric;
  if (example.size() == 1) return example.begin()->first;
  const auto first = example.begin();
  const auto second = std::next(first);
  return base::Fail(base::Code::kInvalid,
                    fmt::format("the nodes do not agree on a provider ({} and {}); name it in loadBalancer.provider",
                                first->second, second->second));
}

}  // namespace ingressfleet::plan
