#include "compile/compile.h"

#include <algorithm>
#include <set>

#include "compile/certificates.h"
#include "compile/routes.h"
#include "compile/select.h"

namespace ingressfleet::agent {

RoutingTable Compile(const Snapshot& snapshot) {
  RoutingTable table;
  const auto ingresses = SelectIngresses(snapshot);
  table.ingresses = ingresses.size();
  table.allowed_source_ranges = snapshot.live.allowed_source_ranges;
  table.trusted_proxies = snapshot.live.trusted_proxies;
  table.probe_sources = snapshot.live.probe_sources;
  ReportFleet(snapshot, table.problems);
  CompileRoutes(snapshot, ingresses, table);
  CompileCertificates(snapshot, ingresses, table);
  std::sort(table.problems.begin(), table.problems.end());
  table.problems.erase(std::unique(table.problems.begin(), table.problems.end()), table.problems.end());
  return table;
}

std::vector<ObjectName> ReferencedSecrets(const Snapshot& snapshot) {
  std::set<ObjectName> names;
  if (!snapshot.live.default_certificate.empty()) names.insert(snapshot.live.default_certificate);
  for (const Ingress* ingress : SelectIngresses(snapshot)) {
    for (const IngressTls& tls : ingress->tls) {
      if (!tls.secret.empty()) names.insert(MakeName(ingress->ns, tls.secret));
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace ingressfleet::agent
