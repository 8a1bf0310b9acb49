// What the entry Service looks like: provider × scope × variation, in tests/golden/balancer.

#include "support/golden.h"

#include "unit/plan/balancer/cases.h"

namespace ingressfleet::plan {
namespace {

using api::Provider;

struct Variation {
  const char* name;
  std::function<void(BalancerRequest&)> edit;
};

kube::Json ToJson(const EntryService& entry) {
  return {{"type", entry.type},
          {"annotations", entry.annotations},
          {"loadBalancerSourceRanges", entry.source_ranges},
          {"loadBalancerClass", entry.load_balancer_class},
          {"addresses", entry.addresses},
          {"allocateLoadBalancerNodePorts", entry.allocate_node_ports},
          {"externalTrafficPolicy", entry.external_traffic_policy}};
}

kube::Json Answer(const Balancer& balancer, const BalancerRequest& request) {
  kube::Json answer{{"entry", ToJson(balancer.entry(request))}};
  const SourceRangeSupport support = balancer.source_ranges(request);
  if (!support.enforced) answer["gap"] = support.gap;
  for (const auto& error : balancer.validate(request, kPath)) answer["errors"].push_back(error.ToString());
  for (const auto& notice : balancer.notices(request)) answer["notices"].push_back(notice);
  return answer;
}

std::vector<Variation> Common() {
  return {
      {"plain", [](auto&) {}},
      {"everybody",
       [](auto& r) {
         r.source_ranges = {"0.0.0.0/0", "::/0"};
       }},
      {"everybody-ipv4", [](auto& r) { r.source_ranges = {"0.0.0.0/0"}; }},
      {"nobody", [](auto& r) { r.source_ranges = {}; }},
      {"ipv6-only", [](auto& r) { r.source_ranges = {"2001:db8::/32"}; }},
      {"not-enforced", [](auto& r) { r.enforce_source_ranges = false; }},
      {"proxy-protocol", [](auto& r) { r.proxy_protocol = true; }},
      {"cluster-policy", [](auto& r) { r.external_traffic_policy = api::ExternalTrafficPolicy::kCluster; }},
      {"address", [](auto& r) { r.addresses = {"10.0.0.10"}; }},
      {"foreign-class", [](auto& r) { r.load_balancer_class = "example.com/other"; }},
  };
}

std::function<void(BalancerRequest&)> Annotated(const std::string& key, const std::string& value) {
  return [=](BalancerRequest& request) { request.annotations[key] = value; };
}

std::function<void(BalancerRequest&)> Classed(const std::string& name) {
  return [=](BalancerRequest& request) { request.load_balancer_class = name; };
}

std::vector<Variation> Own(Provider provider) {
  switch (provider) {
    case Provider::kAWS:
      return {{"lbc", Classed("service.k8s.aws/nlb")},
              {"auto-mode", Classed("eks.amazonaws.com/nlb")},
              {"classic", Annotated(Aws("type"), "clb")},
              {"ip-targets", Annotated(Aws("nlb-target-type"), "ip")},
              {"own-security-groups", Annotated(Aws("security-groups"), "sg-1")},
              {"elastic-ips", [](auto& r) {
                 r.addresses = {"eipalloc-1", "eipalloc-2"};
               }}};
    case Provider::kGCP:
      return {{"class-internal", Classed("networking.gke.io/l4-regional-internal")},
              {"class-external", Classed("networking.gke.io/l4-regional-external")},
              {"backend-services", Annotated("cloud.google.com/l4-rbs", "enabled")}};
    case Provider::kAzure:
      return {{"no-floating-ip", Annotated(Azure("disable-load-balancer-floating-ip"), "true")},
              {"service-tags", Annotated(Azure("allowed-service-tags"), "AzureFrontDoor.Backend")},
              {"half-open", [](auto& r) {
                 r.source_ranges = {"10.0.0.0/8", "::/0"};
               }}};
    case Provider::kMetalLB: return {{"pool", Annotated("metallb.io/address-pool", "private")}};
    case Provider::kGeneric:
    case Provider::kAuto:
      return {{"annotated", Annotated("example.com/internal", "true")},
              {"openstack", Annotated("service.beta.kubernetes.io/openstack-internal-load-balancer", "true")}};
  }
  return {};
}

class GoldenTest : public testing::TestWithParam<const Balancer*> {};

TEST_P(GoldenTest, EntryService) {
  const Balancer& balancer = *GetParam();
  kube::Json answers = kube::Json::object();
  std::vector<Variation> variations = Common();
  std::ranges::move(Own(balancer.provider), std::back_inserter(variations));
  for (const Variation& variation : variations) {
    answers[std::string("Internal ") + variation.name] = Answer(balancer, With(Internal(), variation.edit));
    answers[std::string("External ") + variation.name] = Answer(balancer, With(External(), variation.edit));
  }
  std::string file(balancer.name);
  std::transform(file.begin(), file.end(), file.begin(), [](unsigned char c) { return std::tolower(c); });
  support::ExpectGolden("tests/golden/balancer/" + file + ".json", answers.dump(2) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Providers, GoldenTest, testing::ValuesIn(AllBalancers().begin(), AllBalancers().end()),
                         [](const auto& row) { return std::string(row.param->name); });

}  // namespace
}  // namespace ingressfleet::plan
