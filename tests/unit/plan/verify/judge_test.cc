#include "plan/verify/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ingressfleet::plan::verify {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using upgrade::Verdict;

const Comparison kSame{Likeness::kEqual, Likeness::kEqual, "", ""};
Comparison Other(const Target& target) {
  return {Likeness::kDifferent, Likeness::kEqual, target.ToString() + ": 200, 404", ""};
}
const Comparison kUnclear{Likeness::kInconclusive, Likeness::kInconclusive, "no connection", "no connection"};

Target At(int number) { return {false, fmt::format("h{}.test", number), "/", fmt::format("a/i{}", number), "1"}; }

Inventory Of(int targets, std::size_t total = 0) {
  Inventory inventory;
  for (int i = 0; i < targets; ++i) inventory.targets.push_back(At(i));
  inventory.targets.push_back({true, "h0.test", "/", "a/i0", "1"});
  std::sort(inventory.targets.begin(), inventory.targets.end());
  inventory.total = std::max(total, inventory.targets.size());
  return inventory;
}

void AnswerAll(Parity& parity, const std::function<Comparison(const Target&)>& answer) {
  while (!parity.IsComplete()) {
    for (const Target& target : parity.Next(3)) parity.Take(target, answer(target));
  }
}

TEST(ParityTest, PassesWhenAllWereAskedAndAlike) {
  Parity parity;
  EXPECT_EQ(parity.ParityOpinion().verdict, Verdict::kUnknown) << "nothing is no pass";
  parity.SetInventory(Of(9, 500));
  EXPECT_EQ(parity.ParityOpinion().verdict, Verdict::kUnknown);
  for (const Target& target : parity.Next(4)) parity.Take(target, kSame);
  EXPECT_EQ(parity.ParityOpinion(), (Opinion{Verdict::kUnknown, "4 of 10 (a sample of 500) targets asked so far"}));
  AnswerAll(parity, [](const Target&) { return kSame; });
  EXPECT_EQ(parity.ParityOpinion(), (Opinion{Verdict::kPass, "10 (a sample of 500) targets are alike"}));
  EXPECT_EQ(parity.TlsOpinion(), (Opinion{Verdict::kPass, "1 targets are alike"}));
}

TEST(ParityTest, ADifferenceCountsAfterThreeTries) {
  Parity parity;
  parity.SetInventory(Of(3));
  int asked = 0;
  AnswerAll(parity, [&](const Target& target) {
    if (target != At(1)) return kSame;
    ++asked;
    return Other(target);
  });
  EXPECT_EQ(asked, kTries);
  EXPECT_EQ(parity.ParityOpinion(),
            (Opinion{Verdict::kFail, "1 of 4 targets differ: http://h1.test/ (Ingress a/i1): 200, 404"}));
  EXPECT_EQ(parity.TlsOpinion().verdict, Verdict::kPass);
}

TEST(ParityTest, AFlappingAnswerIsNoDifference) {
  Parity parity;
  parity.SetInventory(Of(3));
  int asked = 0;
  AnswerAll(parity, [&](const Target& target) { return target == At(1) && ++asked < 3 ? Other(target) : kSame; });
  EXPECT_EQ(parity.ParityOpinion().verdict, Verdict::kPass);
}

TEST(ParityTest, RepetitionsComeLastAndAreTold) {
  Parity parity;
  parity.SetInventory(Of(3));
  EXPECT_FALSE(parity.IsRepeating());
  parity.Take(parity.Next(1).front(), kUnclear);
  EXPECT_FALSE(parity.IsRepeating());
  for (const Target& target : parity.Next(10)) parity.Take(target, kSame);
  EXPECT_TRUE(parity.IsRepeating());
  EXPECT_EQ(parity.Next(10).size(), 1U);
}

