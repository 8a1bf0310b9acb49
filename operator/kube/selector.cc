#include "kube/selector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace ingressfleet::kube {
namespace {

using Operator = LabelSelector::Operator;
using Requirement = LabelSelector::Requirement;

constexpr std::array<std::pair<std::string_view, Operator>, 4> kOperators{{
    {"In", Operator::kIn},
    {"NotIn", Operator::kNotIn},
    {"Exists", Operator::kExists},
    {"DoesNotExist", Operator::kDoesNotExist},
}};

bool NeedsValues(Operator op) { return op == Operator::kIn || op == Operator::kNotIn; }

base::Result<Requirement> ParseExpression(const Json& expression, std::size_t index) {
  Requirement requirement;
  requirement.key = TextOf(expression, "key");
  const auto name = TextOf(expression, "operator");
  const auto* const row =
      std::find_if(kOperators.begin(), kOperators.end(), [&](const auto& known) { return known.first == name; });
  if (requirement.key.empty() || row == kOperators.end()) {
    return base::Fail(
        base::Code::kInvalid,
        fmt::format("matchExpressions[{}]: needs a key and an operator of In, NotIn, Exists, DoesNotExist", index));
  }
  requirement.op = row->second;
  for (const Json& value : ListOf(expression, "values")) {
    if (value.is_string()) requirement.values.push_back(value.get<std::string>());
  }
  if (NeedsValues(requirement.op) == requirement.values.empty()) {
    return base::Fail(base::Code::kInvalid,
                      fmt::format("matchExpressions[{}].values: required for In and NotIn, forbidden otherwise", index));
  }
  return requirement;
}

bool Holds(const Requirement& requirement, const StringMap& labels) {
  const auto found = labels.find(requirement.key);
  const bool present = found != labels.end();
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), found->second) != requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::kIn: return present && listed();
    case Operator::kNotIn: return !present || !listed();
    case Operator::kExists: return present;
    case Operator::kDoesNotExist: return !present;
  }
  return false;
}

std::string RequirementText(const Requirement& requirement) {
  switch (requirement.op) {
    case Operator::kIn: return fmt::format("{} in ({})", requirement.key, fmt::join(requirement.values, ","));
    case Operator::kNotIn: return fmt::format("{} notin ({})", requirement.key, fmt::join(requirement.values, ","));
    case Operator::kExists: return requirement.key;
    case Operator::kDoesNotExist: return "!" + requirement.key;
  }
  return requirement.key;
}

}  // namespace

base::Result<LabelSelector> LabelSelector::Parse(const Json& selector) {
  LabelSelector parsed;
  for (const auto& [key, value] : MapOf(selector, "matchLabels")) {
    parsed.requirements_.push_back({key, Operator::kIn, {value}});
  }
  std::size_t index = 0;
  for (const Json& expression : ListOf(selector, "matchExpressions")) {
    auto requirement = ParseExpression(expression, index++);
    if (!requirement) return base::Fail(requirement.error());
    parsed.requirements_.push_back(std::move(*requirement));
  }
  return parsed;
}

bool LabelSelector::Matches(const StringMap& labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& requirement) { return Holds(requirement, labels); });
}

std::string LabelSelector::ToString() const {
  std::vector<std::string> parts;
  for (const Requirement& requirement : requirements_) parts.push_back(RequirementText(requirement));
  return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace ingressfleet::kube
