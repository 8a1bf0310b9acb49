// Traefik 3.7, with its provider for Ingresses written for ingress-nginx: the one of its providers that obeys any controller
// string. Facts are from traefik/traefik@v3.7.12, where nothing else is said.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "kube/selector.h"
#include "plan/engine/parts.h"
#include "plan/names.h"
#include "plan/render/render.h"

namespace ingressfleet::plan {
namespace {

using kube::Json;

// The same numbers as our own engine's, so that a monitor of one finds the other.
constexpr int kMetricsPort = 8404;
constexpr int kAdminPort = 8405;

constexpr std::string_view kFolder = "/etc/traefik/dynamic";
constexpr const char* kDynamicFile = "dynamic.yml";
constexpr std::string_view kRangesVariable = "ALLOWED_SOURCE_RANGES";
// An access list needs a member (pkg/middlewares/ipallowlist), and no packet comes from there.
constexpr std::string_view kNobody = "0.0.0.0/32";

/// 3.6 understands a third of the annotations and other options; patches before 3.7.12 carry published vulnerabilities.
std::string Image(std::string_view, std::string_view version) {
  constexpr std::string_view kLine = "3.7.";
  constexpr int kOldestPatch = 12;
  int patch = 0;
  const char* const end = version.data() + version.size();
  if (!version.starts_with(kLine)) return {};
  const auto [rest, error] = std::from_chars(version.data() + kLine.size(), end, patch);
  if (error != std::errc() || rest != end || patch < kOldestPatch) return {};
  return fmt::format("docker.io/library/traefik:v{}", version);
}

// --- settings of the user ---

enum class Kind { kAccessLog, kAliases, kBoolean, kDuration, kLevel, kNumber };

struct Setting {
  std::string_view key;
  Kind kind;
  std::string_view option;  ///< with {} it is one of each entry point
};

// No snippets, no second class, no other provider: what is not here could open what the tier closes.
constexpr std::array kSettings{
    Setting{"accessLog", Kind::kAccessLog, "accesslog.format"},
    Setting{"aliasHeadersStrategy", Kind::kAliases, "entrypoints.{}.http.aliasheadersstrategy"},
    Setting{"idleTimeout", Kind::kDuration, "entrypoints.{}.transport.respondingtimeouts.idletimeout"},
    Setting{"keepAliveMaxRequests", Kind::kNumber, "entrypoints.{}.transport.keepalivemaxrequests"},
    Setting{"keepAliveMaxTime", Kind::kDuration, "entrypoints.{}.transport.keepalivemaxtime"},
    Setting{"logLevel", Kind::kLevel, "log.level"},
    Setting{"proxyBodySize", Kind::kNumber, "providers.kubernetesingressnginx.proxybodysize"},
    Setting{"proxyConnectTimeout", Kind::kNumber, "providers.kubernetesingressnginx.proxyconnecttimeout"},
    Setting{"proxyReadTimeout", Kind::kNumber, "providers.kubernetesingressnginx.proxyreadtimeout"},
    Setting{"proxySendTimeout", Kind::kNumber, "providers.kubernetesingressnginx.proxysendtimeout"},
    Setting{"readTimeout", Kind::kDuration, "entrypoints.{}.transport.respondingtimeouts.readtimeout"},
    Setting{"strictValidatePathType", Kind::kBoolean, "providers.kubernetesingressnginx.strictvalidatepathtype"},
    Setting{"writeTimeout", Kind::kDuration, "entrypoints.{}.transport.respondingtimeouts.writetimeout"},
};

const Setting* FindSetting(std::string_view key) {
  const auto* const found =
      std::find_if(kSettings.begin(), kSettings.end(), [&](const Setting& row) { return row.key == key; });
  return found == kSettings.end() ? nullptr : found;
}

bool IsNumber(std::string_view text) {
  constexpr std::size_t kMaxDigits = 12;
  return !text.empty() && text.size() <= kMaxDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsDuration(std::string_view text) {
  constexpr std::array<std::string_view, 4> kUnits{"ms", "s", "m", "h"};
  return std::any_of(kUnits.begin(), kUnits.end(), [&](std::string_view unit) {
    return text.ends_with(unit) && IsNumber(text.substr(0, text.size() - unit.size()));
  });
}

/// Empty when the value fits.
std::string_view BrokenRule(Kind kind, std::string_view value) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), value) != words.end();
  };
  switch (kind) {
    case Kind::kAccessLog: return is_one_of({"off", "json"}) ? "" : "must be one of: off, json";
    case Kind::kAliases: return is_one_of({"keep", "delete", "reject"}) ? "" : "must be one of: keep, delete, reject";
    case Kind::kBoolean: return is_one_of({"true", "false"}) ? "" : "must be one of: true, false";
    case Kind::kDuration: return IsDuration(value) ? "" : "must be a duration, e.g. 30s; 0s for none";
    case Kind::kLevel: return is_one_of({"DEBUG", "INFO", "WARN", "ERROR"}) ? "" : "must be one of: DEBUG, INFO, WARN, ERROR";
    case Kind::kNumber: return IsNumber(value) ? "" : "must be a whole number";
  }
  return "";
}

