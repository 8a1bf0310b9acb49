#pragma once
// The one place that says which C++ member is which field of the resource. An archive visits a struct through Fields():
// Reader decodes, Writer encodes, SchemaLister lists the schema. A field that is not named here does not exist.
//
// An archive offers
//   Field(name, member)           a member whose C++ type says what the field may hold
//   Shaped<Shape>(name, member)   a member kept as JSON, whose fields are those of Shape

#include "api/fleet.h"
#include "api/shapes.h"
#include "api/status.h"

namespace ingressfleet::api {

/// `spec.tierDefaults`: a tier without what makes it itself (name, ingressClass).
struct TierDefaults {
  Tier tier;
};

/// The document below `spec`: a fleet and what decoding merges away.
struct FleetSpec {
  Fleet fleet;
  std::optional<TierDefaults> tier_defaults;
};

template <class Archive>
void Fields(Archive& a, Controller& c) {
  a.Field("engine", c.engine);
  a.Field("version", c.version);
  a.Field("image", c.image);
  a.Field("imagePullPolicy", c.image_pull_policy);
  a.Field("imagePullSecrets", c.image_pull_secrets);
  a.Field("config", c.config);
}

template <class Archive>
void Fields(Archive& a, IngressClass& c) {
  a.Field("name", c.name);
  a.Field("controllerValue", c.controller_value);
}

template <class Archive>
void Fields(Archive& a, Shutdown& s) {
  a.Field("preStopDelaySeconds", s.pre_stop_delay_seconds);
  a.Field("drainSeconds", s.drain_seconds);
}

template <class Archive>
void Fields(Archive& a, Workload& w) {
  a.Field("kind", w.kind);
  a.Field("replicas", w.replicas);
  a.template Shaped<ResourcesShape>("resources", w.resources);
  a.Field("nodeSelector", w.node_selector);
  a.template Shaped<std::vector<TolerationShape>>("tolerations", w.tolerations);
  a.Field("shutdown", w.shutdown);
}

template <class Archive>
void Fields(Archive& a, LoadBalancer& l) {
  a.Field("scope", l.scope);
  a.Field("provider", l.provider);
  a.Field("annotations", l.annotations);
  a.Field("addresses", l.addresses);
  a.Field("loadBalancerClass", l.load_balancer_class);
  a.Field("registrationSeconds", l.registration_seconds);
}

template <class Archive>
void Fields(Archive& a, NodePort& n) {
  a.Field("http", n.http);
  a.Field("https", n.https);
}

template <class Archive>
void Fields(Archive& a, HostNetwork& h) {
  a.Field("httpPort", h.http_port);
  a.Field("httpsPort", h.https_port);
}

template <class Archive>
void Fields(Archive& a, Publishing& p) {
  a.Field("type", p.type);
  a.Field("loadBalancer", p.load_balancer);
  a.Field("nodePort", p.node_port);
  a.Field("hostNetwork", p.host_network);
  a.Field("protocol", p.protocol);
  a.Field("externalTrafficPolicy", p.external_traffic_policy);
  a.Field("cutover", p.cutover);
}

template <class Archive>
void Fields(Archive& a, Access& c) {
  a.Field("allowedSourceRanges", c.allowed_source_ranges);
  a.Field("enforcement", c.enforcement);
  a.Field("trustedProxies", c.trusted_proxies);
}

template <class Archive>
void Fields(Archive& a, SecretRef& s) {
  a.Field("namespace", s.ns);
  a.Field("name", s.name);
}

template <class Archive>
void Fields(Archive& a, Tls& t) {
  a.Field("defaultCertificateRef", t.default_certificate_ref);
}

template <class Archive>
void Fields(Archive& a, CanaryStep& s) {
  a.Field("weight", s.weight);
  a.Field("pauseSeconds", s.pause_seconds);
}

template <class Archive>
void Fields(Archive& a, MaintenanceWindow& w) {
  a.Field("days", w.days);
  a.Field("start", w.start);
  a.Field("durationSeconds", w.duration_seconds);
}

template <class Archive>
void Fields(Archive& a, VerifyProbe& p) {
  a.Field("name", p.name);
  a.Field("scheme", p.scheme);
  a.Field("host", p.host);
  a.Field("path", p.path);
  a.Field("method", p.method);
  a.Field("headers", p.headers);
  a.Field("expectedStatus", p.expected_status);
  a.Field("bodyContains", p.body_contains);
  a.Field("source", p.source);
}

template <class Archive>
void Fields(Archive& a, VerifyMetric& m) {
  a.Field("name", m.name);
  a.Field("address", m.address);
  a.Field("query", m.query);
  a.Field("successCondition", m.success_condition);
  a.Field("failureLimit", m.failure_limit);
}

template <class Archive>
void Fields(Archive& a, Verify& v) {
  a.Field("parity", v.parity);
  a.Field("access", v.access);
  a.Field("probes", v.probes);
  a.Field("metrics", v.metrics);
}

template <class Archive>
void Fields(Archive& a, Upgrade& u) {
  a.Field("strategy", u.strategy);
  a.Field("promotion", u.promotion);
  a.Field("approvalDeadlineSeconds", u.approval_deadline_seconds);
  a.Field("windows", u.windows);
  a.Field("steps", u.steps);
  a.Field("verify", u.verify);
  a.Field("minReadySeconds", u.min_ready_seconds);
  a.Field("observeSeconds", u.observe_seconds);
  a.Field("retainSeconds", u.retain_seconds);
  a.Field("abortDelaySeconds", u.abort_delay_seconds);
  a.Field("progressDeadlineSeconds", u.progress_deadline_seconds);
  a.Field("onFailure", u.on_failure);
  a.Field("historyLimit", u.history_limit);
}

template <class Archive>
void Fields(Archive& a, Rollout& r) {
  a.Field("order", r.order);
  a.Field("maxConcurrentTiers", r.max_concurrent_tiers);
  a.Field("pauseBetweenTiersSeconds", r.pause_between_tiers_seconds);
}

template <class Archive>
void Fields(Archive& a, TierDefaults& d) {
  a.Field("controller", d.tier.controller);
  a.template Shaped<LabelSelectorShape>("namespaceSelector", d.tier.namespace_selector);
  a.Field("workload", d.tier.workload);
  a.Field("publishing", d.tier.publishing);
  a.Field("access", d.tier.access);
  a.Field("tls", d.tier.tls);
  a.Field("upgrade", d.tier.upgrade);
  a.Field("networkPolicy", d.tier.network_policy);
}

template <class Archive>
void Fields(Archive& a, Tier& t) {
  a.Field("name", t.name);
  a.Field("controller", t.controller);
  a.Field("ingressClass", t.ingress_class);
  a.template Shaped<LabelSelectorShape>("namespaceSelector", t.namespace_selector);
  a.Field("workload", t.workload);
  a.Field("publishing", t.publishing);
  a.Field("access", t.access);
  a.Field("tls", t.tls);
  a.Field("upgrade", t.upgrade);
  a.Field("networkPolicy", t.network_policy);
}

template <class Archive>
void Fields(Archive& a, DefaultClass& d) {
  a.Field("tierName", d.tier_name);
  a.Field("allowExternal", d.allow_external);
}

template <class Archive>
void Fields(Archive& a, FleetSpec& s) {
  a.Field("paused", s.fleet.paused);
  a.Field("namespace", s.fleet.ns);
  a.Field("deletionPolicy", s.fleet.deletion_policy);
  a.Field("defaultClass", s.fleet.default_class);
  a.Field("rollout", s.fleet.rollout);
  a.Field("tierDefaults", s.tier_defaults);
  a.Field("tiers", s.fleet.tiers);
}

template <class Archive>
void Fields(Archive& a, SelectorRequirementShape& r) {
  a.Field("key", r.key);
  a.Field("operator", r.op);
  a.Field("values", r.values);
}

template <class Archive>
void Fields(Archive& a, LabelSelectorShape& s) {
  a.Field("matchLabels", s.match_labels);
  a.Field("matchExpressions", s.match_expressions);
}

template <class Archive>
void Fields(Archive& a, ResourcesShape& r) {
  a.Field("limits", r.limits);
  a.Field("requests", r.requests);
}

template <class Archive>
void Fields(Archive& a, TolerationShape& t) {
  a.Field("key", t.key);
  a.Field("operator", t.op);
  a.Field("value", t.value);
  a.Field("effect", t.effect);
  a.Field("tolerationSeconds", t.toleration_seconds);
}

template <class Archive>
void Fields(Archive& a, SlotStatus& s) {
  a.Field("slot", s.slot);
  a.Field("revision", s.revision);
  a.Field("version", s.version);
  a.Field("retainUntil", s.retain_until);
}

template <class Archive>
void Fields(Archive& a, GateStatus& g) {
  a.Field("name", g.name);
  a.Field("result", g.result);
  a.Field("reason", g.reason);
  a.Field("message", g.message);
}

template <class Archive>
void Fields(Archive& a, DecisionStatus& d) {
  a.Field("revision", d.revision);
  a.Field("by", d.by);
  a.Field("id", d.id);
  a.Field("reason", d.reason);
  a.Field("message", d.message);
  a.Field("at", d.at);
}

template <class Archive>
void Fields(Archive& a, UpgradeStatus& u) {
  a.Field("phase", u.phase);
  a.Field("message", u.message);
  a.Field("strategy", u.strategy);
  a.Field("cutover", u.cutover);
  a.Field("step", u.step);
  a.Field("candidateSharePercent", u.candidate_share_percent);
  a.Field("transitionID", u.transition_id);
  a.Field("phaseStartedAt", u.phase_started_at);
  a.Field("deadline", u.deadline);
  a.Field("windowStartedAt", u.window_started_at);
  a.Field("restartBaseline", u.restart_baseline);
  a.Field("startedFor", u.started_for);
  a.Field("rollbackRun", u.rollback_run);
  a.Field("committedTraffic", u.committed_traffic);
  a.Field("committedTransitionID", u.committed_transition_id);
  a.Field("driftRepairs", u.drift_repairs);
  a.Field("driftOpen", u.drift_open);
  a.Field("gates", u.gates);
  a.Field("approval", u.approval);
  a.Field("abort", u.abort);
  a.Field("hold", u.hold);
  a.Field("rollback", u.rollback);
  a.Field("handledRequests", u.handled_requests);
  a.Field("finishedAt", u.finished_at);
}

template <class Archive>
void Fields(Archive& a, HistoryStatus& h) {
  a.Field("revision", h.revision);
  a.Field("version", h.version);
  a.Field("reason", h.reason);
  a.Field("at", h.at);
}

template <class Archive>
void Fields(Archive& a, TierStatus& t) {
  a.Field("name", t.name);
  a.Field("conditions", t.conditions);
  a.Field("engine", t.engine);
  a.Field("version", t.version);
  a.Field("image", t.image);
  a.Field("addresses", t.addresses);
  a.Field("allowedSourceRanges", t.allowed_source_ranges);
  a.Field("replicas", t.replicas);
  a.Field("readyReplicas", t.ready_replicas);
  a.Field("ingresses", t.ingresses);
  a.Field("serving", t.serving);
  a.Field("candidate", t.candidate);
  a.Field("previous", t.previous);
  a.Field("upgrade", t.upgrade);
  a.Field("failedRevisions", t.failed_revisions);
  a.Field("history", t.history);
}

template <class Archive>
void Fields(Archive& a, DefaultClassStatus& d) {
  a.Field("effective", d.effective);
  a.Field("foreign", d.foreign);
}

template <class Archive>
void Fields(Archive& a, UnclassifiedStatus& u) {
  a.Field("count", u.count);
  a.Field("first", u.first);
}

template <class Archive>
void Fields(Archive& a, Conflict& c) {
  a.Field("object", c.object);
  a.Field("message", c.message);
}

template <class Archive>
void Fields(Archive& a, StatusSummary& s) {
  a.Field("tiers", s.tiers);
  a.Field("addresses", s.addresses);
  a.Field("versions", s.versions);
}

template <class Archive>
void Fields(Archive& a, FleetStatus& s) {
  a.Field("observedGeneration", s.observed_generation);
  a.Field("conditions", s.conditions);
  a.Field("defaultClass", s.default_class);
  a.Field("unclassified", s.unclassified);
  a.Field("conflicts", s.conflicts);
  a.Field("tiers", s.tiers);
  a.Field("summary", s.summary);
}

}  // namespace ingressfleet::api
