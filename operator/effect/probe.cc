#include "effect/probe.h"

namespace ingressfleet::effect {

std::string_view ProbeErrorName(ProbeError error) {
  switch (error) {
    case ProbeError::kNone: return "answered";
    case ProbeError::kConnect: return "no connection";
    case ProbeError::kClosed: return "closed without an answer";
    case ProbeError::kTls: return "TLS handshake failed";
    case ProbeError::kTimeout: return "no answer in time";
    case ProbeError::kCanceled: return "not asked";
  }
  return "";
}

}  // namespace ingressfleet::effect
