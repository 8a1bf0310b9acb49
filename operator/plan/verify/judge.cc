#include "plan/verify/judge.h"

#include <fmt/format.h>

namespace ingressfleet::plan::verify {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;
using upgrade::Verdict;

constexpr std::size_t kNamed = 3;

/// The first few messages, and how many there are.
class Names {
 public:
  void Add(const std::string& message) {
    if (++count_ <= kNamed) text_ += (text_.empty() ? "" : "; ") + message;
  }
  std::size_t count() const { return count_; }
  std::string Text() const { return count_ > kNamed ? fmt::format("{}; and {} more", text_, count_ - kNamed) : text_; }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

bool IsAnswered(const ProbeAnswer& answer) { return answer.error == ProbeError::kNone; }
bool IsFailure(const ProbeAnswer& answer) { return !IsAnswered(answer) || answer.status >= 500; }

}  // namespace

// -------------------------------------------------------------------------------------------------------------- Parity, Tls

void Parity::SetInventory(Inventory inventory) {
  inventory_ = std::move(inventory);
  std::map<Target, Asked> kept;
  for (const Target& target : inventory_.targets) {
    if (auto found = asked_.extract(target)) kept.insert(std::move(found));
  }
  asked_ = std::move(kept);
}

bool Parity::IsEqual(const Asked& asked) {
  return asked.last.answer == Likeness::kEqual && asked.last.certificate == Likeness::kEqual;
}

std::vector<Target> Parity::Next(std::size_t limit) const {
  std::vector<Target> fresh, doubtful;
  for (const Target& target : inventory_.targets) {
    const auto found = asked_.find(target);
    if (found == asked_.end()) {
      fresh.push_back(target);
    } else if (!IsEqual(found->second) && found->second.tries < kTries) {
      doubtful.push_back(target);
    }
    if (fresh.size() == limit) break;
  }
  std::vector<Target>& next = fresh.empty() ? doubtful : fresh;
  if (next.size() > limit) next.resize(limit);
  return std::move(next);
}

bool Parity::IsRepeating() const {
  const auto next = Next(1);
  return !next.empty() && asked_.contains(next.front());
}

void Parity::Take(const Target& target, Comparison comparison) {
  Asked& asked = asked_[target];
  ++asked.tries;
  asked.last = std::move(comparison);
}

Opinion Parity::Judge(Likeness Comparison::*part, std::string Comparison::*message, bool tls_only) const {
  Names different, unclear;
  std::size_t asked = 0, wanted = 0;
  for (const Target& target : inventory_.targets) {
    if (tls_only && !target.tls) continue;
    ++wanted;
    const auto found = asked_.find(target);
    if (found == asked_.end()) continue;
    ++asked;
    const Comparison& last = found->second.last;
    if (last.*part == Likeness::kEqual) continue;
    const bool confirmed = last.*part == Likeness::kDifferent && found->second.tries >= kTries;
    (confirmed ? different : unclear).Add(last.*message);
  }
  const std::string counted = inventory_.total > inventory_.targets.size() && !tls_only
                                  ? fmt::format("{} (a sample of {})", wanted, inventory_.total)
                                  : std::to_string(wanted);
  if (different.count() > 0) {
    return {Verdict::kFail, fmt::format("{} of {} targets differ: {}", different.count(), counted, different.Text())};
  }
  if (asked < wanted) return {Verdict::kUnknown, fmt::format("{} of {} targets asked so far", asked, counted)};
  if (unclear.count() > 0) {
    return {Verdict::kUnknown,
            fmt::format("{} of {} targets gave no clear answer: {}", unclear.count(), counted, unclear.Text())};
  }
  if (wanted == 0) return {Verdict::kUnknown, "there is nothing to ask"};
  return {Verdict::kPass, fmt::format("{} targets are alike", counted)};
}

Opinion Parity::ParityOpinion() const { return Judge(&Comparison::answer, &Comparison::message, false); }
Opinion Parity::TlsOpinion() const { return Judge(&Comparison::certificate, &Comparison::certificate_message, true); }

// ------------------------------------------------------------------------------------------------------------------- Access

Access::Access(Sources sources) {
  for (const bool tls : {false, true}) {
    for (const std::string& source : sources.allowed) asked_.try_emplace({tls, source, true});
    for (const std::string& source : sources.denied) asked_.try_emplace({tls, source, false});
  }
}

bool Access::IsRight(const Question& question, const ProbeAnswer& answer) {
  return IsAnswered(answer) && IsRefused(answer) != question.allowed && !IsDisbelieved(answer);
}

/// What a proxy says to a PROXY header that it does not believe: nothing is known about its list then.
bool Access::IsDisbelieved(const ProbeAnswer& answer) { return answer.status == 400 && !answer.headers.contains(kRouteHeader); }

std::vector<Access::Question> Access::Next() const {
  std::vector<Question> next;
  for (const auto& [question, asked] : asked_) {
    if (asked.tries == 0 || (!IsRight(question, asked.last) && asked.tries < kTries)) next.push_back(question);
  }
  return next;
}

void Access::Take(const Question& question, const ProbeAnswer& answer) {
  Asked& asked = asked_[question];
  ++asked.tries;
  asked.last = answer;
}

Opinion Access::Judge() const {
  Names wrong, unclear;
  for (const auto& [question, asked] : asked_) {
    if (asked.tries > 0 && IsRight(question, asked.last)) continue;
    const std::string text = fmt::format("{} from {}, which the access list {}: {}", question.tls ? "https" : "http",
                                         question.source.empty() ? "the operator's own address" : question.source,
                                         question.allowed ? "lets in" : "refuses", Describe(asked.last));
    const bool confirmed = asked.tries >= kTries && IsAnswered(asked.last) && !IsDisbelieved(asked.last);
    (confirmed ? wrong : unclear).Add(text);
  }
  if (wrong.count() > 0)
    return {Verdict::kFail, fmt::format("the candidate treats {} sources wrongly: {}", wrong.count(), wrong.Text())};
  if (unclear.count() > 0)
    return {Verdict::kUnknown, fmt::format("{} questions without an answer: {}", unclear.count(), unclear.Text())};
  if (asked_.empty()) return {Verdict::kUnknown, "there is no address to claim"};
  return {Verdict::kPass, fmt::format("{} claimed sources are let in or refused as the access list says", asked_.size())};
}

// ------------------------------------------------------------------------------------------------------------ Entry, Budget

void EntryWatch::Take(const Target& target, const ProbeAnswer* before, const ProbeAnswer& answer) {
  if (answer.error == ProbeError::kCanceled) return;
  CountSample(target, before, answer);
  // A Service that fails is a matter of the budget: the route was there.
  const bool service_fails = IsAnswered(answer) && answer.status >= 500;
  const bool nothing_learnt = IsFailure(answer) && (before != nullptr && IsFailure(*before));
  if (before == nullptr || service_fails || nothing_learnt) return;
  Comparison comparison = Compare(target, *before, answer);
  // What a Service answers may change while we watch; the entry's part is to reach the same one.
  const bool same_service = !ServiceOf(answer).empty() && ServiceOf(answer) == ServiceOf(*before);
  if (same_service || comparison.answer == Likeness::kEqual) {
    ++equal_;
    doubts_.erase(target);
    return;
  }
  Doubt& doubt = doubts_[target];
  ++doubt.tries;
  doubt.last = std::move(comparison);
}

void EntryWatch::CountSample(const Target& target, const ProbeAnswer* before, const ProbeAnswer& answer) {
  const bool failed = IsFailure(answer);
  // Nobody knows whether a Service failed before; a proxy that cannot be reached is a failure in any case.
  const bool by_service = IsAnswered(answer) || answer.error == ProbeError::kTimeout;
  if (failed && by_service && (before == nullptr || IsFailure(*before))) return;
  ++samples_;
  if (!failed) return;
  ++failures_;
  last_failure_ = fmt::format("{}: {}", target.ToString(), Describe(answer));
}

std::vector<Target> EntryWatch::Doubtful() const {
  std::vector<Target> targets;
  for (const auto& [target, doubt] : doubts_) {
    if (doubt.tries < kTries) targets.push_back(target);
  }
  return targets;
}

void EntryWatch::Keep(const std::vector<Target>& targets) {
  std::erase_if(doubts_, [&](const auto& doubt) { return !std::binary_search(targets.begin(), targets.end(), doubt.first); });
}

Opinion EntryWatch::EntryOpinion() const {
  Names different, unclear;
  for (const auto& [target, doubt] : doubts_) {
    const bool confirmed = doubt.tries >= kTries && doubt.last.answer == Likeness::kDifferent;
    (confirmed ? different : unclear).Add(doubt.last.message);
  }
  if (different.count() > 0) {
    return {Verdict::kFail,
            fmt::format("the entry answers {} targets in another way: {}", different.count(), different.Text())};
  }
  if (equal_ == 0) return {Verdict::kUnknown, unclear.count() == 0 ? "the entry has not been asked yet" : unclear.Text()};
  if (unclear.count() > 0) return {Verdict::kUnknown, unclear.Text()};
  return {Verdict::kPass, fmt::format("{} answers of the entry were as before", equal_)};
}

Opinion EntryWatch::BudgetOpinion() const {
  const std::string counted = fmt::format("{} of {} requests through the entry failed", failures_, samples_);
  const bool over = static_cast<double>(failures_) > limits_.failed_share * static_cast<double>(samples_);
  if (samples_ < limits_.min_samples)
    return {Verdict::kUnknown, fmt::format("{}; {} are needed", counted, limits_.min_samples)};
  if (!over) return {Verdict::kPass, counted};
  const std::string excess =
      fmt::format("{}, more than {:g} %; the last one: {}", counted, limits_.failed_share * 100, last_failure_);
  return {failures_ >= limits_.min_failures ? Verdict::kFail : Verdict::kUnknown, excess};
}

}  // namespace ingressfleet::plan::verify
