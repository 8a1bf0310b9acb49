// AWS. Three controllers read the same annotation prefix, and from a Service alone nobody can tell which one will
// answer: the cloud controller manager ("CCM", takes Services without a class), the AWS Load Balancer Controller
// ("LBC", takes its class or type external; its webhook puts that class on every new class-less Service), and EKS Auto
// Mode (its class is the cluster's default). So what we write must mean the same to all three.
//
// * Scope: both markers. The CCM knows only "internal" and makes public balancers without it; LBC goes by "scheme".
// * Without a class we write type "nlb". The CCM then makes a Network instead of a Classic Load Balancer: it keeps the
//   client's address, without which the proxy's access list would only ever see the balancer; LBC and Auto Mode look at
//   the class that they put there and ignore this type; and no combination leaves the Service with two owners or none
//   ("external" would have none where LBC is not installed).
// * Instance targets, which is what CCM and LBC do anyway and Auto Mode does not: the client's address is kept.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "plan/balancer/parts.h"

namespace ingressfleet::plan {
namespace {

#define AWS_KEY(name) "service.beta.kubernetes.io/aws-load-balancer-" name

constexpr std::string_view kLbc = "kubernetes-sigs/aws-load-balancer-controller docs/guide/service/annotations.md";
constexpr std::string_view kLbcGroups = "kubernetes-sigs/aws-load-balancer-controller pkg/service/model_build_managed_sg.go";
constexpr std::string_view kCcm = "kubernetes/cloud-provider-aws docs/service_controller.md";
constexpr std::string_view kCcmSource = "kubernetes/cloud-provider-aws pkg/providers/v1/aws.go";
constexpr std::string_view kCcmGroups = "kubernetes/cloud-provider-aws docs/nlb_security_groups.md";
constexpr std::string_view kCcmAttributes = "kubernetes/cloud-provider-aws pkg/providers/v1/aws_validations.go";

constexpr std::string_view kType = AWS_KEY("type");
constexpr std::string_view kTargetType = AWS_KEY("nlb-target-type");
constexpr std::string_view kTargetGroupAttributes = AWS_KEY("target-group-attributes");
constexpr std::string_view kProxyProtocol = AWS_KEY("proxy-protocol");
constexpr std::string_view kProxyProtocolPerTarget = AWS_KEY("proxy-protocol-per-target-group");
constexpr std::string_view kHealthCheckProtocol = AWS_KEY("healthcheck-protocol");
constexpr std::string_view kHealthCheckPort = AWS_KEY("healthcheck-port");
constexpr std::string_view kIpAddressType = AWS_KEY("ip-address-type");
constexpr std::string_view kElasticIps = AWS_KEY("eip-allocations");
constexpr std::string_view kPrivateAddresses = AWS_KEY("private-ipv4-addresses");
constexpr std::string_view kSecurityGroups = AWS_KEY("security-groups");
constexpr std::string_view kExtraSecurityGroups = AWS_KEY("extra-security-groups");
constexpr std::string_view kPrefixLists = AWS_KEY("security-group-prefix-lists");
constexpr std::string_view kNoSecurityGroup = AWS_KEY("disable-nlb-sg");
constexpr std::string_view kPrivateLinkRules = AWS_KEY("inbound-sg-rules-on-private-link-traffic");
constexpr std::string_view kCertificate = AWS_KEY("ssl-cert");
constexpr std::string_view kBackendProtocol = AWS_KEY("backend-protocol");

constexpr std::string_view kPreserveClient = "preserve_client_ip.enabled";
constexpr std::string_view kProxyV2 = "proxy_protocol_v2.enabled";
constexpr std::string_view kElasticIpPrefix = "eipalloc-";

constexpr std::array kMarkers{
    ScopeMarker{AWS_KEY("scheme"), "internal", "internet-facing", true, true, kLbc},
    // Only for Internal: LBC takes it as an alias of scheme, so next to internet-facing it would be a contradiction.
    ScopeMarker{AWS_KEY("internal"), "true", "false", true, false, kCcmSource},
};

constexpr std::array kFacts{
    AnnotationFact{kType, Mutability::kError,
                   "decides which controller owns the Service; before CCM 1.35 an edit left the old balancer behind", kCcm},
    AnnotationFact{AWS_KEY("scheme"), Mutability::kMovesAddress,
                   "LBC deletes the balancer first, even a protected one; unknown to the CCM", kLbc},
    AnnotationFact{AWS_KEY("internal"), Mutability::kCreationOnly, "the CCM's marker; without it the balancer is public", kCcm},
    AnnotationFact{AWS_KEY("name"), Mutability::kCreationOnly, "LBC", kLbc},
    AnnotationFact{kTargetType, Mutability::kReplacesPart, "LBC; a new target group, targets take minutes", kLbc},
    AnnotationFact{AWS_KEY("subnets"), Mutability::kCreationOnly,
                   "LBC adds zones in place; a zone that is taken away drops its connections", kLbc},
    AnnotationFact{kElasticIps, Mutability::kCreationOnly, "one per subnet; External only", kLbc},
    AnnotationFact{kPrivateAddresses, Mutability::kCreationOnly, "one per subnet; Internal only; CCM from 1.35", kLbc},
    AnnotationFact{kIpAddressType, Mutability::kLive, "LBC; IPv6 ranges need dualstack", kLbc},
    AnnotationFact{kProxyProtocol, Mutability::kLive, "version 1 on a Classic Load Balancer, else 2", kLbc},
    AnnotationFact{kProxyProtocolPerTarget, Mutability::kLive, "LBC", kLbc},
    AnnotationFact{kTargetGroupAttributes, Mutability::kLive,
                   "the CCM knows preserve_client_ip.enabled and proxy_protocol_v2.enabled, from 1.34; an error on a Classic "
                   "Load Balancer",
                   kCcmAttributes},
    AnnotationFact{AWS_KEY("listener-attributes.TCP-443"), Mutability::kLive,
                   "LBC: tcp.idle_timeout.seconds=60..6000, else 350", kLbc},
    AnnotationFact{AWS_KEY("attributes"), Mutability::kLive,
                   "LBC; a key that is taken away is not reset; deletion_protection.enabled blocks the Service's deletion",
                   kLbc},
    AnnotationFact{kSecurityGroups, Mutability::kLive,
                   "your own groups: LBC then ignores source ranges; needs manage-backend-security-group-rules", kLbc},
    AnnotationFact{AWS_KEY("manage-backend-security-group-rules"), Mutability::kLive,
                   "with your own groups it must be true, or the nodes stay closed", kLbc},
    AnnotationFact{kExtraSecurityGroups, Mutability::kLive, "CCM, Classic Load Balancer: added to the managed group", kCcm},
    AnnotationFact{kPrefixLists, Mutability::kLive, "LBC: opened beside the source ranges", kLbc},
    AnnotationFact{kNoSecurityGroup, Mutability::kCreationOnly, "LBC; a balancer born without a security group never gets one",
                   kLbc},
    AnnotationFact{kPrivateLinkRules, Mutability::kLive, "LBC; off lets PrivateLink clients past the source ranges", kLbc},
    AnnotationFact{kHealthCheckProtocol, Mutability::kReplacesPart, "a new target group on the CCM's NLB", kCcm},
    AnnotationFact{kHealthCheckPort, Mutability::kLive, "traffic-port or a number", kLbc},
    AnnotationFact{AWS_KEY("healthcheck-path"), Mutability::kLive, "", kLbc},
    AnnotationFact{AWS_KEY("healthcheck-interval"), Mutability::kReplacesPart, "a new target group on the CCM's NLB", kCcm},
    AnnotationFact{AWS_KEY("healthcheck-timeout"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("healthcheck-healthy-threshold"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("healthcheck-unhealthy-threshold"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("healthcheck-success-codes"), Mutability::kLive, "LBC", kLbc},
    AnnotationFact{AWS_KEY("cross-zone-load-balancing-enabled"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("connection-idle-timeout"), Mutability::kLive,
                   "Classic Load Balancer, 60 s; engine timeouts must be shorter", kCcm},
    AnnotationFact{AWS_KEY("connection-draining-enabled"), Mutability::kLive, "Classic Load Balancer", kCcm},
    AnnotationFact{AWS_KEY("connection-draining-timeout"), Mutability::kLive, "Classic Load Balancer", kCcm},
    AnnotationFact{kCertificate, Mutability::kLive, "TLS would end at the balancer, and the engine's HTTPS port expects TLS",
                   kLbc},
    AnnotationFact{AWS_KEY("ssl-ports"), Mutability::kLive, "not set = all ports, also 80", kLbc},
    AnnotationFact{AWS_KEY("ssl-negotiation-policy"), Mutability::kLive, "", kLbc},
    AnnotationFact{AWS_KEY("alpn-policy"), Mutability::kLive, "LBC", kLbc},
    AnnotationFact{kBackendProtocol, Mutability::kReplacesPart, "ssl = the balancer speaks TLS to the engine", kLbc},
    AnnotationFact{AWS_KEY("access-log-enabled"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("access-log-s3-bucket-name"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("access-log-s3-bucket-prefix"), Mutability::kLive, "", kCcm},
    AnnotationFact{AWS_KEY("access-log-emit-interval"), Mutability::kLive, "CCM", kCcm},
    AnnotationFact{AWS_KEY("additional-resource-tags"), Mutability::kLive, "", kLbc},
    AnnotationFact{AWS_KEY("target-node-labels"), Mutability::kLive, "instance targets", kLbc},
};

/// Who will read the annotations, as far as the request tells.
enum class Kind { kClassic, kNetwork, kControllerNetwork, kForeign };

/// The type that we would write: IP targets are known to LBC alone, and external is how it is asked for without its
/// class.
std::string_view DefaultType(const BalancerRequest& request) {
  return AnnotationOf(request, kTargetType) == "ip" ? "external" : "nlb";
}

Kind KindOf(const BalancerRequest& request) {
  if (HasForeignClass(request, api::Provider::kAWS)) return Kind::kForeign;
  if (!request.load_balancer_class.empty()) return Kind::kControllerNetwork;
  const std::string_view type = HasAnnotation(request, kType) ? AnnotationOf(request, kType) : DefaultType(request);
  if (type == "external" || type == "nlb-ip") return Kind::kControllerNetwork;
  return type == "nlb" ? Kind::kNetwork : Kind::kClassic;
}

bool IsNetwork(Kind kind) { return kind == Kind::kNetwork || kind == Kind::kControllerNetwork; }

/// Whether the balancer sends to pods instead of node ports. The CCM never does, whatever it is told.
bool HasIpTargets(const BalancerRequest& request) {
  if (KindOf(request) != Kind::kControllerNetwork) return false;
  return AnnotationOf(request, kType) == "nlb-ip" || AnnotationOf(request, kTargetType) == "ip";
}

std::string_view UserAttribute(const BalancerRequest& request, std::string_view attribute) {
  return AttributeOf(AnnotationOf(request, kTargetGroupAttributes), attribute);
}

bool KeepsClientAddress(const BalancerRequest& request) {
  const std::string_view said = UserAttribute(request, kPreserveClient);
  return said.empty() ? !request.proxy_protocol : said == "true";
}

enum Case : std::size_t {
  kCaseForeign,
  kCaseOwnGroups,
  kCaseNoGroup,
  kCasePrefixLists,
  kCasePrivateLink,
  kCaseClassicExtra,
  kCaseClassic,
  kCaseNodeGroupHidden,
  kCaseNodeGroup,
  kCaseController,
};

constexpr std::array kCases{
    SourceRangeSupport{false,
                       "the loadBalancerClass is of no AWS controller that we know, so nothing says that source ranges are "
                       "enforced; use service.k8s.aws/nlb, or rely on the proxy's access list",
                       kLbc, "a loadBalancerClass of somebody else"},
    SourceRangeSupport{false,
                       "with security groups of your own the AWS Load Balancer Controller ignores source ranges; write them "
                       "into those groups, or leave aws-load-balancer-security-groups out",
                       kLbc, "security-groups"},
    SourceRangeSupport{false,
                       "a balancer without a security group has nothing to enforce source ranges with, and cannot get one "
                       "later; leave aws-load-balancer-disable-nlb-sg out and let the balancer be created again",
                       kLbc, "disable-nlb-sg: true"},
    SourceRangeSupport{false,
                       "the prefix lists are let in beside access.allowedSourceRanges; leave "
                       "aws-load-balancer-security-group-prefix-lists out and name the ranges",
                       kLbc, "security-group-prefix-lists"},
    SourceRangeSupport{false,
                       "PrivateLink clients are let past the source ranges; set "
                       "aws-load-balancer-inbound-sg-rules-on-private-link-traffic to on",
                       kLbc, "inbound-sg-rules-on-private-link-traffic: off"},
    SourceRangeSupport{false,
                       "the extra security groups may let in more than access.allowedSourceRanges; leave "
                       "aws-load-balancer-extra-security-groups out",
                       kCcm, "Classic Load Balancer with extra-security-groups"},
    SourceRangeSupport{true, "", kCcmSource, "Classic Load Balancer: the group that the CCM manages; IPv4 only"},
    SourceRangeSupport{false,
                       "without a class the ranges become rules of the nodes' security group, which see the balancer's address "
                       "when the client's is not preserved (as with protocol PROXY); use loadBalancerClass "
                       "service.k8s.aws/nlb, whose balancers have a group of their own",
                       kCcmGroups, "no class, NLB, and the client's address is not preserved"},
    SourceRangeSupport{true, "", kCcmGroups,
                       "no class, NLB: rules of the nodes' security group, or of the balancer's own with "
                       "NLBSecurityGroupMode=Managed or LBC; IPv4 only"},
    SourceRangeSupport{true, "", kLbcGroups, "LBC or EKS Auto Mode: the balancer's own security group"},
};

Case CaseOf(const BalancerRequest& request) {
  const Kind kind = KindOf(request);
  if (kind == Kind::kForeign) return kCaseForeign;
  if (HasAnnotation(request, kSecurityGroups)) return kCaseOwnGroups;
  if (kind == Kind::kClassic) return HasAnnotation(request, kExtraSecurityGroups) ? kCaseClassicExtra : kCaseClassic;
  // Anything but a clear "false" counts: the class may be put on a class-less Service by LBC's webhook.
  if (HasAnnotation(request, kNoSecurityGroup) && AnnotationOf(request, kNoSecurityGroup) != "false") return kCaseNoGroup;
  if (HasAnnotation(request, kPrefixLists)) return kCasePrefixLists;
  if (HasAnnotation(request, kPrivateLinkRules) && AnnotationOf(request, kPrivateLinkRules) != "on") return kCasePrivateLink;
  if (kind == Kind::kControllerNetwork) return kCaseController;
  return KeepsClientAddress(request) ? kCaseNodeGroup : kCaseNodeGroupHidden;
}

SourceRangeSupport SourceRanges(const BalancerRequest& request) { return kCases[CaseOf(request)]; }

/// The user's attributes, with ours behind them where they say nothing.
std::string TargetGroupAttributes(const BalancerRequest& request) {
  std::string attributes(AnnotationOf(request, kTargetGroupAttributes));
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!AttributeOf(attributes, name).empty()) return;
    attributes += fmt::format("{}{}={}", attributes.empty() ? "" : ",", name, value);
  };
  if (request.proxy_protocol) {
    // Off: a PROXY header is believed by its sender's address, which must then be the balancer's and not the client's.
    add(kPreserveClient, "false");
    add(kProxyV2, "true");
  } else if (HasIpTargets(request)) {
    // On: IP targets hide the client by default, and the proxy's access list needs it.
    add(kPreserveClient, "true");
  }
  return attributes;
}

kube::StringMap NetworkDefaults(const BalancerRequest& request) {
  kube::StringMap defaults{{std::string(kTargetType), HasIpTargets(request) ? "ip" : "instance"}};
  if (request.load_balancer_class.empty()) defaults.emplace(kType, DefaultType(request));
  if (request.proxy_protocol) {
    if (!HasAnnotation(request, kProxyProtocolPerTarget)) defaults.emplace(kProxyProtocol, "*");
    // The health check carries the PROXY header too, and the health check node port answers it with 400: all targets
    // would be bad under policy Local. The traffic port understands the header, and is closed on nodes without pods.
    // https://github.com/cilium/cilium/issues/26274 https://github.com/haproxytech/kubernetes-ingress/issues/463
    defaults.emplace(kHealthCheckProtocol, "TCP");
    defaults.emplace(kHealthCheckPort, "traffic-port");
  }
  return defaults;
}

kube::StringMap Defaults(const BalancerRequest& request) {
  const Kind kind = KindOf(request);
  if (IsNetwork(kind)) return NetworkDefaults(request);
  if (kind == Kind::kClassic && request.proxy_protocol) return {{std::string(kProxyProtocol), "*"}};
  return {};
}

EntryService Entry(const BalancerRequest& request) {
  const Kind kind = KindOf(request);
  const bool dual = kind == Kind::kForeign || AnnotationOf(request, kIpAddressType) == "dualstack";
  EntryService entry = EntryOf(request, kMarkers, Defaults(request), dual ? RangeFamilies::kListed : RangeFamilies::kIPv4);
  if (IsNetwork(kind)) {
    const std::string attributes = TargetGroupAttributes(request);
    if (!attributes.empty()) entry.annotations[std::string(kTargetGroupAttributes)] = attributes;
  }
  // spec.loadBalancerIP is an error at AWS: addresses are named by annotation, Elastic IPs by allocation ID.
  if (!request.addresses.empty()) {
    const std::string_view key = request.scope == api::Scope::kInternal ? kPrivateAddresses : kElasticIps;
    entry.annotations.try_emplace(std::string(key), fmt::format("{}", fmt::join(request.addresses, ",")));
  }
  entry.allocate_node_ports = !HasIpTargets(request);
  return entry;
}

void CheckAwsAddresses(const BalancerRequest& request, RequestChecker& checker) {
  const bool internal = request.scope == api::Scope::kInternal;
  if (!request.addresses.empty() && KindOf(request) == Kind::kClassic) {
    checker.Forbidden("addresses", "a Classic Load Balancer has no fixed addresses; use a Network Load Balancer (type nlb)");
  }
  for (std::size_t i = 0; i < request.addresses.size(); ++i) {
    const std::string& address = request.addresses[i];
    const std::string member = fmt::format("addresses[{}]", i);
    if (internal && IpFamilyOf(address) != 4) {
      checker.Invalid(member, address, "must be a private IPv4 address, one for each subnet");
    }
    if (!internal && !address.starts_with(kElasticIpPrefix)) {
      checker.Invalid(member, address, "must be the allocation ID of an Elastic IP (eipalloc-…), one for each subnet");
    }
  }
  const std::string_view key = internal ? kPrivateAddresses : kElasticIps;
  if (!request.addresses.empty() && HasAnnotation(request, key)) {
    checker.InvalidAnnotation(key, "names addresses beside loadBalancer.addresses; keep one of the two");
  }
  const std::string_view other = internal ? kElasticIps : kPrivateAddresses;
  if (HasAnnotation(request, other)) {
    checker.InvalidAnnotation(other, internal ? "Elastic IPs are public and contradict scope Internal; leave it out"
                                              : "private addresses contradict scope External; leave it out");
  }
}

void CheckProxyProtocol(const BalancerRequest& request, RequestChecker& checker) {
  const std::string_view v2 = UserAttribute(request, kProxyV2);
  if (request.proxy_protocol) {
    if (!v2.empty() && v2 != "true") {
      checker.InvalidAnnotation(kTargetGroupAttributes,
                                "switches the PROXY header off, which publishing.protocol PROXY asks for; leave "
                                "proxy_protocol_v2.enabled out");
    }
    return;
  }
  constexpr std::string_view kRemedy =
      "makes the balancer send PROXY headers that the engine does not expect; set "
      "publishing.protocol to PROXY";
  if (v2 == "true") checker.InvalidAnnotation(kTargetGroupAttributes, std::string(kRemedy));
  for (const std::string_view key : {kProxyProtocol, kProxyProtocolPerTarget}) {
    if (HasAnnotation(request, key)) checker.InvalidAnnotation(key, std::string(kRemedy));
  }
}

api::FieldErrors Validate(const BalancerRequest& request, const std::string& path) {
  RequestChecker checker(request, path);
  checker.CheckAccessListIsOurs();
  checker.CheckMarkers(kMarkers);
  checker.CheckClass(api::Provider::kAWS);
  CheckAwsAddresses(request, checker);
  CheckProxyProtocol(request, checker);
  if (KindOf(request) == Kind::kClassic && HasAnnotation(request, kTargetGroupAttributes)) {
    checker.InvalidAnnotation(kTargetGroupAttributes, "is refused on a Classic Load Balancer; leave it out or use type nlb");
  }
  return checker.Take();
}

std::vector<std::string> Notices(const BalancerRequest& request) {
  std::vector<std::string> notices;
  const Kind kind = KindOf(request);
  if (HasIpTargets(request)) {
    if (!request.proxy_protocol && !KeepsClientAddress(request)) {
      notices.emplace_back(
          "IP targets without preserve_client_ip.enabled=true show the proxy the balancer's address, so its "
          "access list and the access log see no clients; set it, or use protocol PROXY.");
    }
  } else {
    notices = CommonNotices(request);
  }
  if (kind == Kind::kClassic && !request.proxy_protocol) {
    notices.emplace_back(
        "A Classic Load Balancer hides the client's address, so the proxy's access list and the access log "
        "see the balancer; use protocol PROXY, or a Network Load Balancer (type nlb).");
  }
  if (kind == Kind::kForeign && request.proxy_protocol) notices.push_back(NoProxyProtocolNotice("This loadBalancerClass"));
  if (HasAnnotation(request, kCertificate) && AnnotationOf(request, kBackendProtocol) != "ssl") {
    notices.emplace_back(
        "With ssl-cert the balancer ends TLS and sends plain text to the engine's HTTPS port, which expects "
        "TLS: set backend-protocol to ssl, and ssl-ports to 443, or port 80 becomes a TLS port too.");
  }
  return notices;
}

}  // namespace

extern const Balancer kAwsBalancer{
    .provider = api::Provider::kAWS,
    .name = "AWS",
    .provider_id_prefix = "aws://",
    .markers = kMarkers,
    .annotations = kFacts,
    .source_range_cases = kCases,
    .needs_node_ports = true,  // instance targets are node ports
    // CCM's NLB: TCP every 30 s, three times; with policy Local, and with LBC, 20 to 30 s. kCcmSource
    .detection_seconds = 90,
    // Three to five minutes: https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1834
    .registration_seconds = 300,
    // The CCM ignores a change, LBC replaces the balancer: the harder of the two.
    .scope_mutability = Mutability::kMovesAddress,
    .source_ranges = SourceRanges,
    .entry = Entry,
    .validate = Validate,
    .notices = Notices,
};

}  // namespace ingressfleet::plan
