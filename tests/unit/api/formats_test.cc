#include "api/formats.h"

#include <gtest/gtest.h>

namespace ingressfleet::api {
namespace {

struct Case {
  bool (*format)(std::string_view);
  const char* name;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

class FormatTest : public testing::TestWithParam<Case> {};

TEST_P(FormatTest, TellsGoodFromBad) {
  for (const std::string& text : GetParam().good) EXPECT_TRUE(GetParam().format(text)) << text;
  for (const std::string& text : GetParam().bad) EXPECT_FALSE(GetParam().format(text)) << text;
}

const std::string kDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

INSTANTIATE_TEST_SUITE_P(
    Table, FormatTest,
    testing::Values(
        Case{IsDnsLabel,
             "DnsLabel",
             {"a", "a-1", "1a", std::string(63, 'a')},
             {"", "-a", "a-", "A", "a.b", std::string(64, 'a')}},
        Case{IsServiceName, "ServiceName", {"a1"}, {"1a", ""}},
        Case{IsDnsSubdomain, "DnsSubdomain", {"a", "a.b-c.1"}, {"", ".", "a.", "a..b", "A.b", std::string(254, 'a')}},
        Case{IsQualifiedName,
             "QualifiedName",
             {"a", "A_b.c", "example.com/A"},
             {"", "/a", "a/", "a/b/c", "-a", "Example.com/a", std::string(64, 'a')}},
        Case{IsLabelValue, "LabelValue", {"", "a", "A_b.c-1"}, {"-a", "a b", "a/b", std::string(64, 'a')}},
        Case{IsDomainPath,
             "DomainPath",
             {"a/b", "example.com/a/b", "k8s.io/ingress-nginx"},
             {"", "a", "a/", "/a", "A/b", "a/b c", "a/" + std::string(249, 'b')}},
        Case{IsConfigMapKey, "ConfigMapKey", {"a", "A.b_c-1", ".a"}, {"", ".", "..", "..a", "a/b", "a b"}},
        Case{IsImageTag, "ImageTag", {"1", "v1.2.3", "_a", "1.2.3-rc1"}, {"", ".1", "-1", "a b", "a+b", std::string(129, 'a')}},
        Case{IsImageReference,
             "ImageReference",
             {"a", "a/b:1", "a@" + kDigest, "registry.example/a/b:1@" + kDigest, "localhost/a", "localhost:5000/a:1",
              "10.0.0.1:5000/a", "Registry.Example/a", "a__b"},
             {"", "a b", "A", "a:", "a:b:c/d", "a@sha256:xyz", "a@", "a//b", "/a", "a/", "r.example:x/a", "a\n",
              "a/" + std::string(1023, 'b')}},
        Case{IsIpAddress, "IpAddress", {"192.0.2.1", "::1", "2001:DB8::1"}, {"", "192.0.2", "192.0.2.1/32", "::1%eth0", "a"}},
        Case{IsQuantity,
             "Quantity",
             {"0", "1", "1.5", ".5", "5.", "500m", "1Gi", "1e3", "1E-3", "+1", "2E"},
             {"", ".", "-1", "1 Gi", "1GB", "Gi", "1e", "1mi", "0x1"}}),
    testing::PrintToStringParamName());

}  // namespace
}  // namespace ingressfleet::api
