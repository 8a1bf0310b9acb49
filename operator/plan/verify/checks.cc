#include "plan/verify/checks.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/json.h"

namespace ingressfleet::plan::verify {
namespace {

using base::Code;
using base::Fail;
using upgrade::Verdict;

constexpr std::pair<std::string_view, Condition::Operator> kOperators[] = {
    // Longer ones first: "<=" begins with "<".
    {"<=", Condition::Operator::kLessOrEqual}, {">=", Condition::Operator::kGreaterOrEqual},
    {"==", Condition::Operator::kEqual},       {"!=", Condition::Operator::kNotEqual},
    {"<", Condition::Operator::kLess},         {">", Condition::Operator::kGreater},
};

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// As Prometheus writes numbers: "0.5", "1e-3", "+Inf", "NaN".
std::optional<double> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The value of a pair [time, "value"]; nullopt when it is no number.
std::optional<double> SampleValue(const kube::Json& pair) {
  if (!pair.is_array() || pair.size() != 2 || !pair[1].is_string()) return std::nullopt;
  const auto number = ParseNumber(pair[1].get_ref<const std::string&>());
  return number && !std::isnan(*number) ? number : std::nullopt;
}

/// All values of an instant query's answer; nullopt when there is none or one is no number.
std::optional<std::vector<double>> ValuesOf(const std::string& body) {
  const kube::Json json = kube::Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (kube::TextOf(json, "status") != "success") return std::nullopt;
  const kube::Json& data = kube::ListOf(json, "data");
  const kube::Json& result = kube::ListOf(data, "result");
  std::vector<double> values;
  if (kube::TextOf(data, "resultType") == "scalar") {
    const auto value = SampleValue(result);
    if (value) values.push_back(*value);
    return value ? std::optional(values) : std::nullopt;
  }
  for (const kube::Json& sample : result) {
    const auto value = SampleValue(kube::ListOf(sample, "value"));
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values.empty() ? std::nullopt : std::optional(values);
}

/// For the query component of a URL.
std::string Encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string NoAnswer(const effect::ProbeAnswer& answer) {
  return fmt::format("{}{}{}", effect::ProbeErrorName(answer.error), answer.detail.empty() ? "" : ": ", answer.detail);
}

}  // namespace

base::Result<Condition> Condition::Parse(std::string_view text) {
  constexpr std::string_view kSubject = "result";
  const auto refuse = [&] {
    return Fail(Code::kInvalid,
                fmt::format("\"{}\" must be like \"result < 0.01\", with one of < <= > >= == != and a number", text));
  };
  std::string_view rest = Trim(text);
  if (!rest.starts_with(kSubject)) return refuse();
  rest = Trim(rest.substr(kSubject.size()));
  for (const auto& [sign, op] : kOperators) {
    if (!rest.starts_with(sign)) continue;
    const auto bound = ParseNumber(Trim(rest.substr(sign.size())));
    if (!bound || !std::isfinite(*bound)) return refuse();
    return Condition{op, *bound};
  }
  return refuse();
}

bool Condition::Holds(double value) const {
  switch (op) {
    case Operator::kLess: return value < bound;
    case Operator::kLessOrEqual: return value <= bound;
    case Operator::kGreater: return value > bound;
    case Operator::kGreaterOrEqual: return value >= bound;
    case Operator::kEqual: return value == bound;
    case Operator::kNotEqual: return value != bound;
  }
  return false;
}

base::Status ValidateExpectedStatus(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool ok =
      text.size() == 3 && text[0] >= '1' && text[0] <= '5' && (text.substr(1) == "xx" || (digit(text[1]) && digit(text[2])));
  if (ok) return {};
  return Fail(Code::kInvalid, fmt::format("\"{}\" must be a status like \"200\" or a class like \"2xx\"", text));
}

bool StatusMatches(std::string_view expected, int status) {
  const std::string text = std::to_string(status);
  return expected.ends_with("xx") ? text.size() == 3 && text[0] == expected[0] : text == expected;
}

effect::ProbeRequest RequestOf(const CustomProbe& probe, const std::string& address, const std::string& default_source) {
  effect::ProbeRequest request;
  request.address = address;
  request.tls = probe.scheme == "https";
  request.port = probe.port != 0 ? probe.port : request.tls ? 443 : 80;
  request.host = probe.host;
  request.path = probe.path;
  request.method = probe.method;
  request.headers = probe.headers;
  request.source = probe.source.empty() ? default_source : probe.source;
  request.keep_body = !probe.body_contains.empty();
  return request;
}

base::Result<effect::ProbeRequest> RequestOf(const MetricQuery& metric) {
  effect::ProbeRequest request;
  std::string_view rest = metric.address;
  request.tls = rest.starts_with("https://");
  if (!request.tls && !rest.starts_with("http://")) {
    return Fail(Code::kInvalid, fmt::format("\"{}\" must be an http or https URL", metric.address));
  }
  rest.remove_prefix(request.tls ? 8 : 7);
  const auto slash = rest.find('/');
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string_view host = rest.substr(0, slash);
  request.port = request.tls ? 443 : 80;
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), request.port);
    const bool is_port =
        error == std::errc() && end == digits.data() + digits.size() && request.port > 0 && request.port < 65536;
    if (!is_port) return Fail(Code::kInvalid, fmt::format("\"{}\" has a port that is none", metric.address));
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Fail(Code::kInvalid, fmt::format("\"{}\" has no host", metric.address));
  request.address = host;
  request.host = host;
  request.path = fmt::format("{}/api/v1/query?query={}", path, Encode(metric.query));
  request.keep_body = true;
  return request;
}

