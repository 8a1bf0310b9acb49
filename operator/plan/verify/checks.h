#pragma once
// The user's own evidence: requests with an expected answer (probe Custom) and Prometheus queries (probe Metrics). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "effect/probe.h"
#include "kube/object.h"
#include "plan/upgrade/types.h"

namespace ingressfleet::plan::verify {

/// upgrade.verify.probes[]: asked of the candidate through the preview Service.
struct CustomProbe {
  std::string name;
  std::string scheme = "http";  ///< http or https
  std::string host;
  std::string path = "/";
  int port = 0;  ///< of the preview Service; 0 = the scheme's
  std::string method = "GET";
  kube::StringMap headers;
  std::string expected_status = "2xx";  ///< "200" or "2xx"
  std::string body_contains;            ///< in the first 64 KiB; empty = not looked at
  std::string source;                   ///< address to claim; empty = one that the access list lets in

  friend bool operator==(const CustomProbe&, const CustomProbe&) = default;
};

/// upgrade.verify.metrics[]
struct MetricQuery {
  std::string name;
  std::string address;             ///< "http://prometheus.monitoring:9090", with or without a path before /api/v1
  std::string query;               ///< PromQL, an instant query
  std::string success_condition;   ///< "result < 0.01"
  std::int64_t failure_limit = 0;  ///< measurements that may fail before the query fails

  friend bool operator==(const MetricQuery&, const MetricQuery&) = default;
};

/// "result < 0.01": one of < <= > >= == != and a number.
struct Condition {
  enum class Operator { kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kEqual, kNotEqual };
  Operator op = Operator::kLess;
  double bound = 0;

  /// kInvalid says what is expected: for validation too.
  static base::Result<Condition> Parse(std::string_view text);
  bool Holds(double value) const;
};

/// kInvalid unless it is "200" or "2xx".
base::Status ValidateExpectedStatus(std::string_view text);
bool StatusMatches(std::string_view expected, int status);

effect::ProbeRequest RequestOf(const CustomProbe& probe, const std::string& address, const std::string& default_source);
/// kInvalid when `address` is not an http or https URL with a host.
base::Result<effect::ProbeRequest> RequestOf(const MetricQuery& metric);

/// One measurement. kUnknown: no connection, an answer that is no result, an empty result, NaN.
struct Measurement {
  upgrade::Verdict verdict = upgrade::Verdict::kUnknown;
  std::string message;  ///< names the probe or query, and what came back
};
Measurement Measure(const CustomProbe& probe, const effect::ProbeAnswer& answer);
/// All samples of the result have to satisfy the condition.
Measurement Measure(const MetricQuery& metric, const effect::ProbeAnswer& answer);

/// Measurements of one probe or query since the transition began. It fails when more than `failure_limit` of them failed,
/// passes when the last one passed, and else nothing is known.
class Tally {
 public:
  /// `in_a_row`: a measurement that passes makes the failures before it forgotten.
  Tally(std::int64_t failure_limit, bool in_a_row) : failure_limit_(failure_limit), in_a_row_(in_a_row) {}

  void Add(Measurement measurement);
  Measurement Judge() const;

 private:
  std::int64_t failure_limit_;
  bool in_a_row_;
  std::int64_t failures_ = 0;
  Measurement last_;
};

}  // namespace ingressfleet::plan::verify
