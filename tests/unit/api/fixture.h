#pragma once
// Fleets for the tests of the API: a valid one, and changes to it written as YAML.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "api/decode.h"
#include "kube/yaml.h"

namespace ingressfleet::api {

inline kube::Json Yaml(const std::string& text) {
  const auto documents = kube::ParseYaml(text);
  if (!documents || documents->size() != 1) {
    ADD_FAILURE() << (documents ? "not one document" : documents.error().message) << " in\n" << text;
    return kube::Json::object();
  }
  return documents->front();
}

inline std::string ReadSource(const std::string& path) {
  std::ifstream file(std::string(INGRESSFLEET_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Four tiers, one of each kind that rules tell apart: 0 public (External), 1 private (Internal), 2 edge (HostNetwork),
/// 3 hardware (NodePort).
inline kube::Json BaseFleet() {
  return Yaml(R"(
apiVersion: ingressfleet.io/v1alpha1
kind: IngressFleet
metadata: {name: platform}
spec:
  defaultClass: {tierName: private}
  tiers:
  - name: public
    controller: {engine: HAProxy, version: 0.1.0}
    publishing: {type: LoadBalancer, loadBalancer: {scope: External, provider: MetalLB}}
    access: {allowedSourceRanges: [203.0.113.0/24]}
  - name: private
    controller: {engine: HAProxy, version: 0.1.0}
    publishing: {type: LoadBalancer, loadBalancer: {scope: Internal}}
  - name: edge
    controller: {engine: Traefik, version: 3.4.0}
    publishing: {type: HostNetwork}
  - name: hardware
    controller: {engine: HAProxy, version: 0.1.0}
    publishing: {type: NodePort, nodePort: {http: 30080, https: 30443}}
)");
}

/// `patch` is a YAML map from JSON pointers to values: "/spec/tiers/0/name: other"; the value null removes.
inline kube::Json Patched(kube::Json document, const std::string& patch) {
  const kube::Json changes = Yaml(patch);
  for (const auto& [pointer, value] : changes.items()) {
    const kube::Json::json_pointer at(pointer);
    if (!value.is_null()) {
      document[at] = value;
    } else if (document[at.parent_pointer()].is_array()) {
      document[at.parent_pointer()].erase(static_cast<std::size_t>(std::stoul(at.back())));
    } else {
      document[at.parent_pointer()].erase(at.back());
    }
  }
  return document;
}

/// The errors one per line, as a user would see them.
inline std::string Text(const FieldErrors& errors) {
  std::string text;
  for (const FieldError& error : errors) text += (text.empty() ? "" : "\n") + error.ToString();
  return text;
}

/// The accepted base fleet with changes; a test failure when it is refused.
inline Fleet Accepted(const std::string& patch) {
  Decoded decoded = AcceptFleet(kube::Object(Patched(BaseFleet(), patch)));
  EXPECT_TRUE(decoded.fleet.has_value()) << Text(decoded.errors);
  return decoded.fleet ? *decoded.fleet : Fleet{};
}

}  // namespace ingressfleet::api
