#include "plan/verify/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/engine/engine.h"

namespace ingressfleet::plan::verify {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;

std::string Header(const ProbeAnswer& answer, const char* name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? std::string() : found->second;
}

std::string Route(const ProbeAnswer& answer) { return Header(answer, kRouteHeader); }

bool IsAnswered(const ProbeAnswer& answer) { return answer.error == ProbeError::kNone; }
bool IsGood(const ProbeAnswer& answer) { return IsAnswered(answer) && answer.status < 500; }

/// Without query and fragment: what a login page puts there is new in every answer.
std::string RedirectOf(const ProbeAnswer& answer) {
  const std::string location = Header(answer, "location");
  return location.substr(0, location.find_first_of("?#"));
}

/// Both were answered, the serving one well.
Likeness CompareGood(const ProbeAnswer& serving, const ProbeAnswer& candidate) {
  const std::string route = Route(serving), other_route = Route(candidate);
  const bool same_route = !route.empty() && route == other_route;
  if (!route.empty() && !other_route.empty() && !same_route) return Likeness::kDifferent;
  if (serving.status / 100 != candidate.status / 100) return Likeness::kDifferent;
  // 403 and 404 are different answers of a proxy, but one Service may say one after the other (or 429).
  if (serving.status / 100 == 4 && serving.status != candidate.status && !same_route) return Likeness::kDifferent;
  if (serving.status / 100 == 3 && RedirectOf(serving) != RedirectOf(candidate)) return Likeness::kDifferent;
  return Likeness::kEqual;
}

/// The serving side fails: the same or better is enough, but somebody has to have said something.
Likeness CompareFailing(const ProbeAnswer& serving, const ProbeAnswer& candidate) {
  if (IsGood(candidate)) return Likeness::kEqual;
  if (IsAnswered(candidate)) return serving.error == ProbeError::kConnect ? Likeness::kInconclusive : Likeness::kEqual;
  if (IsAnswered(serving)) return Likeness::kDifferent;
  // A Service that is slower than we wait, through both. All other silence says nothing about the candidate.
  const bool both_slow = serving.error == ProbeError::kTimeout && candidate.error == ProbeError::kTimeout;
  return both_slow ? Likeness::kEqual : Likeness::kInconclusive;
}

/// The host that nobody names shows whether a slot can be asked at all: 400 before routing is what a proxy says to a PROXY
/// header that it does not believe.
bool CannotAsk(const ProbeAnswer& answer) { return !IsAnswered(answer) || (answer.status == 400 && Route(answer).empty()); }

Likeness CompareAnswers(const Target& target, const ProbeAnswer& serving, const ProbeAnswer& candidate) {
  if (serving.error == ProbeError::kCanceled || candidate.error == ProbeError::kCanceled) return Likeness::kInconclusive;
  if (target.ingress.empty() && (CannotAsk(serving) || CannotAsk(candidate))) return Likeness::kInconclusive;
  if (!IsGood(serving)) return CompareFailing(serving, candidate);
  return IsAnswered(candidate) ? CompareGood(serving, candidate) : Likeness::kDifferent;
}

bool IsEnginesOwn(const effect::Certificate& certificate) {
  const auto engines = AllEngines();
  return certificate.self_signed && std::any_of(engines.begin(), engines.end(), [&](const Engine* engine) {
           return certificate.subject == engine->own_certificate;
         });
}

/// The same, or what each proxy makes for itself when there is no other, whatever its engine.
bool IsSame(const effect::Certificate& one, const effect::Certificate& other) {
  if (one.fingerprint == other.fingerprint || (IsEnginesOwn(one) && IsEnginesOwn(other))) return true;
  return one.self_signed && other.self_signed && one.subject == other.subject && one.names == other.names;
}

Likeness CompareCertificates(const Target& target, const ProbeAnswer& serving, const ProbeAnswer& candidate) {
  if (!target.tls) return Likeness::kEqual;
  if (serving.certificate && candidate.certificate) {
    return IsSame(*serving.certificate, *candidate.certificate) ? Likeness::kEqual : Likeness::kDifferent;
  }
  if (candidate.certificate) return Likeness::kEqual;
  const bool refused_hello = serving.certificate && candidate.error == ProbeError::kTls;
  return refused_hello ? Likeness::kDifferent : Likeness::kInconclusive;
}

std::string DescribeCertificate(const ProbeAnswer& answer) {
  if (!answer.certificate) return Describe(answer);
  const effect::Certificate& certificate = *answer.certificate;
  return fmt::format("certificate {} ({}, SHA-256 {})", certificate.subject,
                     certificate.names.empty() ? "no names" : fmt::format("{}", fmt::join(certificate.names, " ")),
                     certificate.fingerprint.substr(0, 12));
}

}  // namespace

std::string Describe(const ProbeAnswer& answer) {
  if (!IsAnswered(answer)) {
    const std::string name(effect::ProbeErrorName(answer.error));
    return answer.detail.empty() ? name : fmt::format("{} ({})", name, answer.detail);
  }
  std::string text = std::to_string(answer.status);
  if (const std::string location = Header(answer, "location"); !location.empty()) text += " to " + location;
  if (const std::string service = ServiceOf(answer); !service.empty()) text += " from " + service;
  return text;
}

Comparison Compare(const Target& target, const ProbeAnswer& serving, const ProbeAnswer& candidate) {
  Comparison comparison;
  comparison.answer = CompareAnswers(target, serving, candidate);
  comparison.certificate = CompareCertificates(target, serving, candidate);
  if (comparison.answer != Likeness::kEqual) {
    comparison.message =
        fmt::format("{}: serving: {}, candidate: {}", target.ToString(), Describe(serving), Describe(candidate));
  }
  if (comparison.certificate != Likeness::kEqual) {
    comparison.certificate_message = fmt::format("{}: serving: {}, candidate: {}", target.ToString(),
                                                 DescribeCertificate(serving), DescribeCertificate(candidate));
  }
  return comparison;
}

std::string ServiceOf(const ProbeAnswer& answer) {
  const std::string route = Route(answer);
  return route == "none" ? std::string() : route;
}

bool IsRefused(const ProbeAnswer& answer) { return answer.status == 403 && Route(answer).empty(); }

}  // namespace ingressfleet::plan::verify
