#pragma once
// What the agent reads of Kubernetes objects, as small typed values: decoded once when an object arrives, never again. Pure.
// Decoding is forgiving like the readers of kube::Object: a field of a wrong type counts as missing.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"

namespace ingressfleet::agent {

/// "namespace/name" of a namespaced object: how objects refer to each other in here.
using ObjectName = std::string;
ObjectName MakeName(std::string_view ns, std::string_view name);

struct BackendRef {
  std::string service;
  std::string port_name;
  int port_number = 0;   ///< 0 = by name
  std::string resource;  ///< "kind/name" when it is not a Service

  friend bool operator==(const BackendRef&, const BackendRef&) = default;
};

enum class PathType { kExact, kPrefix, kImplementationSpecific };

struct IngressPath {
  PathType type = PathType::kImplementationSpecific;
  std::string path;
  BackendRef backend;
};

struct IngressRule {
  std::string host;  ///< as written
  std::vector<IngressPath> paths;
};

struct IngressTls {
  std::vector<std::string> hosts;
  std::string secret;
};

struct Ingress {
  std::string ns;
  std::string name;
  std::string uid;
  base::TimePoint created;
  std::optional<std::string> class_name;  ///< spec.ingressClassName
  std::string legacy_class;               ///< the annotation kubernetes.io/ingress.class
  std::optional<BackendRef> default_backend;
  std::vector<IngressRule> rules;
  std::vector<IngressTls> tls;

  ObjectName Key() const { return MakeName(ns, name); }
};

struct IngressClass {
  std::string name;
  std::string controller;
};

struct ServicePort {
  std::string name;
  int number = 0;
  int target_number = 0;  ///< numeric targetPort; the port itself when unset, 0 when it is a name
  std::string protocol;   ///< "TCP" when unset
};

struct Service {
  std::string ns;
  std::string name;
  bool external_name = false;
  std::vector<ServicePort> ports;
};

struct SliceEndpoint {
  std::vector<std::string> addresses;
  bool ready = true;
  bool serving = true;
  bool terminating = false;
};

struct SlicePort {
  std::string name;
  int number = 0;
  std::string protocol;
};

struct EndpointSlice {
  std::string ns;
  std::string name;
  std::string service;  ///< label kubernetes.io/service-name
  bool fqdn = false;    ///< addressType FQDN: no addresses that a proxy could use
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;
};

struct Namespace {
  std::string name;
  kube::StringMap labels;
};

Ingress DecodeIngress(const kube::Object& object);
IngressClass DecodeIngressClass(const kube::Object& object);
Service DecodeService(const kube::Object& object);
EndpointSlice DecodeEndpointSlice(const kube::Object& object);
Namespace DecodeNamespace(const kube::Object& object);

}  // namespace ingressfleet::agent
