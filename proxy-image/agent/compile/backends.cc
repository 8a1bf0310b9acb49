#include "compile/backends.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/grammar.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;

const ServicePort* FindPort(const Service& service, const BackendRef& backend) {
  for (const ServicePort& port : service.ports) {
    const bool same = backend.port_number != 0 ? port.number == backend.port_number
                                               : !backend.port_name.empty() && port.name == backend.port_name;
    if (same && port.protocol == "TCP") return &port;
  }
  return nullptr;
}

// The number that a slice gives to the Service's port; 0 when it has none for it.
int PortIn(const EndpointSlice& slice, const ServiceTarget& target) {
  if (slice.ports.empty()) return target.port->target_number;
  for (const SlicePort& port : slice.ports) {
    if (port.name == target.port->name && port.protocol == "TCP") return port.number;
  }
  // Slices written by hand may leave the name of an only port out.
  const bool only = slice.ports.size() == 1 && target.service->ports.size() == 1 && slice.ports.front().name.empty();
  return only && slice.ports.front().protocol == "TCP" ? slice.ports.front().number : 0;
}

template <class Wanted>
std::vector<std::string> Collect(const Table<EndpointSlice>& slices, const ServiceTarget& target, Wanted wanted) {
  std::vector<std::string> endpoints;
  for (const auto& [name, slice] : slices) {
    const int port = slice->fqdn ? 0 : PortIn(*slice, target);
    if (port <= 0 || port > 65535) continue;
    for (const SliceEndpoint& endpoint : slice->endpoints) {
      if (!wanted(endpoint) || endpoint.addresses.empty()) continue;
      // The API's rule: all addresses of an endpoint are the same thing, the first one is the one to use.
      if (const auto address = CanonicalAddress(endpoint.addresses.front())) endpoints.push_back(JoinAddress(*address, port));
    }
  }
  std::sort(endpoints.begin(), endpoints.end());
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
  return endpoints;
}

}  // namespace

base::Result<ServiceTarget> ResolveBackend(const Snapshot& snapshot, std::string_view ns, const BackendRef& backend) {
  if (!backend.resource.empty()) {
    return Fail(Code::kInvalid, fmt::format("the backend {} is not a Service; only Services can be served", backend.resource));
  }
  const auto name = MakeName(ns, backend.service);
  const auto found = snapshot.services.find(name);
  if (found == snapshot.services.end()) return Fail(Code::kNotFound, fmt::format("Service {} does not exist", name));
  const Service& service = *found->second;
  if (service.external_name) {
    return Fail(Code::kInvalid, fmt::format("Service {} is of type ExternalName, which this engine does not serve", name));
  }
  const ServicePort* port = FindPort(service, backend);
  if (port == nullptr) {
    const auto wanted = backend.port_number != 0 ? std::to_string(backend.port_number) : backend.port_name;
    return Fail(Code::kNotFound, fmt::format("Service {} has no TCP port {}", name, wanted));
  }
  return ServiceTarget{fmt::format("{}:{}", name, port->number), &service, port};
}

std::vector<std::string> EndpointsOf(const Snapshot& snapshot, const ServiceTarget& target) {
  const auto found = snapshot.slices.find(MakeName(target.service->ns, target.service->name));
  if (found == snapshot.slices.end()) return {};
  auto ready = Collect(found->second, target, [](const SliceEndpoint& endpoint) { return endpoint.ready; });
  if (!ready.empty()) return ready;
  return Collect(found->second, target, [](const SliceEndpoint& endpoint) { return endpoint.serving && endpoint.terminating; });
}

}  // namespace ingressfleet::agent
