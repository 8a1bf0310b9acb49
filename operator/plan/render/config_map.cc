// The three ConfigMaps of a tier: what is live (both slots read it), a slot's settings (part of the revision), and where a
// slot's pods report what they have in force.

#include <fmt/format.h>

#include "base/hash.h"
#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

void AddHosts(const std::vector<std::string>& addresses, std::vector<std::string>& ranges) {
  for (const std::string& address : addresses)
    ranges.push_back(address + (address.find(':') == std::string::npos ? "/32" : "/128"));
}

kube::Json LiveData(const ResolvedTier& tier) {
  std::vector<std::string> ranges = ProxyRanges(tier);
  if (!tier.probes_claim) AddHosts(tier.probe_sources, ranges);
  kube::Json data{{"allowedSourceRanges", fmt::format("{}", fmt::join(ranges, "\n"))},
                  {"trustedProxies", fmt::format("{}", fmt::join(tier.trusted_proxies, "\n"))},
                  {"defaultCertificate", tier.default_certificate},
                  {"namespaceSelector", tier.namespace_selector.is_null() ? "" : tier.namespace_selector.dump()}};
  if (tier.probes_claim && !tier.probe_sources.empty())
    data["probeSources"] = fmt::format("{}", fmt::join(tier.probe_sources, "\n"));
  return data;
}

}  // namespace

// A tier whose access list is not held by the proxy still gets one: everyone, written down.
std::vector<std::string> ProxyRanges(const ResolvedTier& tier) {
  return tier.enforcement.proxy ? tier.allowed_source_ranges : std::vector<std::string>{"0.0.0.0/0", "::/0"};
}

std::string LiveHash(const ResolvedTier& tier) { return base::ShortHash(LiveData(tier).dump()); }

kube::Object RenderLiveConfig(const ResolvedTier& tier) {
  kube::Object config = TierObject(kube::kConfigMap, tier, LiveConfigName(tier));
  config.body()["data"] = LiveData(tier);
  config.body()["data"]["hash"] = LiveHash(tier);
  return config;
}

kube::Object RenderSettings(const ResolvedTier& tier, Slot slot, const RevisionBody& body) {
  kube::Object config = SlotObject(kube::kConfigMap, tier, slot, SlotObjectName(tier, slot));
  kube::StringMap settings = body.slot(slot).settings;
  const Engine* engine = FindEngine(body.engine);
  const bool admits = engine != nullptr && engine->admit_probes != nullptr && !tier.probe_sources.empty();
  if (admits) engine->admit_probes(tier.probe_sources, settings);
  config.body()["data"] = std::move(settings);
  return config;
}

kube::Object RenderStatusConfig(const ResolvedTier& tier, Slot slot) {
  return SlotObject(kube::kConfigMap, tier, slot, StatusConfigName(tier, slot));
}

}  // namespace ingressfleet::plan
