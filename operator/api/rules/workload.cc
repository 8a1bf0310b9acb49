// Rules about the pods of a tier and its certificate.

#include <array>

#include "api/formats.h"
#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

constexpr std::int64_t kMaxReplicas = 1000;
constexpr std::int64_t kMaxShutdownSeconds = 3600;

void ReplicasInRange(const TierAt& at, FieldErrors& errors) {
  const auto& replicas = at.tier.workload.replicas;
  if (!replicas || (*replicas >= 1 && *replicas <= kMaxReplicas)) return;
  Invalid(errors, at.Path("workload.replicas"), fmt::format("{}", *replicas),
          fmt::format("must be between 1 and {}; a tier that is not wanted is removed from spec.tiers", kMaxReplicas));
}

void DaemonSetHasNoReplicas(const TierAt& at, FieldErrors& errors) {
  if (at.tier.workload.kind != WorkloadKind::kDaemonSet || !at.tier.workload.replicas) return;
  Forbidden(errors, at.Path("workload.replicas"),
            "a DaemonSet (the default with publishing type HostNetwork) runs one pod per node; remove replicas and choose the "
            "nodes with workload.nodeSelector, or set workload.kind: Deployment");
}

void CheckSeconds(const TierAt& at, std::string_view field, const std::optional<std::int64_t>& seconds, FieldErrors& errors) {
  if (!seconds || (*seconds >= 0 && *seconds <= kMaxShutdownSeconds)) return;
  Invalid(errors, at.Path(fmt::format("workload.shutdown.{}", field)), fmt::format("{}", *seconds),
          fmt::format("must be between 0 and {} seconds", kMaxShutdownSeconds));
}

void ShutdownInRange(const TierAt& at, FieldErrors& errors) {
  CheckSeconds(at, "preStopDelaySeconds", at.tier.workload.shutdown.pre_stop_delay_seconds, errors);
  CheckSeconds(at, "drainSeconds", at.tier.workload.shutdown.drain_seconds, errors);
}

void NodeSelectorLabels(const TierAt& at, FieldErrors& errors) {
  for (const auto& [key, value] : at.tier.workload.node_selector) {
    const std::string path = at.Path(fmt::format("workload.nodeSelector[{}]", key));
    if (!IsQualifiedName(key)) Invalid(errors, path, Quoted(key), "must be the key of a label");
    if (!IsLabelValue(value)) Invalid(errors, path, Quoted(value), "must be the value of a label");
  }
}

void ResourcesAreQuantities(const TierAt& at, FieldErrors& errors) {
  for (const char* list : {"limits", "requests"}) {
    for (const auto& [name, quantity] : kube::ListOf(at.tier.workload.resources, list).items()) {
      const std::string text = quantity.is_string() ? quantity.get<std::string>() : quantity.dump();
      if (IsQuantity(text)) continue;
      Invalid(errors, at.Path(fmt::format("workload.resources.{}[{}]", list, name)), quantity.dump(),
              "must be a quantity such as 500m, 2 or 1Gi");
    }
  }
}

void TolerationsFit(const TierAt& at, FieldErrors& errors) {
  const kube::Json& tolerations = at.tier.workload.tolerations;
  for (std::size_t i = 0; i < tolerations.size(); ++i) {
    const std::string path = at.Path(fmt::format("workload.tolerations[{}]", i));
    const std::string_view key = kube::TextOf(tolerations[i], "key");
    const bool exists = kube::TextOf(tolerations[i], "operator") == "Exists";
    if (key.empty() && !exists) Invalid(errors, path + ".operator", "", "must be Exists when key is empty");
    if (!key.empty() && !IsQualifiedName(key)) Invalid(errors, path + ".key", Quoted(key), "must be the key of a taint");
    if (exists && !kube::TextOf(tolerations[i], "value").empty()) {
      Forbidden(errors, path + ".value", "operator Exists tolerates every value; remove value, or use operator Equal");
    }
  }
}

void CertificateNamed(const TierAt& at, FieldErrors& errors) {
  const auto& certificate = at.tier.tls.default_certificate_ref;
  if (!certificate) return;
  const std::string path = at.Path("tls.defaultCertificateRef");
  if (certificate->name.empty()) {
    Required(errors, path + ".name", "name the Secret of type kubernetes.io/tls");
  } else if (!IsDnsSubdomain(certificate->name)) {
    Invalid(errors, path + ".name", Quoted(certificate->name), "must be the name of a Secret");
  }
  if (!certificate->ns.empty() && !IsDnsLabel(certificate->ns)) {
    Invalid(errors, path + ".namespace", Quoted(certificate->ns), "must be the name of a namespace");
  }
}

constexpr std::array<TierRule, 7> kRules{ReplicasInRange,        DaemonSetHasNoReplicas, ShutdownInRange, NodeSelectorLabels,
                                         ResourcesAreQuantities, TolerationsFit,         CertificateNamed};

}  // namespace

std::span<const TierRule> WorkloadRules() { return kRules; }

}  // namespace ingressfleet::api
