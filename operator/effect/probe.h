#pragma once
// A question to a proxy (or any HTTP server) and what came back. Pure values: plan/verify makes and judges them, io/prober
// carries them out.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/object.h"

namespace ingressfleet::effect {

struct ProbeRequest {
  /// IP address, or a name that is looked up (then without `source`).
  std::string address;
  int port = 80;
  bool tls = false;
  std::string host;  ///< Host header and SNI; the address takes no part in them
  std::string path = "/";
  std::string method = "GET";
  kube::StringMap headers;  ///< further ones
  /// An address to claim in a PROXY protocol header; empty = no header. Believed only by proxies that know the operator's pods.
  std::string source;
  bool keep_body = false;  ///< else the answer ends with its first byte of body
};

enum class ProbeError {
  kNone,
  kConnect,  ///< refused, unreachable, or no connection within the time limit
  kClosed,   ///< closed without an answer, or an answer that is not HTTP
  kTls,      ///< the handshake failed
  kTimeout,  ///< connected, but no answer within the time limit
  kCanceled,
};
std::string_view ProbeErrorName(ProbeError error);  ///< "connection refused or timed out", for people

struct Certificate {
  std::string fingerprint;         ///< SHA-256, lower-case hex
  std::string subject;             ///< common name, else the whole name
  std::vector<std::string> names;  ///< subjectAltName, sorted
  bool self_signed = false;

  friend bool operator==(const Certificate&, const Certificate&) = default;
};

struct ProbeAnswer {
  ProbeError error = ProbeError::kCanceled;
  std::string detail;                      ///< of the error, for people
  int status = 0;                          ///< 0 with an error
  kube::StringMap headers;                 ///< names in lower case; the last of equal ones
  std::string body;                        ///< the first 64 KiB, when asked for
  std::optional<Certificate> certificate;  ///< with TLS; not verified, only told
  base::Duration took{0};
};

}  // namespace ingressfleet::effect
