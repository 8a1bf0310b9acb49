#pragma once
// Label selectors (metav1.LabelSelector). Pure.

#include <string>
#include <vector>

#include "base/result.h"
#include "kube/object.h"

namespace ingressfleet::kube {

class LabelSelector {
 public:
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  struct Requirement {
    std::string key;
    Operator op = Operator::kExists;
    std::vector<std::string> values;
    friend bool operator==(const Requirement&, const Requirement&) = default;
  };

  /// Reads {matchLabels, matchExpressions}. An empty selector matches everything. kInvalid names the member.
  static base::Result<LabelSelector> Parse(const Json& selector);

  bool Matches(const StringMap& labels) const;
  bool MatchesEverything() const { return requirements_.empty(); }
  /// As in the API's `labelSelector` query: "env in (staging),team".
  std::string ToString() const;

  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;

 private:
  std::vector<Requirement> requirements_;
};

}  // namespace ingressfleet::kube