Measurement Measure(const CustomProbe& probe, const effect::ProbeAnswer& answer) {
  const std::string name = fmt::format("probe {}: {}://{}{}", probe.name, probe.scheme, probe.host, probe.path);
  if (answer.error == effect::ProbeError::kCanceled) return {Verdict::kUnknown, name + " was not asked"};
  if (answer.error != effect::ProbeError::kNone) return {Verdict::kFail, fmt::format("{}: {}", name, NoAnswer(answer))};
  if (!StatusMatches(probe.expected_status, answer.status)) {
    return {Verdict::kFail, fmt::format("{}: status {}, not {}", name, answer.status, probe.expected_status)};
  }
  if (answer.body.find(probe.body_contains) == std::string::npos) {
    return {Verdict::kFail,
            fmt::format("{}: status {}, but the body does not contain \"{}\"", name, answer.status, probe.body_contains)};
  }
  return {Verdict::kPass, {}};
}

Measurement Measure(const MetricQuery& metric, const effect::ProbeAnswer& answer) {
  const std::string name = fmt::format("metric {} at {}", metric.name, metric.address);
  const auto condition = Condition::Parse(metric.success_condition);
  if (!condition) return {Verdict::kUnknown, fmt::format("{}: {}", name, condition.error().message)};
  if (answer.error != effect::ProbeError::kNone) return {Verdict::kUnknown, fmt::format("{}: {}", name, NoAnswer(answer))};
  if (answer.status != 200) return {Verdict::kUnknown, fmt::format("{}: status {}", name, answer.status)};
  const auto values = ValuesOf(answer.body);
  if (!values) return {Verdict::kUnknown, name + ": no result, or one that is no number"};
  for (const double value : *values) {
    if (!condition->Holds(value))
      return {Verdict::kFail, fmt::format("{}: result {:g}, wanted {}", name, value, metric.success_condition)};
  }
  return {Verdict::kPass, {}};
}

void Tally::Add(Measurement measurement) {
  if (measurement.verdict == Verdict::kFail) ++failures_;
  if (measurement.verdict == Verdict::kPass && in_a_row_) failures_ = 0;
  last_ = std::move(measurement);
}

Measurement Tally::Judge() const {
  if (failures_ > failure_limit_)
    return {Verdict::kFail, fmt::format("{} ({} failures, {} allowed)", last_.message, failures_, failure_limit_)};
  if (last_.verdict == Verdict::kPass) return last_;
  return {Verdict::kUnknown, last_.message};
}

}  // namespace ingressfleet::plan::verify
