#include "plan/verify/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/verify/source.h"

namespace ingressfleet::plan::verify {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Target kTarget{false, "shop.test", "/cart", "shop/web", "1"};
const Target kSecure{true, "shop.test", "/cart", "shop/web", "1"};
const Target kNobody{false, std::string(kUnknownHost), "/", "", ""};

ProbeAnswer Status(int status, const std::string& route = "", const std::string& location = "") {
  ProbeAnswer answer;
  answer.error = ProbeError::kNone;
  answer.status = status;
  if (!route.empty()) answer.headers[kRouteHeader] = route;
  if (!location.empty()) answer.headers["location"] = location;
  return answer;
}

ProbeAnswer Error(ProbeError error) {
  ProbeAnswer answer;
  answer.error = error;
  return answer;
}

constexpr auto kEqual = Likeness::kEqual;
constexpr auto kDifferent = Likeness::kDifferent;
constexpr auto kInconclusive = Likeness::kInconclusive;

TEST(CompareTest, Table) {
  const auto refused = Error(ProbeError::kConnect), closed = Error(ProbeError::kClosed), slow = Error(ProbeError::kTimeout);
  struct Case {
    const char* name;
    ProbeAnswer serving, candidate;
    Likeness likeness;
  };
  const std::vector<Case> cases{
      {"same", Status(200), Status(200), kEqual},
      {"same class", Status(200), Status(204), kEqual},
      {"another class", Status(200), Status(404), kDifferent},
      {"forbidden is not missing", Status(403), Status(404), kDifferent},
      {"but one Service may say both", Status(404, "a/x:80"), Status(429, "a/x:80"), kEqual},
      {"another Service", Status(200, "a/x:80"), Status(200, "a/y:80"), kDifferent},
      {"a Service or none", Status(404, "a/x:80"), Status(404, "none"), kDifferent},
      {"one side does not tell", Status(200, "a/x:80"), Status(200), kEqual},
      {"redirect elsewhere", Status(301, "", "https://a/"), Status(301, "", "http://a/"), kDifferent},
      {"redirect with a nonce", Status(302, "", "https://a/login?state=1"), Status(302, "", "https://a/login?state=2#x"),
       kEqual},
      {"candidate fails", Status(200), Status(503), kDifferent},
      {"candidate is silent", Status(200), closed, kDifferent},
      {"candidate is slow", Status(200), slow, kDifferent},
      {"candidate is not there", Status(404), refused, kDifferent},
      {"both fail", Status(502), Status(503), kEqual},
      {"candidate is better", Status(502), Status(200), kEqual},
      {"candidate is better than silence", closed, Status(200), kEqual},
      {"candidate says at least something", closed, Status(502), kEqual},
      {"candidate is worse than a failure", Status(502), closed, kDifferent},
      {"nobody is there", refused, refused, kInconclusive},
      {"the serving slot is not there", refused, Status(503), kInconclusive},
      {"the Service is slow", slow, slow, kEqual},
      {"both are silent", closed, closed, kInconclusive},
      {"not asked", Error(ProbeError::kCanceled), Status(200), kInconclusive},
      {"not asked", Status(200), Error(ProbeError::kCanceled), kInconclusive},
  };
  for (const Case& row : cases) {
    const Comparison comparison = Compare(kTarget, row.serving, row.candidate);
    EXPECT_EQ(comparison.answer, row.likeness) << row.name << ": " << comparison.message;
    EXPECT_EQ(comparison.message.empty(), row.likeness == kEqual) << row.name;
    EXPECT_EQ(comparison.certificate, kEqual) << "there is none with http";
  }
}

TEST(CompareTest, TheHostThatNobodyNamesShowsWhetherASlotCanBeAsked) {
  EXPECT_EQ(Compare(kNobody, Status(404, "none"), Status(404, "none")).answer, kEqual);
  EXPECT_EQ(Compare(kNobody, Status(400), Status(400)).answer, kInconclusive) << "neither believes the header";
  EXPECT_EQ(Compare(kNobody, Status(400), Status(404, "none")).answer, kInconclusive) << "the serving slot does not";
  EXPECT_EQ(Compare(kNobody, Status(404), Error(ProbeError::kClosed)).answer, kInconclusive);
  EXPECT_EQ(Compare(kNobody, Status(400, "a/catch-all:80"), Status(400, "a/catch-all:80")).answer, kEqual);
}

TEST(CompareTest, MessageNamesTargetIngressAndBothAnswers) {
  EXPECT_EQ(
      Compare(kTarget, Status(301, "shop/web:80", "https://shop.test/cart"), Status(404, "none")).message,
      "http://shop.test/cart (Ingress shop/web): serving: 301 to https://shop.test/cart from shop/web:80, candidate: 404");
}

ProbeAnswer With(const std::string& fingerprint, const std::string& subject = "shop.test", bool self_signed = false) {
  ProbeAnswer answer = Status(200);
  answer.certificate = effect::Certificate{fingerprint, subject, {"shop.test"}, self_signed};
  return answer;
}

TEST(CompareTest, Certificates) {
  const auto likeness = [](const ProbeAnswer& serving, const ProbeAnswer& candidate) {
    return Compare(kSecure, serving, candidate).certificate;
  };
  EXPECT_EQ(likeness(With("aa"), With("aa")), kEqual);
  EXPECT_EQ(likeness(With("aa"), With("bb")), kDifferent) << "an old certificate of the same name";
  EXPECT_EQ(likeness(With("aa", "default", true), With("bb", "default", true)), kEqual) << "each proxy makes its own";
  EXPECT_EQ(likeness(With("aa", "default", true), With("bb", "other", true)), kDifferent);
  EXPECT_EQ(likeness(With("aa"), With("bb", "default", true)), kDifferent);
  EXPECT_EQ(likeness(With("aa", "Ingress Fleet default certificate", true), With("bb", "TRAEFIK DEFAULT CERT", true)), kEqual)
      << "of another engine";
  EXPECT_EQ(likeness(With("aa", "default", true), With("bb", "TRAEFIK DEFAULT CERT", true)), kDifferent)
      << "ours was somebody's";
  EXPECT_EQ(likeness(With("aa"), Error(ProbeError::kTls)), kDifferent);
  EXPECT_EQ(likeness(Error(ProbeError::kTls), With("aa")), kEqual);
  EXPECT_EQ(likeness(With("aa"), Error(ProbeError::kConnect)), kInconclusive);
  EXPECT_EQ(likeness(Error(ProbeError::kTls), Error(ProbeError::kTls)), kInconclusive);
  EXPECT_THAT(Compare(kSecure, With("aa"), With("bb")).certificate_message,
              HasSubstr("https://shop.test/cart (Ingress shop/web): serving: certificate shop.test (shop.test, SHA-256 aa)"));
}

TEST(CompareTest, RefusedMeansBeforeRouting) {
  EXPECT_TRUE(IsRefused(Status(403)));
  EXPECT_FALSE(IsRefused(Status(403, "a/x:80"))) << "the Service said so";
  EXPECT_FALSE(IsRefused(Status(404)));
  EXPECT_FALSE(IsRefused(Error(ProbeError::kClosed)));
}

TEST(SourceTest, InsideAndNextToRanges) {
  const Sources sources = SourcesOf({"10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"});
  EXPECT_THAT(sources.allowed, ElementsAre("10.0.0.1", "192.0.2.7", "2001:db8::1"));
  EXPECT_THAT(sources.denied, ElementsAre("203.0.113.77", "198.51.100.77", "192.0.2.77", "9.255.255.255", "11.0.0.0",
                                          "192.0.2.6", "192.0.2.8", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"));
}

TEST(SourceTest, NeighboursThatAnotherRangeHoldsAreNotOutside) {
  const Sources sources = SourcesOf({"10.0.0.0/9", "10.128.0.0/9"});
  EXPECT_THAT(sources.denied, testing::Not(testing::Contains("10.128.0.0")));
  EXPECT_THAT(sources.denied, testing::Contains("11.0.0.0"));
}

TEST(SourceTest, NobodyAndEverybody) {
  EXPECT_THAT(SourcesOf({}).allowed, IsEmpty());
  EXPECT_EQ(SourcesOf({}).denied.size(), 4U);
  const Sources everybody = SourcesOf({"0.0.0.0/0", "::/0"});
  EXPECT_THAT(everybody.allowed, ElementsAre("0.0.0.1", "::1"));
  EXPECT_THAT(everybody.denied, IsEmpty());
  EXPECT_THAT(SourcesOf({"0.0.0.0/0"}).denied, ElementsAre("2001:db8:ffff::77"));
}

TEST(SourceTest, ManyRangesGiveABoundedNumber) {
  std::vector<std::string> ranges;
  for (int i = 0; i < 200; ++i) ranges.push_back(fmt::format("10.{}.0.0/16", i));
  EXPECT_EQ(SourcesOf(ranges).allowed.size(), kMaxSources);
  EXPECT_LE(SourcesOf(ranges).denied.size(), kMaxSources);
}

}  // namespace
}  // namespace ingressfleet::plan::verify
