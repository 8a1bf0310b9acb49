#include "model/objects.h"

namespace ingressfleet::agent {
namespace {

using kube::BooleanOf;
using kube::IntegerOf;
using kube::Json;
using kube::ListOf;
using kube::TextOf;

constexpr const char* kLegacyClass = "kubernetes.io/ingress.class";
constexpr const char* kServiceName = "kubernetes.io/service-name";

const Json& ChildOf(const Json& value, const char* key) {
  static const Json kEmpty = Json::object();
  if (!value.is_object()) return kEmpty;
  const auto found = value.find(key);
  return found == value.end() ? kEmpty : *found;
}

BackendRef DecodeBackend(const Json& backend) {
  BackendRef reference;
  const Json& service = ChildOf(backend, "service");
  reference.service = TextOf(service, "name");
  const Json& port = ChildOf(service, "port");
  reference.port_name = TextOf(port, "name");
  reference.port_number = static_cast<int>(IntegerOf(port, "number"));
  const Json& resource = ChildOf(backend, "resource");
  if (!resource.empty()) {
    reference.resource = std::string(TextOf(resource, "kind")) + "/" + std::string(TextOf(resource, "name"));
  }
  return reference;
}

PathType DecodePathType(std::string_view text) {
  if (text == "Exact") return PathType::kExact;
  if (text == "Prefix") return PathType::kPrefix;
  return PathType::kImplementationSpecific;
}

std::vector<std::string> Texts(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& item : list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

IngressRule DecodeRule(const Json& rule) {
  IngressRule decoded;
  decoded.host = TextOf(rule, "host");
  for (const Json& path : ListOf(ChildOf(rule, "http"), "paths")) {
    decoded.paths.push_back(
        {DecodePathType(TextOf(path, "pathType")), std::string(TextOf(path, "path")), DecodeBackend(ChildOf(path, "backend"))});
  }
  return decoded;
}

ServicePort DecodeServicePort(const Json& port) {
  ServicePort decoded;
  decoded.name = TextOf(port, "name");
  decoded.number = static_cast<int>(IntegerOf(port, "port"));
  const Json& target = ChildOf(port, "targetPort");
  decoded.target_number = target.is_string() ? 0 : static_cast<int>(IntegerOf(port, "targetPort", decoded.number));
  const auto protocol = TextOf(port, "protocol");
  decoded.protocol = protocol.empty() ? "TCP" : protocol;
  return decoded;
}

SliceEndpoint DecodeEndpoint(const Json& endpoint) {
  SliceEndpoint decoded;
  decoded.addresses = Texts(ListOf(endpoint, "addresses"));
  const Json& conditions = ChildOf(endpoint, "conditions");
  // The API's own rule: an unknown `ready` counts as true, an unknown `serving` as `ready`.
  decoded.ready = BooleanOf(conditions, "ready", true);
  decoded.serving = BooleanOf(conditions, "serving", decoded.ready);
  decoded.terminating = BooleanOf(conditions, "terminating", false);
  return decoded;
}

}  // namespace

ObjectName MakeName(std::string_view ns, std::string_view name) {
  std::string text;
  text.reserve(ns.size() + name.size() + 1);
  return text.append(ns).append("/").append(name);
}

Ingress DecodeIngress(const kube::Object& object) {
  Ingress ingress;
  ingress.ns = object.Namespace();
  ingress.name = object.Name();
  ingress.uid = object.Uid();
  ingress.created = object.CreatedAt();
  if (const Json* name = object.Find("/spec/ingressClassName"); name != nullptr && name->is_string()) {
    ingress.class_name = name->get<std::string>();
  }
  ingress.legacy_class = object.Annotation(kLegacyClass);
  if (const Json* backend = object.Find("/spec/defaultBackend")) ingress.default_backend = DecodeBackend(*backend);
  for (const Json& rule : object.List("/spec/rules")) ingress.rules.push_back(DecodeRule(rule));
  for (const Json& tls : object.List("/spec/tls")) {
    ingress.tls.push_back({Texts(ListOf(tls, "hosts")), std::string(TextOf(tls, "secretName"))});
  }
  return ingress;
}

IngressClass DecodeIngressClass(const kube::Object& object) {
  return {std::string(object.Name()), std::string(object.Text("/spec/controller"))};
}

Service DecodeService(const kube::Object& object) {
  Service service{std::string(object.Namespace()), std::string(object.Name()), object.Text("/spec/type") == "ExternalName", {}};
  for (const Json& port : object.List("/spec/ports")) service.ports.push_back(DecodeServicePort(port));
  return service;
}

EndpointSlice DecodeEndpointSlice(const kube::Object& object) {
  EndpointSlice slice;
  slice.ns = object.Namespace();
  slice.name = object.Name();
  slice.service = object.Label(kServiceName);
  slice.fqdn = object.Text("/addressType") == "FQDN";
  for (const Json& port : object.List("/ports")) {
    const auto protocol = TextOf(port, "protocol");
    slice.ports.push_back({std::string(TextOf(port, "name")), static_cast<int>(IntegerOf(port, "port")),
                           protocol.empty() ? "TCP" : std::string(protocol)});
  }
  for (const Json& endpoint : object.List("/endpoints")) slice.endpoints.push_back(DecodeEndpoint(endpoint));
  return slice;
}

Namespace DecodeNamespace(const kube::Object& object) { return {std::string(object.Name()), object.Labels()}; }

}  // namespace ingressfleet::agent
