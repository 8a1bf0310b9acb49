#include "kube/covers.h"

#include <gtest/gtest.h>

namespace ingressfleet::kube {
namespace {

struct Case {
  const char* name;
  const char* desired;
  const char* live;
  const char* difference;  // empty: covered
};

class CoversTest : public testing::TestWithParam<Case> {};

TEST_P(CoversTest, SaysTheFirstDifference) {
  const auto& [name, desired, live, difference] = GetParam();
  EXPECT_EQ(FirstDifference(Json::parse(desired), Json::parse(live)), difference);
  EXPECT_EQ(Covers(Json::parse(desired), Json::parse(live)), *difference == '\0');
}

INSTANTIATE_TEST_SUITE_P(
    Table, CoversTest,
    testing::Values(Case{"ExtraLiveFields", R"({"a":1})", R"({"a":1,"b":2})", ""},
                    Case{"OtherValue", R"({"a":{"b":1}})", R"({"a":{"b":2}})", "/a/b: 2, want 1"},
                    Case{"Missing", R"({"a":{"b":1}})", R"({"a":{}})", "/a/b: missing, want 1"},
                    Case{"EmptyIsCoveredByMissing", R"({"a":{},"b":[]})", R"({})", ""},
                    Case{"KeyedListIgnoresOrderAndExtras", R"([{"name":"x","v":1}])",
                         R"([{"name":"y"},{"name":"x","v":1,"w":0}])", ""},
                    Case{"KeyedListDiffers", R"([{"name":"x","v":1}])", R"([{"name":"x","v":2}])", "[name=\"x\"]/v: 2, want 1"},
                    Case{"AtomicListOrder", R"({"l":["a","b"]})", R"({"l":["b","a"]})", R"(/l[0]: "b", want "a")"},
                    Case{"AtomicListShrunk", R"({"l":["a"]})", R"({"l":["a","b"]})", R"(/l: ["a","b"], want ["a"])"},
                    Case{"EmptyListMustBeEmpty", R"({"l":[]})", R"({"l":["a"]})", R"(/l: ["a"], want [])"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace ingressfleet::kube
