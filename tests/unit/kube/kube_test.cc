#include <gtest/gtest.h>

#include "kube/api_status.h"
#include "kube/condition.h"
#include "kube/object.h"
#include "kube/selector.h"
#include "kube/yaml.h"

namespace ingressfleet::kube {
namespace {

TEST(ObjectTest, ReadsForgivingly) {
  const Object object(Json::parse(R"({"kind":"Service","metadata":{"name":"n","namespace":"s","labels":{"a":"b"}},
                                      "spec":{"replicas":"two","ports":[1]}})"));
  EXPECT_EQ(object.Key().ToString(), "Service s/n");
  EXPECT_EQ(object.Integer("/spec/replicas", 7), 7);
  EXPECT_EQ(object.Text("/spec/none/at/all"), "");
  EXPECT_EQ(object.List("/spec/ports").size(), 1U);
  EXPECT_TRUE(object.List("/status/none").empty());
  EXPECT_EQ(object.Label("a"), "b");
  EXPECT_EQ(object.Label("c"), "");
}

TEST(SelectorTest, Matches) {
  const auto selector = LabelSelector::Parse(Json::parse(
      R"({"matchLabels":{"env":"staging"},"matchExpressions":[{"key":"team","operator":"Exists"},{"key":"x","operator":"NotIn","values":["1"]}]})"));
  ASSERT_TRUE(selector);
  EXPECT_TRUE(selector->Matches({{"env", "staging"}, {"team", "a"}}));
  EXPECT_FALSE(selector->Matches({{"env", "staging"}}));
  EXPECT_FALSE(selector->Matches({{"env", "staging"}, {"team", "a"}, {"x", "1"}}));
  EXPECT_EQ(selector->ToString(), "env in (staging),team,x notin (1)");
  EXPECT_TRUE(LabelSelector::Parse(Json::object())->Matches({}));
  EXPECT_FALSE(LabelSelector::Parse(Json::parse(R"({"matchExpressions":[{"key":"a","operator":"In"}]})")));
}

TEST(ConditionTest, KeepsTheTransitionTimeWhileTheStatusStays) {
  std::vector<Condition> conditions;
  const base::TimePoint t0(base::Duration(1000));
  SetCondition(conditions, {"Ready", ConditionStatus::kTrue, "A", "", 1, {}}, t0);
  SetCondition(conditions, {"Ready", ConditionStatus::kTrue, "B", "", 2, {}}, t0 + base::Duration(5000));
  EXPECT_EQ(conditions[0].last_transition_time, t0);
  EXPECT_EQ(conditions[0].reason, "B");
  SetCondition(conditions, {"Ready", ConditionStatus::kFalse, "C", "", 2, {}}, t0 + base::Duration(9000));
  EXPECT_EQ(conditions[0].last_transition_time, t0 + base::Duration(9000));
  EXPECT_EQ(DecodeConditions(EncodeConditions(conditions)), conditions);
}

TEST(YamlTest, TypesAsKubectlDoes) {
  const auto documents = ParseYaml("a: 1\nb: \"1\"\nc: true\nd: 0.5\ne: 10.0.0.0/8\nf: ~\n---\n---\n- x\n");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 2U);
  EXPECT_EQ((*documents)[0], Json::parse(R"({"a":1,"b":"1","c":true,"d":0.5,"e":"10.0.0.0/8","f":null})"));
  EXPECT_EQ((*documents)[1], Json::parse(R"(["x"])"));
}

TEST(YamlTest, NamesThePlaceOfAnError) {
  EXPECT_NE(ParseYaml("a: 1\na: 2\n").error().message.find("line 2, column 1"), std::string::npos);
  EXPECT_FALSE(ParseYaml("a: [1, 2"));
  EXPECT_FALSE(ParseYaml(std::string(2000, '[')));
}

TEST(ApiStatusTest, MapsCodes) {
  EXPECT_EQ(ErrorFromResponse(409, R"({"kind":"Status","reason":"AlreadyExists","message":"m"})").code,
            base::Code::kAlreadyExists);
  EXPECT_EQ(ErrorFromResponse(409, R"({"kind":"Status","reason":"Conflict","message":"m"})").code, base::Code::kConflict);
  EXPECT_EQ(ErrorFromResponse(429, "slow", 2).retry_after, std::chrono::seconds(2));
  EXPECT_EQ(ErrorFromResponse(502, "").message, "HTTP 502");
}

}  // namespace
}  // namespace ingressfleet::kube
