#include "model/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "golden/agent/fixture.h"

namespace ingressfleet::agent {
namespace {

using fixture::MakePem;

TEST(CertificateTest, ReadsNamesTimesAndFingerprint) {
  const auto pem = MakePem({"A.test", "*.b.test"}, fixture::Now(), fixture::Now() + std::chrono::hours(1));
  const auto certificate = ParseCertificate(pem.certificate, pem.key);
  ASSERT_TRUE(certificate);
  EXPECT_THAT(certificate->names, ::testing::ElementsAre("a.test", "*.b.test"));
  EXPECT_EQ(certificate->not_after, fixture::Now() + std::chrono::hours(1));
  EXPECT_EQ(certificate->fingerprint.size(), 40U);
  EXPECT_TRUE(certificate->Covers("a.test"));
  EXPECT_TRUE(certificate->Covers("x.b.test"));
  EXPECT_TRUE(certificate->Covers("*.b.test"));
  EXPECT_FALSE(certificate->Covers("b.test"));
  EXPECT_FALSE(certificate->Covers("y.x.b.test"));
  EXPECT_FALSE(certificate->Covers("localhost"));
}

TEST(CertificateTest, SaysWhatIsWrong) {
  const auto one = MakePem({"a.test"}, fixture::Now(), fixture::Now());
  const auto two = MakePem({"a.test"}, fixture::Now(), fixture::Now());
  EXPECT_EQ(ParseCertificate("\x30\x82", one.key).error().message, "tls.crt holds no certificate in PEM form");
  EXPECT_EQ(ParseCertificate(one.certificate, "").error().message, "tls.key holds no unencrypted private key in PEM form");
  EXPECT_EQ(ParseCertificate(one.certificate, two.key).error().message,
            "tls.key does not belong to the first certificate of tls.crt");
  const auto decode = [](const char* json) { return DecodeSecret(kube::Object(kube::Json::parse(json))).error().message; };
  EXPECT_EQ(decode(R"({"type":"Opaque"})"), "its type is \"Opaque\", not kubernetes.io/tls");
  EXPECT_EQ(decode(R"({"type":"kubernetes.io/tls"})"), "it has no data key tls.crt");
  EXPECT_EQ(decode(R"({"type":"kubernetes.io/tls","data":{"tls.crt":"*"}})"), "tls.crt: is not base64");
}

TEST(CertificateTest, KeepsTheChainInOrder) {
  const auto leaf = MakePem({"leaf.test"}, fixture::Now(), fixture::Now());
  const auto issuer = MakePem({"issuer.test"}, fixture::Now(), fixture::Now());
  const auto certificate = ParseCertificate("comment\n" + leaf.certificate + issuer.certificate, leaf.key);
  ASSERT_TRUE(certificate);
  EXPECT_TRUE(certificate->pem.starts_with(leaf.certificate + issuer.certificate));
  EXPECT_EQ(certificate->pem.find("comment"), std::string::npos);
}

TEST(CertificateTest, SelfSignedLoads) {
  const auto certificate = MakeSelfSigned(fixture::Now());
  ASSERT_TRUE(certificate);
  EXPECT_THAT(certificate->names, ::testing::ElementsAre("ingress fleet default certificate"));
  EXPECT_GT(certificate->not_after, fixture::Now() + std::chrono::hours(24 * 3600));
}

TEST(CertificateTest, SurvivesDamage) {
  const auto pem = MakePem({"a.test"}, fixture::Now(), fixture::Now());
  std::mt19937 random(11);
  for (int round = 0; round < 2'000; ++round) {
    auto certificate = pem.certificate;
    for (unsigned i = 0; i <= random() % 3; ++i) certificate[random() % certificate.size()] = static_cast<char>(random() % 256);
    if (random() % 4 == 0) certificate.resize(random() % certificate.size());
    const auto parsed = ParseCertificate(certificate, pem.key);  // must not crash or leak; mostly refuses
    EXPECT_TRUE(!parsed || parsed->pem.starts_with("-----BEGIN CERTIFICATE-----"));
  }
}

}  // namespace
}  // namespace ingressfleet::agent