std::string UnknownSetting() {
  std::vector<std::string_view> keys;
  for (const Setting& row : kSettings) keys.push_back(row.key);
  return fmt::format("is not a setting of this engine; known: {}", fmt::join(keys, ", "));
}

void ValidateConfig(const kube::StringMap& config, const std::string& path, api::FieldErrors& errors) {
  for (const auto& [key, value] : config) {
    const Setting* const row = FindSetting(key);
    std::string rule(row == nullptr ? UnknownSetting() : BrokenRule(row->kind, value));
    if (rule.empty()) continue;
    errors.push_back({api::FieldError::Type::kInvalid, fmt::format("{}[{}]", path, key), Json(value).dump(), std::move(rule)});
  }
}

api::FieldErrors Validate(const api::Tier& tier, std::string_view fleet_ns, const std::string& path) {
  api::FieldErrors errors;
  ValidateConfig(tier.controller.config, path + ".controller.config", errors);
  const auto& certificate = tier.tls.default_certificate_ref;
  if (certificate && certificate->ns != fleet_ns) {
    errors.push_back({api::FieldError::Type::kInvalid, path + ".tls.defaultCertificateRef.namespace",
                      Json(certificate->ns).dump(),
                      fmt::format("Traefik reads this certificate from a file, and pods mount Secrets of their own namespace "
                                  "only; keep it in {}",
                                  fleet_ns)});
  }
  return errors;
}

std::vector<std::string> Notices(const ResolvedTier& tier) {
  std::vector<std::string> notices;
  if (tier.enforcement.proxy) {
    notices.push_back(fmt::format("Tier {}: an edit of access.allowedSourceRanges replaces Traefik's pods.", tier.name));
  }
  if (!tier.namespace_selector.is_null()) {
    notices.push_back(
        fmt::format("Tier {}: Traefik looks at the labels of namespaces when it starts; a namespace that gets or "
                    "loses them later is served as before until its pods are replaced.",
                    tier.name));
  }
  return notices;
}

// --- the file that Traefik re-reads ---

/// The first line, so that it can be exchanged by itself.
std::string AdmittedLine(const std::vector<std::string>& probe_sources) {
  std::string list;
  for (const std::string& address : probe_sources) list += fmt::format(" \"{}\"", address);
  return fmt::format("{{{{- $admitted := concat (splitList \",\" (env \"{}\")) (list{}) -}}}}\n", kRangesVariable, list);
}

// `access` stands before every HTTP router of both entry points, whatever an Ingress says; where it is missing or wrong, no
// router works. Connections that an Ingress has passed through undecrypted have no HTTP router: `refuse` outranks theirs.
//
// /ping answers before the first Ingress is known, and for ever while one right is missing. This service is in the provider's
// very first configuration, whatever the Ingresses are, so that Traefik's own API knows it from then on (pkg/provider/
// kubernetes/ingress-nginx/translator.go). No other path of the API is reachable.
constexpr std::string_view kDynamicConfiguration = R"(http:
  middlewares:
    access:
      ipAllowList:
        sourceRange:
{{- range $admitted }}
        - "{{ . }}"
{{- end }}
    provider-loaded:
      replacePath:
        path: /api/http/services/unavailable-service@kubernetesingressnginx
  routers:
    ready:
      entryPoints: [traefik]
      rule: Path(`/ready`)
      middlewares: [provider-loaded]
      service: api@internal
tcp:
  routers:
    refuse:
      entryPoints: [websecure]
      rule: "{{ range $i, $range := $admitted }}{{ if $i }} && {{ end }}!ClientIP(`{{ $range }}`){{ end }}"
      priority: 1000000000
      service: nobody
      tls:
        passthrough: true
  services:
    nobody:
      loadBalancer:
        servers: []
)";

