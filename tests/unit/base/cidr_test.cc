#include "base/cidr.h"

#include <gtest/gtest.h>

namespace ingressfleet::base {
namespace {

struct Case {
  const char* text;
  const char* canonical;  // empty: refused
  const char* message;    // part of the refusal
};

class CidrTest : public testing::TestWithParam<Case> {};

TEST_P(CidrTest, Parses) {
  const auto& [text, canonical, message] = GetParam();
  const auto cidr = Cidr::Parse(text);
  ASSERT_EQ(cidr.has_value(), *canonical != '\0') << text;
  if (cidr) {
    EXPECT_EQ(cidr->ToString(), canonical);
  } else {
    EXPECT_NE(cidr.error().message.find(message), std::string::npos) << cidr.error().message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, CidrTest,
    testing::Values(Case{"10.0.0.0/8", "10.0.0.0/8", ""}, Case{"0.0.0.0/0", "0.0.0.0/0", ""},
                    Case{"192.0.2.1/32", "192.0.2.1/32", ""}, Case{"2001:DB8::/32", "2001:db8::/32", ""},
                    Case{"::/0", "::/0", ""}, Case{"10.0.0.0", "", "prefix length"},
                    Case{"10.0.0.300/8", "", "not an IP address"}, Case{"10.0.0.0/33", "", "between 0 and 32"},
                    Case{"10.0.0.0/", "", "between 0 and 32"}, Case{"10.0.0.0/8x", "", "between 0 and 32"},
                    Case{"10.0.0.0/-1", "", "between 0 and 32"}, Case{"10.1.0.0/8", "", "did you mean 10.0.0.0/8"},
                    Case{"2001:db8::1/64", "", "did you mean 2001:db8::/64"}, Case{"", "", "prefix length"}));

TEST(CidrTest, ContainsOnlyItsOwnFamily) {
  const Cidr ten = *Cidr::Parse("10.0.0.0/8");
  EXPECT_TRUE(ten.Contains(*Cidr::Parse("10.2.0.0/16")));
  EXPECT_FALSE(ten.Contains(*Cidr::Parse("11.0.0.0/16")));
  EXPECT_FALSE(ten.Contains(*Cidr::Parse("0.0.0.0/0")));
  EXPECT_FALSE(Cidr::Parse("::/0")->Contains(ten));
  EXPECT_TRUE(Cidr::Parse("0.0.0.0/0")->IsEverything());
}

}  // namespace
}  // namespace ingressfleet::base