TEST(ParityTest, UnclearIsUnknownAndADifferenceBesideItAFailure) {
  Parity parity;
  parity.SetInventory(Of(3));
  AnswerAll(parity, [](const Target& target) { return target == At(1) ? kUnclear : kSame; });
  EXPECT_EQ(parity.ParityOpinion().verdict, Verdict::kUnknown);
  EXPECT_THAT(parity.ParityOpinion().message, HasSubstr("1 of 4 targets gave no clear answer: no connection"));
  Parity worse;
  worse.SetInventory(Of(3));
  AnswerAll(worse, [](const Target& target) { return target == At(1) ? kUnclear : target == At(2) ? Other(target) : kSame; });
  EXPECT_EQ(worse.ParityOpinion().verdict, Verdict::kFail);
}

TEST(ParityTest, NamesTheFirstFewAndCountsTheRest) {
  Parity parity;
  parity.SetInventory(Of(9));
  AnswerAll(parity, [](const Target& target) { return target.tls ? kSame : Other(target); });
  EXPECT_THAT(parity.ParityOpinion().message, HasSubstr("9 of 10 targets differ: http://h0.test/"));
  EXPECT_THAT(parity.ParityOpinion().message, HasSubstr("; and 6 more"));
}

TEST(ParityTest, IngressesComeAndGoWithoutAFalseFailure) {
  Parity parity;
  parity.SetInventory(Of(3));
  AnswerAll(parity, [](const Target& target) { return target == At(2) ? Other(target) : kSame; });
  ASSERT_EQ(parity.ParityOpinion().verdict, Verdict::kFail);
  parity.SetInventory(Of(2));
  EXPECT_EQ(parity.ParityOpinion().verdict, Verdict::kPass) << "the Ingress is gone";
  parity.SetInventory(Of(4));
  EXPECT_EQ(parity.ParityOpinion().verdict, Verdict::kUnknown);
  EXPECT_EQ(parity.Next(10).size(), 2U) << "only the new ones";
}

ProbeAnswer Status(int status, const std::string& route = "") {
  ProbeAnswer answer;
  answer.error = ProbeError::kNone;
  answer.status = status;
  if (!route.empty()) answer.headers[kRouteHeader] = route;
  return answer;
}

ProbeAnswer Error(ProbeError error) {
  ProbeAnswer answer;
  answer.error = error;
  return answer;
}

Opinion AskAll(Access& access, const std::function<ProbeAnswer(const Access::Question&)>& answer) {
  for (auto next = access.Next(); !next.empty(); next = access.Next()) {
    for (const auto& question : next) access.Take(question, answer(question));
  }
  return access.Judge();
}

TEST(AccessTest, LetsInAndRefuses) {
  const Sources sources{{"10.0.0.1"}, {"203.0.113.77", "11.0.0.0"}};
  const auto right = [](const Access::Question& question) { return question.allowed ? Status(404, "none") : Status(403); };
  Access good(sources);
  EXPECT_EQ(good.Next().size(), 6U) << "http and https";
  EXPECT_EQ(good.Judge().verdict, Verdict::kUnknown);
  EXPECT_EQ(AskAll(good, right).verdict, Verdict::kPass);

  Access wide(sources);
  const auto opinion = AskAll(wide, [](const Access::Question&) { return Status(404, "none"); });
  EXPECT_EQ(opinion.verdict, Verdict::kFail);
  EXPECT_THAT(opinion.message, HasSubstr("http from 11.0.0.0, which the access list refuses: 404"));

  Access closed(sources);
  EXPECT_EQ(AskAll(closed, [](const Access::Question&) { return Status(403); }).verdict, Verdict::kFail);
  Access backend(sources);
  EXPECT_EQ(AskAll(backend, [&](const Access::Question& q) { return q.allowed ? Status(403, "a/x:80") : Status(403); }).verdict,
            Verdict::kPass)
      << "a Service may say 403";
}

TEST(AccessTest, WithoutAnAnswerNothingIsKnown) {
  for (const ProbeAnswer& answer :
       {Error(ProbeError::kConnect), Error(ProbeError::kClosed), Error(ProbeError::kTimeout), Status(400), ProbeAnswer()}) {
    Access access({{"10.0.0.1"}, {"11.0.0.0"}});
    EXPECT_EQ(AskAll(access, [&](const Access::Question&) { return answer; }).verdict, Verdict::kUnknown) << Describe(answer);
  }
  Access nobody({});
  EXPECT_EQ(nobody.Judge().verdict, Verdict::kUnknown);
}

