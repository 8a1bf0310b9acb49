#include "api/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace ingressfleet::api {
namespace {

constexpr std::size_t kMaxShownValue = 80;

std::string Shown(const kube::Json& value) {
  std::string text = value.dump(-1, ' ', false, kube::Json::error_handler_t::replace);
  return text.size() <= kMaxShownValue ? text : text.substr(0, kMaxShownValue) + "…";
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

/// The candidate that `text` was probably meant to be; empty when none is close.
std::string_view Closest(std::string_view text, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kMaxText = 64;  // nothing that long is a slip of the finger
  if (text.size() > kMaxText) return {};
  const std::string wanted = Lower(text);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, text.size() / 4) + 1;
  for (const std::string_view candidate : candidates) {
    const std::string lower = Lower(candidate);
    const bool similar_length = 2 * std::min(wanted.size(), lower.size()) >= std::max(wanted.size(), lower.size());
    const bool part = similar_length && wanted.size() >= 4 &&
                      (lower.find(wanted) != std::string::npos || wanted.find(lower) != std::string::npos);
    const std::size_t distance = part ? 1 : EditDistance(wanted, lower);
    if (distance < std::min(best_distance, std::max(wanted.size(), lower.size()))) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view text, const std::vector<std::string_view>& candidates) {
  const std::string_view closest = Closest(text, candidates);
  return closest.empty() ? "" : fmt::format("did you mean \"{}\"?", closest);
}

}  // namespace

const kube::Json* Reader::Take(const char* name) {
  known_.emplace_back(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

void Reader::ReportUnknown() const {
  for (const auto& [name, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::string detail = DidYouMean(name, known_);
    if (detail.empty()) detail = fmt::format("remove it; the fields here are {}", fmt::join(known_, ", "));
    errors_.push_back({FieldError::Type::kUnknown, PathOf(name.c_str()), "", std::move(detail)});
  }
}

void Reader::WrongType(const kube::Json& value, const std::string& path, std::string_view wanted) {
  const bool quotes_help = wanted == "a string" && (value.is_number() || value.is_boolean());
  errors_.push_back({FieldError::Type::kInvalid, path, Shown(value),
                     fmt::format("must be {}{}", wanted, quotes_help ? "; put it in quotes" : "")});
}

void Reader::NotSupported(const kube::Json& value, const std::string& path, const std::vector<std::string_view>& supported) {
  std::string detail = fmt::format("supported values: \"{}\"", fmt::join(supported, "\", \""));
  const std::string hint = DidYouMean(value.get_ref<const std::string&>(), supported);
  if (!hint.empty()) detail += "; " + hint;
  errors_.push_back({FieldError::Type::kNotSupported, path, Shown(value), std::move(detail)});
}

void Reader::Read(const kube::Json& value, const std::string& path, bool& out) {
  if (!value.is_boolean()) return WrongType(value, path, "true or false");
  out = value.get<bool>();
}

void Reader::Read(const kube::Json& value, const std::string& path, std::int64_t& out) {
  const bool fits =
      value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (!fits) return WrongType(value, path, "an integer");
  out = value.get<std::int64_t>();
}

void Reader::Read(const kube::Json& value, const std::string& path, std::string& out) {
  if (!value.is_string()) return WrongType(value, path, "a string");
  out = value.get<std::string>();
}

void Reader::Read(const kube::Json& value, const std::string& path, Quantity& out) {
  if (!value.is_string() && !value.is_number_integer()) return WrongType(value, path, "an integer or a quantity in quotes");
  out.value = value;
}

void Reader::Read(const kube::Json& value, const std::string& path, std::vector<kube::Condition>& out) {
  if (!value.is_array()) return WrongType(value, path, "a list");
  out = kube::DecodeConditions(value);
}

}  // namespace ingressfleet::api
