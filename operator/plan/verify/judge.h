#pragma once
// From answers to findings. Each of these keeps what was answered so far for one revision and one transition, says what to
// ask next, and what that amounts to. Pure: the asking is done by whoever drives them (app/evidence).
//
// Rules that hold for all: what is missing is never a pass; what is bad is a failure only after it was asked kTries times.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "plan/upgrade/types.h"
#include "plan/verify/compare.h"
#include "plan/verify/inventory.h"
#include "plan/verify/source.h"

namespace ingressfleet::plan::verify {

inline constexpr int kTries = 3;

/// A verdict before it is bound to a revision and a time.
struct Opinion {
  upgrade::Verdict verdict = upgrade::Verdict::kUnknown;
  std::string message;

  friend bool operator==(const Opinion&, const Opinion&) = default;
};

/// Probes Parity and Tls: all targets, asked of both slots.
class Parity {
 public:
  /// Targets that are gone are forgotten, new ones are still to be asked, the others keep their answers.
  void SetInventory(Inventory inventory);
  /// At most `limit` targets that were not asked yet; then those whose answers were not equal, until they were asked kTries
  /// times. Empty: nothing is left to ask.
  std::vector<Target> Next(std::size_t limit) const;
  /// Whether Next() begins with a repetition: time to wait a little.
  bool IsRepeating() const;
  void Take(const Target& target, Comparison comparison);

  bool IsComplete() const { return Next(1).empty(); }
  Opinion ParityOpinion() const;
  Opinion TlsOpinion() const;

 private:
  struct Asked {
    int tries = 0;
    Comparison last;
  };
  static bool IsEqual(const Asked& asked);
  Opinion Judge(Likeness Comparison::*part, std::string Comparison::*message, bool tls_only) const;

  Inventory inventory_;
  std::map<Target, Asked> asked_;
};

/// Probe Access: the candidate lets in whom the list lets in, and refuses the others.
class Access {
 public:
  explicit Access(Sources sources);

  struct Question {
    bool tls = false;
    std::string source;    ///< empty: nobody is claimed to ask
    bool allowed = false;  ///< what the list says
    friend auto operator<=>(const Question&, const Question&) = default;
  };
  /// What is left to ask; empty: nothing.
  std::vector<Question> Next() const;
  void Take(const Question& question, const effect::ProbeAnswer& answer);
  Opinion Judge() const;

 private:
  struct Asked {
    int tries = 0;
    effect::ProbeAnswer last;
  };
  static bool IsRight(const Question& question, const effect::ProbeAnswer& answer);
  static bool IsDisbelieved(const effect::ProbeAnswer& answer);

  std::map<Question, Asked> asked_;
};

/// What the serving slot answered before the selector moved.
using Baseline = std::map<Target, effect::ProbeAnswer>;

struct BudgetLimits {
  double failed_share = 0.01;
  std::size_t min_samples = 20;
  std::size_t min_failures = 3;  ///< fewer are no failure, however few the samples: one is chance

  friend bool operator==(const BudgetLimits&, const BudgetLimits&) = default;
};

/// Probes Entry and Budget: samples through the entry since the selector moved.
class EntryWatch {
 public:
  explicit EntryWatch(BudgetLimits limits = {}) : limits_(limits) {}

  /// `before` is the baseline's answer, else the preview's; null when there is neither.
  void Take(const Target& target, const effect::ProbeAnswer* before, const effect::ProbeAnswer& answer);
  /// Targets whose last answer was not like before and that were not asked kTries times since.
  std::vector<Target> Doubtful() const;
  /// Targets that are gone no longer count as answering wrongly.
  void Keep(const std::vector<Target>& targets);
  Opinion EntryOpinion() const;
  Opinion BudgetOpinion() const;

 private:
  void CountSample(const Target& target, const effect::ProbeAnswer* before, const effect::ProbeAnswer& answer);

  struct Doubt {
    int tries = 0;
    Comparison last;
  };
  BudgetLimits limits_;
  std::map<Target, Doubt> doubts_;
  std::size_t equal_ = 0;    ///< samples that were like before
  std::size_t samples_ = 0;  ///< that count for the budget
  std::size_t failures_ = 0;
  std::string last_failure_;
};

}  // namespace ingressfleet::plan::verify
