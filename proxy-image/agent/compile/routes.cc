#include "compile/routes.h"

#include <fmt/format.h>

#include <set>

#include "compile/backends.h"
#include "model/grammar.h"

namespace ingressfleet::agent {
namespace {

struct Rule {
  const Ingress* ingress;
  std::string host;
  PathType type;
  std::string path;
  const BackendRef* backend;
};

class RouteCompiler {
 public:
  RouteCompiler(const Snapshot& snapshot, RoutingTable& table) : snapshot_(snapshot), table_(table) {}

  void Run(const std::vector<const Ingress*>& ingresses) {
    for (const Ingress* ingress : ingresses) ReadRules(*ingress);
    // Exact first: it owns its key against the twin of a Prefix rule, whatever their age.
    for (const Rule& rule : exact_) Add(rule);
    for (const Rule& rule : others_) Add(rule);
    for (const Ingress* ingress : ingresses) AddDefaults(*ingress);
    CloseHosts();
  }

 private:
  void ReadRules(const Ingress& ingress) {
    for (const IngressRule& rule : ingress.rules) {
      auto host = CanonicalHost(rule.host);
      if (!host) {
        Report(ingress, "InvalidHost", host.error().message);
        continue;
      }
      hosts_.insert(*host);
      for (const IngressPath& path : rule.paths) ReadPath(ingress, *host, path);
    }
  }

  void ReadPath(const Ingress& ingress, const std::string& host, const IngressPath& path) {
    auto canonical = CanonicalPath(path.path);
    if (!canonical) {
      Report(ingress, "InvalidPath", canonical.error().message);
      return;
    }
    auto& list = path.type == PathType::kExact ? exact_ : others_;
    list.push_back({&ingress, host, path.type, std::move(*canonical), &path.backend});
  }

  void Add(const Rule& rule) {
    const auto target = Resolve(*rule.ingress, *rule.backend);
    if (!target) return;
    bool lost = false;
    for (std::string& key : RouteKeys(rule.host, rule.type, rule.path)) {
      const bool twin = rule.type == PathType::kPrefix && key.ends_with('#');
      const auto [position, added] = table_.routes.try_emplace(std::move(key), Route{*target, rule.ingress->Key()});
      // The twin of a Prefix rule gives way to an Exact rule silently: that is their meaning.
      if (!added && !(twin && exact_keys_.contains(position->first))) lost = ReportConflict(rule, position->second, lost);
      if (added && rule.type == PathType::kExact) exact_keys_.insert(position->first);
    }
  }

  bool ReportConflict(const Rule& rule, const Route& winner, bool reported) {
    if (!reported) {
      Report(*rule.ingress, "HostPathConflict",
             fmt::format("{}{} belongs to Ingress {}", rule.host == kAnyHost ? "" : rule.host, rule.path, winner.ingress));
    }
    return true;
  }

  void AddDefaults(const Ingress& ingress) {
    if (!ingress.default_backend) return;
    const auto target = Resolve(ingress, *ingress.default_backend);
    if (!target) return;
    if (ingress.rules.empty()) {
      SetClassDefault(ingress, *target);
      return;
    }
    for (const IngressRule& rule : ingress.rules) {
      if (const auto host = CanonicalHost(rule.host)) host_defaults_.try_emplace(*host, Route{*target, ingress.Key()});
    }
  }

  void SetClassDefault(const Ingress& ingress, const std::string& target) {
    if (class_default_.ingress.empty()) {
      class_default_ = {target, ingress.Key()};
    } else {
      Report(ingress, "DefaultBackendConflict",
             fmt::format("the default backend of the class belongs to Ingress {}", class_default_.ingress));
    }
  }

  // Every host gets an answer for every path, so that an unmatched path never falls through to a wildcard or host-less rule.
  void CloseHosts() {
    if (!class_default_.ingress.empty()) hosts_.insert(std::string(kAnyHost));
    for (const std::string& host : hosts_) {
      const auto own = host_defaults_.find(host);
      table_.routes.try_emplace(host + "/", own != host_defaults_.end() ? own->second : class_default_);
    }
  }

  // nullopt: the rule is refused and must not exist. A Service that does not exist (yet) answers 503.
  std::optional<std::string> Resolve(const Ingress& ingress, const BackendRef& backend) {
    const auto target = ResolveBackend(snapshot_, ingress.ns, backend);
    if (target) {
      const auto [position, added] = table_.backends.try_emplace(target->id);
      if (added) position->second = EndpointsOf(snapshot_, *target);
      return target->id;
    }
    const bool missing = target.error().code == base::Code::kNotFound;
    Report(ingress, missing ? "BackendMissing" : "BackendRefused", target.error().message);
    if (!missing && !backend.resource.empty()) return std::nullopt;
    return std::string(kUnavailable);
  }

  void Report(const Ingress& ingress, std::string reason, std::string message) {
    table_.problems.push_back({ingress.Key(), std::move(reason), std::move(message)});
  }

  const Snapshot& snapshot_;
  RoutingTable& table_;
  std::vector<Rule> exact_;
  std::vector<Rule> others_;
  std::set<std::string> hosts_;
  std::set<std::string> exact_keys_;
  std::map<std::string, Route> host_defaults_;
  Route class_default_{std::string(kNotFound), ""};
};

}  // namespace

void CompileRoutes(const Snapshot& snapshot, const std::vector<const Ingress*>& ingresses, RoutingTable& table) {
  RouteCompiler(snapshot, table).Run(ingresses);
}

}  // namespace ingressfleet::agent
