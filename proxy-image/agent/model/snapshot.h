#pragma once
// Everything that decides what the proxy does, as one value. Compile() turns it into a RoutingTable. Owned by the agent's
// thread: informers hand over changes, they never touch it.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/selector.h"
#include "model/certificate.h"
#include "model/objects.h"

namespace ingressfleet::agent {

/// The data of the live ConfigMap: what changes without a rollout.
struct LiveConfig {
  std::vector<std::string> allowed_source_ranges;
  std::vector<std::string> trusted_proxies;
  /// Addresses that may claim any source, by a PROXY header that they have to send: the operator's, while it asks for an
  /// upgrade.
  std::vector<std::string> probe_sources;
  ObjectName default_certificate;  ///< empty = the self-signed one
  kube::LabelSelector namespace_selector;
  std::string hash;
  std::string error;                ///< not empty: something is missing or wrong, and nobody is allowed
  std::string probe_sources_error;  ///< not empty: they are wrong, so there are none; the rest is in force

  friend bool operator==(const LiveConfig&, const LiveConfig&) = default;
};

/// `config_map` may be null (it does not exist). Fails closed: any error leaves all lists empty and says why in `error`;
/// an error in the probe sources leaves only these empty.
LiveConfig DecodeLiveConfig(const kube::Object* config_map);

struct SecretState {
  CertificatePtr certificate;  ///< null: see error
  std::string error;
};

/// Whether Ingresses of our class are ours to serve.
enum class ClassState {
  kServed,   ///< the IngressClass exists and names our controller
  kKept,     ///< it is gone, but not for long: routes stay (see Snapshot::class_kept_until)
  kMissing,  ///< it is gone for good, or never was
  kForeign,  ///< it names another controller
};

template <class T>
using Table = std::map<std::string, std::shared_ptr<const T>, std::less<>>;

struct Snapshot {
  std::string ingress_class;
  LiveConfig live;
  ClassState class_state = ClassState::kMissing;
  base::TimePoint class_kept_until;
  std::string class_controller;  ///< of the IngressClass that exists

  Table<Ingress> ingresses;
  Table<Service> services;
  std::map<ObjectName, Table<EndpointSlice>, std::less<>> slices;  ///< by Service, then by the slice's own name
  Table<Namespace> namespaces;                                     ///< only filled while the live config has a selector
  std::map<ObjectName, SecretState, std::less<>> secrets;          ///< only referenced ones; missing = there is none
  CertificatePtr self_signed;
  base::TimePoint now;  ///< judges expiry of certificates, nothing else
};

}  // namespace ingressfleet::agent
