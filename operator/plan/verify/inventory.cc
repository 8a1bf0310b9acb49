#include "plan/verify/inventory.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "base/hash.h"
#include "plan/diff/diff.h"
#include "plan/ingress_status.h"

namespace ingressfleet::plan::verify {
namespace {

constexpr std::string_view kWildcardLabel = "ingressfleet-probe";
/// In a path of type ImplementationSpecific they may begin a regular expression.
constexpr std::string_view kPatternStart = "([{*+?|^$\\";

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

/// Empty: no request can carry that host.
std::string ConcreteHost(std::string_view written) {
  if (written.empty()) return std::string(kAnyHost);
  std::string host = written.starts_with("*.") ? fmt::format("{}{}", kWildcardLabel, written.substr(1)) : std::string(written);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!IsUnreserved(c) || c == '~') return {};
  }
  return host;
}

/// What a request line cannot hold is percent-encoded; escapes stay.
std::string EncodePath(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    const bool as_it_is = IsUnreserved(c) || std::string_view("!$&'()*+,;=:@/%").find(c) != std::string_view::npos;
    if (as_it_is) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

/// The path itself; where it may be a pattern, also what stands before the pattern.
std::set<std::string> RequestPaths(std::string_view path, std::string_view type) {
  if (path.empty()) return {"/"};
  if (path.front() != '/') return {};
  std::set<std::string> paths{EncodePath(path)};
  if (type != "Exact" && type != "Prefix") paths.insert(EncodePath(path.substr(0, path.find_first_of(kPatternStart))));
  return paths;
}

/// Collects targets; of equal ones, the Ingress that comes first by name counts.
class Collector {
 public:
  void Add(const kube::Object& ingress) {
    name_ = fmt::format("{}/{}", ingress.Namespace(), ingress.Name());
    version_ = ingress.ResourceVersion();
    std::set<std::string> secured;
    for (const kube::Json& tls : ingress.List("/spec/tls")) {
      for (const kube::Json& host : kube::ListOf(tls, "hosts")) {
        if (host.is_string()) secured.insert(ConcreteHost(host.get<std::string>()));
      }
    }
    // The certificate is asked for even where no rule names the host.
    for (const std::string& host : secured) Put(true, host, "/");
    for (const kube::Json& rule : ingress.List("/spec/rules")) AddRule(rule, secured);
    if (ingress.Find("/spec/defaultBackend") != nullptr) Put(false, std::string(kAnyHost), "/");
  }

  std::vector<Target> Take() {
    for (const bool tls : {false, true}) targets_.try_emplace({tls, std::string(kUnknownHost), "/"});
    std::vector<Target> targets;
    for (const auto& [key, owner] : targets_) {
      targets.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), owner.ingress, owner.version});
    }
    return targets;
  }

 private:
  struct Owner {
    std::string ingress;
    std::string version;
  };

  void AddRule(const kube::Json& rule, const std::set<std::string>& secured) {
    const std::string host = ConcreteHost(kube::TextOf(rule, "host"));
    const kube::Json& paths = kube::ListOf(kube::ListOf(rule, "http"), "paths");
    const auto put = [&](const std::string& path) {
      Put(false, host, path);
      if (secured.contains(host)) Put(true, host, path);
    };
    if (paths.empty()) put("/");
    for (const kube::Json& path : paths) {
      for (const std::string& text : RequestPaths(kube::TextOf(path, "path"), kube::TextOf(path, "pathType"))) put(text);
    }
  }

  void Put(bool tls, const std::string& host, const std::string& path) {
    if (host.empty()) return;
    const auto [entry, is_new] = targets_.try_emplace({tls, host, path}, Owner{name_, version_});
    if (!is_new && name_ < entry->second.ingress) entry->second = {name_, version_};
  }

  std::map<std::tuple<bool, std::string, std::string>, Owner> targets_;
  std::string name_;
  std::string version_;
};

std::string HashOf(const std::vector<Target>& targets) {
  std::string text;
  for (const Target& target : targets) text += target.ToString() + "\n";
  return base::ShortHash(text);
}

/// Those with the lowest rank, one for each Ingress before any second one; in the order in which they were.
std::vector<Target> Sample(const std::vector<Target>& targets, std::size_t limit) {
  std::vector<std::pair<std::string, const Target*>> ranked;
  for (const Target& target : targets) ranked.emplace_back(base::ShortHash(target.ToString()), &target);
  std::sort(ranked.begin(), ranked.end());
  std::set<std::string> seen;
  std::vector<const Target*> first, second;
  for (const auto& [rank, target] : ranked) {
    // The host that nobody names comes before all.
    if (target->ingress.empty()) {
      first.insert(first.begin(), target);
    } else {
      (seen.insert(target->ingress).second ? first : second).push_back(target);
    }
  }
  first.insert(first.end(), second.begin(), second.end());
  first.resize(std::min(first.size(), limit));
  std::vector<Target> sample;
  for (const Target* target : first) sample.push_back(*target);
  std::sort(sample.begin(), sample.end());
  return sample;
}

}  // namespace

std::string Target::ToString() const {
  const std::string url = fmt::format("{}://{}{}", tls ? "https" : "http", host, path);
  return ingress.empty() ? url + " (a host that no Ingress names)" : fmt::format("{} (Ingress {})", url, ingress);
}

Inventory MakeInventory(const ResolvedTier& tier, const Snapshot& snapshot, std::size_t limit) {
  Collector collector;
  for (const kube::ObjectPtr& ingress : snapshot.ingresses) {
    if (ClassOf(*ingress) == tier.class_name && ServesNamespace(tier, ingress->Namespace(), snapshot)) collector.Add(*ingress);
  }
  Inventory inventory;
  inventory.targets = collector.Take();
  inventory.total = inventory.targets.size();
  inventory.hash = HashOf(inventory.targets);
  if (inventory.total > limit) inventory.targets = Sample(inventory.targets, limit);
  return inventory;
}

}  // namespace ingressfleet::plan::verify