TEST(AccessTest, OneWrongAnswerIsAskedAgain) {
  Access access({{}, {"11.0.0.0"}});
  int asked = 0;
  EXPECT_EQ(
      AskAll(access, [&](const Access::Question& q) { return !q.tls && ++asked < 3 ? Status(404) : Status(403); }).verdict,
      Verdict::kPass);
  EXPECT_EQ(asked, 3);
}

TEST(EntryWatchTest, PassesWhileAnswersAreAsBefore) {
  EntryWatch watch;
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kUnknown);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kUnknown);
  const auto before = Status(200, "a/x:80");
  for (int i = 0; i < 19; ++i) watch.Take(At(i), &before, before);
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kPass);
  EXPECT_EQ(watch.BudgetOpinion(), (Opinion{Verdict::kUnknown, "0 of 19 requests through the entry failed; 20 are needed"}));
  watch.Take(At(0), &before, before);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kPass);
}

TEST(EntryWatchTest, ADifferenceFailsAfterThreeTriesAndHeals) {
  EntryWatch watch;
  const auto before = Status(200, "a/x:80"), lost = Status(404, "none");
  watch.Take(At(0), &before, before);
  watch.Take(At(1), &before, lost);
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kUnknown);
  EXPECT_EQ(watch.Doubtful(), std::vector<Target>{At(1)});
  watch.Take(At(1), &before, lost);
  watch.Take(At(1), &before, lost);
  EXPECT_THAT(watch.Doubtful(), IsEmpty());
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kFail);
  EXPECT_THAT(watch.EntryOpinion().message,
              HasSubstr("http://h1.test/ (Ingress a/i1): serving: 200 from a/x:80, candidate: 404"));
  EntryWatch other = watch;
  other.Keep({At(0)});
  EXPECT_EQ(other.EntryOpinion().verdict, Verdict::kPass) << "its Ingress is gone";
  watch.Take(At(1), &before, before);
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kPass);
}

TEST(EntryWatchTest, WhatAServiceAnswersIsItsOwnMatter) {
  EntryWatch watch;
  const auto before = Status(200, "a/x:80"), login = Status(302, "a/x:80"), broken = Status(500, "a/x:80");
  for (int i = 0; i < 5; ++i) watch.Take(At(0), &before, login);
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kPass) << "the same Service was reached";
  for (int i = 0; i < 5; ++i) watch.Take(At(0), &before, broken);
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kPass) << "that is for the budget";
}

TEST(EntryWatchTest, Budget) {
  const auto before = Status(200), broken = Status(503);
  EntryWatch watch;
  for (int i = 0; i < 2; ++i) watch.Take(At(0), &before, broken);
  for (int i = 0; i < 30; ++i) watch.Take(At(1), &before, before);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kUnknown) << "two of 32 may be chance, but are no pass";
  watch.Take(At(0), &before, Error(ProbeError::kConnect));
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kFail);
  EXPECT_THAT(watch.BudgetOpinion().message, HasSubstr("3 of 33 requests through the entry failed, more than 1 %"));
  for (int i = 0; i < 300; ++i) watch.Take(At(1), &before, before);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kPass);
}

TEST(EntryWatchTest, WhatFailedBeforeDoesNotCount) {
  EntryWatch watch;
  const auto broken = Status(503), good = Status(200);
  for (int i = 0; i < 30; ++i) watch.Take(At(0), &broken, broken);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kUnknown) << "no sample at all";
  EXPECT_EQ(watch.EntryOpinion().verdict, Verdict::kUnknown);
  for (int i = 0; i < 30; ++i) watch.Take(At(0), nullptr, broken);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kUnknown) << "nobody knows what was before";
  for (int i = 0; i < 30; ++i) watch.Take(At(0), &broken, good);
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kPass);
  for (int i = 0; i < 30; ++i) watch.Take(At(0), nullptr, Error(ProbeError::kConnect));
  EXPECT_EQ(watch.BudgetOpinion().verdict, Verdict::kFail) << "an entry that cannot be reached fails in any case";
}

}  // namespace
}  // namespace ingressfleet::plan::verify
