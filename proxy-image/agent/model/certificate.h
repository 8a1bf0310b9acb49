#pragma once
// A kubernetes.io/tls Secret as the proxy needs it: checked, in one PEM text. Pure (OpenSSL for parsing).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/object.h"

namespace ingressfleet::agent {

struct Certificate {
  std::string pem;                 ///< chain, then key: what HAProxy loads
  std::string fingerprint;         ///< SHA-1 of the leaf in upper-case hex, as HAProxy's `show ssl cert` prints it
  std::vector<std::string> names;  ///< DNS names of the leaf, lower case; the common name when it has no such names
  base::TimePoint not_before;
  base::TimePoint not_after;

  /// Whether a client that asks for `host` (canonical; "*.x" too) would accept the certificate's names.
  bool Covers(std::string_view host) const;
};
using CertificatePtr = std::shared_ptr<const Certificate>;

/// Checks that both are PEM, that the key belongs to the leaf, and that nothing else is in the text. kInvalid says what is
/// wrong.
base::Result<Certificate> ParseCertificate(std::string_view certificate_pem, std::string_view key_pem);
/// From data["tls.crt"] and data["tls.key"] (base64). kInvalid names the missing or broken key.
base::Result<Certificate> DecodeSecret(const kube::Object& secret);
/// A self-signed one for connections that match no other; valid for ten years, common name "Ingress Fleet default certificate".
base::Result<Certificate> MakeSelfSigned(base::TimePoint now);

}  // namespace ingressfleet::agent
