#include "compile/certificates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "model/grammar.h"

namespace ingressfleet::agent {
namespace {

class CertificateCompiler {
 public:
  CertificateCompiler(const Snapshot& snapshot, RoutingTable& table) : snapshot_(snapshot), table_(table) {}

  void Run(const std::vector<const Ingress*>& ingresses) {
    for (const Ingress* ingress : ingresses) {
      for (const IngressTls& tls : ingress->tls) ClaimNamed(*ingress, tls);
    }
    for (const Ingress* ingress : ingresses) {
      for (const IngressTls& tls : ingress->tls) ClaimCovered(*ingress, tls);
    }
    for (auto& [secret, hosts] : hosts_by_secret_) AddUse(secret, {hosts.begin(), hosts.end()});
    SetDefault();
  }

 private:
  void ClaimNamed(const Ingress& ingress, const IngressTls& tls) {
    if (tls.secret.empty()) return;  // "use the default certificate", by the API's own words
    const Certificate* certificate = Find(ingress, tls.secret);
    for (const std::string& name : tls.hosts) {
      const auto host = CanonicalHost(name);
      if (!host || *host == kAnyHost) {
        Report(ingress, "InvalidHost", fmt::format("tls host \"{}\" is not a host name", name));
        continue;
      }
      if (!claimed_.insert(*host).second || certificate == nullptr) continue;
      if (certificate->Covers(*host)) {
        hosts_by_secret_[MakeName(ingress.ns, tls.secret)].insert(*host);
      } else {
        Report(ingress, "CertificateHostMismatch",
               fmt::format("the certificate of Secret {} is for {}, not for {}; the default certificate is served", tls.secret,
                           fmt::join(certificate->names, ", "), *host));
      }
    }
  }

  void ClaimCovered(const Ingress& ingress, const IngressTls& tls) {
    const auto found = snapshot_.secrets.find(MakeName(ingress.ns, tls.secret));
    if (found == snapshot_.secrets.end() || !found->second.certificate) return;
    for (const IngressRule& rule : ingress.rules) {
      const auto host = CanonicalHost(rule.host);
      if (!host || *host == kAnyHost || claimed_.contains(*host) || !found->second.certificate->Covers(*host)) continue;
      claimed_.insert(*host);
      hosts_by_secret_[MakeName(ingress.ns, tls.secret)].insert(*host);
    }
  }

  // nullptr: reported, and its hosts get the default certificate.
  const Certificate* Find(const Ingress& ingress, const std::string& secret) {
    const auto found = snapshot_.secrets.find(MakeName(ingress.ns, secret));
    if (found == snapshot_.secrets.end()) {
      Report(ingress, "SecretMissing", fmt::format("there is no TLS Secret {}; the default certificate is served", secret));
      return nullptr;
    }
    if (!found->second.certificate) {
      Report(ingress, "SecretInvalid",
             fmt::format("Secret {}: {}; the default certificate is served", secret, found->second.error));
      return nullptr;
    }
    ReportExpiry(ingress, secret, *found->second.certificate);
    return found->second.certificate.get();
  }

  void ReportExpiry(const Ingress& ingress, const std::string& secret, const Certificate& certificate) {
    if (certificate.not_after < snapshot_.now) {
      Report(ingress, "CertificateExpired",
             fmt::format("the certificate of Secret {} expired at {}", secret, base::FormatTime(certificate.not_after)));
    }
  }

  void AddUse(const ObjectName& secret, std::vector<std::string> hosts) {
    // The name holds the hosts: an entry of the certificate list never changes its hosts, it is replaced by another file.
    const auto stem = base::ShortHash(fmt::format("{} {}", secret, fmt::join(hosts, " ")), 20);
    table_.certificates.emplace(stem,
                                CertificateUse{secret, std::move(hosts), snapshot_.secrets.find(secret)->second.certificate});
  }

  void SetDefault() {
    table_.default_certificate = snapshot_.self_signed;
    const ObjectName& name = snapshot_.live.default_certificate;
    if (name.empty()) return;
    const auto found = snapshot_.secrets.find(name);
    if (found != snapshot_.secrets.end() && found->second.certificate) {
      table_.default_certificate = found->second.certificate;
      return;
    }
    table_.problems.push_back({"", "DefaultCertificateInvalid",
                               fmt::format("Secret {}: {}; a self-signed certificate is served", name,
                                           found == snapshot_.secrets.end() ? "does not exist" : found->second.error)});
  }

  void Report(const Ingress& ingress, std::string reason, std::string message) {
    table_.problems.push_back({ingress.Key(), std::move(reason), std::move(message)});
  }

  const Snapshot& snapshot_;
  RoutingTable& table_;
  std::set<std::string> claimed_;
  std::map<ObjectName, std::set<std::string>> hosts_by_secret_;
};

}  // namespace

void CompileCertificates(const Snapshot& snapshot, const std::vector<const Ingress*>& ingresses, RoutingTable& table) {
  CertificateCompiler(snapshot, table).Run(ingresses);
}

}  // namespace ingressfleet::agent