constexpr std::string_view kDefaultCertificate = R"(tls:
  stores:
    default:
      defaultCertificate:
        certFile: /etc/traefik/dynamic/tls.crt
        keyFile: /etc/traefik/dynamic/tls.key
)";

kube::StringMap Settings(const api::Tier& tier) {
  kube::StringMap settings = tier.controller.config;
  settings[kDynamicFile] = fmt::format("{}{}{}", AdmittedLine({}), kDynamicConfiguration,
                                       tier.tls.default_certificate_ref ? kDefaultCertificate : "");
  return settings;
}

void AdmitProbes(const std::vector<std::string>& sources, kube::StringMap& settings) {
  std::string& file = settings[kDynamicFile];
  file.replace(0, file.find('\n') + 1, AdmittedLine(sources));
}

// --- the container ---

using Arguments = std::vector<std::string>;

constexpr std::array<std::string_view, 2> kPublicEntryPoints{"web", "websecure"};

void AddLifecycle(const ResolvedTier& tier, std::string_view entry_point, Arguments& args) {
  const std::string lifecycle = fmt::format("--entrypoints.{}.transport.lifecycle", entry_point);
  args.push_back(fmt::format("{}.requestacceptgracetimeout={}s", lifecycle, tier.pre_stop_delay_seconds));
  args.push_back(fmt::format("{}.gracetimeout={}s", lifecycle, tier.drain_seconds));
}

void AddPublicEntryPoint(const ResolvedTier& tier, std::string_view name, std::int64_t port, Arguments& args) {
  args.push_back(fmt::format("--entrypoints.{}.address=:{}", name, port));
  args.push_back(fmt::format("--entrypoints.{}.http.middlewares=access@file", name));
  if (tier.listeners.proxy_protocol) {
    args.push_back(fmt::format("--entrypoints.{}.proxyprotocol.trustedips={}", name, fmt::join(tier.trusted_proxies, ",")));
  }
  AddLifecycle(tier, name, args);
}

void AddProvider(const ResolvedTier& tier, Arguments& args) {
  const auto add = [&](std::string_view option, std::string_view value) {
    args.push_back(fmt::format("--providers.kubernetesingressnginx.{}={}", option, value));
  };
  add("controllerclass", tier.controller_value);
  // By name it is asked for in the old annotation only; the default would be ingress-nginx's.
  add("ingressclass", tier.class_name);
  add("ingressclassbyname", "false");
  add("watchingresswithoutclass", "false");
  add("httpentrypoint", "web");
  add("httpsentrypoint", "websecure");
  const auto selector = kube::LabelSelector::Parse(tier.namespace_selector);
  if (selector && !selector->MatchesEverything()) add("watchnamespaceselector", selector->ToString());
}

/// What the user may set and has not, where Traefik's own default does not do.
kube::StringMap WithDefaults(const ResolvedTier& tier) {
  kube::StringMap settings = tier.controller.settings;
  settings.try_emplace("logLevel", "INFO");
  // X_Forwarded_For reaches many applications under the name of X-Forwarded-For; ingress-nginx drops such headers too.
  settings.try_emplace("aliasHeadersStrategy", "delete");
  // Between the end of traffic and the end of the process, every connection in use is told to move on with its next answer.
  settings.try_emplace("keepAliveMaxTime", fmt::format("{}s", tier.pre_stop_delay_seconds));
  return settings;
}

void AddSetting(const Setting& row, std::string_view value, Arguments& args) {
  if (row.kind == Kind::kAccessLog && value == "off") return;
  if (row.option.find("{}") == std::string_view::npos) {
    args.push_back(fmt::format("--{}={}", row.option, value));
    return;
  }
  for (const std::string_view name : kPublicEntryPoints) {
    args.push_back(fmt::format("--{}={}", fmt::format(fmt::runtime(row.option), name), value));
  }
}

Arguments MakeArguments(const ResolvedTier& tier) {
  Arguments args{
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--log.format=json",
      "--ping=true",
      "--api=true",
      "--api.dashboard=false",
      "--metrics.prometheus.entrypoint=metrics",
      fmt::format("--entrypoints.metrics.address=:{}", kMetricsPort),
      fmt::format("--entrypoints.traefik.address=:{}", kAdminPort),
  };
  AddLifecycle(tier, "traefik", args);
  AddPublicEntryPoint(tier, "web", tier.listeners.http_port, args);
  AddPublicEntryPoint(tier, "websecure", tier.listeners.https_port, args);
  args.emplace_back("--entrypoints.websecure.http.tls=true");
  args.push_back(fmt::format("--providers.file.directory={}", kFolder));
  AddProvider(tier, args);
  for (const auto& [key, value] : WithDefaults(tier)) {
    if (const Setting* const row = FindSetting(key)) AddSetting(*row, value, args);
  }
  return args;
}

