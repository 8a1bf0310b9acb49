#pragma once
// Objects from YAML files as the agent's Snapshot, for golden, unit and contract tests.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/certificate.h"
#include "model/snapshot.h"

namespace ingressfleet::agent::fixture {

struct PemPair {
  std::string certificate;
  std::string key;
};

/// A self-signed certificate for these names; the first is the common name too.
PemPair MakePem(const std::vector<std::string>& names, base::TimePoint not_before, base::TimePoint not_after);
CertificatePtr MakeCertificate(const std::vector<std::string>& names);

/// The time that all fixtures live in.
base::TimePoint Now();

/// Reads every document into the tables that its kind belongs to, as the informers' handlers do. Our class is "fleet" and
/// served, unless the file holds an IngressClass of another controller. Everybody is allowed, unless the file holds a ConfigMap
/// (the live config). A Secret gets a fresh certificate for the names in its annotation "fixture/names" (expired with
/// "fixture/expired"), or keeps its own data.
Snapshot LoadSnapshot(std::string_view yaml);
void AddObject(Snapshot& snapshot, const kube::Object& object);

std::string ReadFile(const std::string& path);

}  // namespace ingressfleet::agent::fixture