std::string RangesText(const ResolvedTier& tier) {
  const std::vector<std::string> ranges = ProxyRanges(tier);
  return ranges.empty() ? std::string(kNobody) : fmt::format("{}", fmt::join(ranges, ","));
}

std::vector<std::string> FixedRanges(const Json& container) {
  std::vector<std::string> ranges;
  for (const Json& variable : kube::ListOf(container, "env")) {
    if (kube::TextOf(variable, "name") != kRangesVariable) continue;
    std::istringstream text{std::string(kube::TextOf(variable, "value"))};
    for (std::string range; std::getline(text, range, ',');) {
      if (range != kNobody) ranges.push_back(range);
    }
  }
  return ranges;
}

/// One folder for both, because only a change in the folder makes Traefik read the certificate again.
Json DynamicVolume(const ResolvedTier& tier, Slot slot) {
  const auto same = [](const char* name) { return Json{{"key", name}, {"path", name}}; };
  Json sources = {{{"configMap", {{"name", SlotObjectName(tier, slot)}, {"items", {same(kDynamicFile)}}}}}};
  if (!tier.default_certificate.empty()) {
    const std::string name = tier.default_certificate.substr(tier.default_certificate.find('/') + 1);
    // A certificate that is not there yet must not keep a proxy from starting.
    sources.push_back({{"secret", {{"name", name}, {"items", {same("tls.crt"), same("tls.key")}}, {"optional", true}}}});
  }
  return {{"name", "dynamic"}, {"projected", {{"sources", std::move(sources)}, {"defaultMode", 420}}}};
}

ContainerShape Container(const ResolvedTier& tier, Slot slot) {
  ContainerShape shape;
  shape.args = MakeArguments(tier);
  // In the template and not in a ConfigMap, so that no pod of a revision can hold another list than the revision's.
  shape.env = {{{"name", kRangesVariable}, {"value", RangesText(tier)}}};
  shape.volume_mounts = {{{"name", "dynamic"}, {"mountPath", kFolder}, {"readOnly", true}},
                         {{"name", "tmp"}, {"mountPath", "/tmp"}}};
  shape.volumes = {DynamicVolume(tier, slot), {{"name", "tmp"}, {"emptyDir", Json::object()}}};
  AddAdminPorts(kMetricsPort, kAdminPort, shape);
  AddHealthProbes("/ready", "/ping", shape);
  return shape;
}

// --- rights ---

/// All of them, or Traefik waits for ever: pkg/provider/kubernetes/ingress-nginx/client.go.
Json ClusterRules(const ResolvedTier& tier) {
  Json rules{
      RoleRule({""}, {"services", "secrets", "configmaps"}, {"list", "watch"}),
      RoleRule({"discovery.k8s.io"}, {"endpointslices"}, {"list", "watch"}),
      RoleRule({"networking.k8s.io"}, {"ingresses", "ingressclasses"}, {"list", "watch"}),
  };
  if (!tier.namespace_selector.is_null()) rules.push_back(RoleRule({""}, {"namespaces"}, {"list"}));
  return rules;
}

Json NamespaceRules(const ResolvedTier&) { return Json::array(); }

}  // namespace

extern const Engine kTraefikEngine{
    .engine = api::Engine::kTraefik,
    .name = "Traefik",
    .any_controller_string = true,
    .fixed_controller_string = "",
    // The image's binary may not bind below 1024 without being root.
    .supports_host_network = false,
    .supports_proxy_protocol = true,
    .probes_claim_addresses = false,
    .own_certificate = "TRAEFIK DEFAULT CERT",  // pkg/tls/generate/generate.go
    .image = Image,
    .validate = Validate,
    .notices = Notices,
    .settings = Settings,
    .admit_probes = AdmitProbes,
    .container = Container,
    .fixed_ranges = FixedRanges,
    .cluster_rules = ClusterRules,
    .namespace_rules = NamespaceRules,
};

}  // namespace ingressfleet::plan
