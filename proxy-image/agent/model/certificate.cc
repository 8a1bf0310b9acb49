#include "model/certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "model/grammar.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

constexpr std::size_t kMaxPem = 256 * 1024;

Bio ReadBio(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

template <class Write>
std::string WriteToText(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// Without it OpenSSL would ask on a terminal for the password of an encrypted key.
int NoPassword(char*, int, int, void*) { return 0; }

std::vector<X509Ptr> ReadChain(std::string_view pem) {
  std::vector<X509Ptr> chain;
  const Bio bio = ReadBio(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) chain.emplace_back(certificate);
  ERR_clear_error();
  return chain;
}

std::string Text(const ASN1_STRING* value) {
  return LowerCase(
      {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value))});
}

std::vector<std::string> DnsNames(X509* leaf) {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type == GEN_DNS) names.push_back(Text(name->d.dNSName));
  }
  GENERAL_NAMES_free(alternatives);
  if (!names.empty()) return names;
  const X509_NAME* subject = X509_get_subject_name(leaf);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index >= 0) names.push_back(Text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index))));
  return names;
}

base::TimePoint ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return base::TimePoint(std::chrono::seconds(timegm(&parts)));
}

std::string Fingerprint(X509* leaf) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(leaf, EVP_sha1(), digest.data(), &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02X}", digest[i]);
  return hex;
}

// The text is written again from what was parsed: nothing that OpenSSL did not understand reaches the proxy.
Certificate Describe(const std::vector<X509Ptr>& chain, EVP_PKEY* key) {
  Certificate certificate;
  for (const X509Ptr& link : chain) {
    certificate.pem += WriteToText([&](BIO* bio) { PEM_write_bio_X509(bio, link.get()); });
  }
  certificate.pem += WriteToText([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509* leaf = chain.front().get();
  certificate.fingerprint = Fingerprint(leaf);
  certificate.names = DnsNames(leaf);
  certificate.not_before = ToTime(X509_get0_notBefore(leaf));
  certificate.not_after = ToTime(X509_get0_notAfter(leaf));
  return certificate;
}

base::Result<std::string> DecodeBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return Fail(Code::kInvalid, "is not base64");
  const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

base::Result<std::string> DataOf(const kube::Object& secret, const char* key) {
  const kube::Json* data = secret.Find("/data");
  const auto text = data == nullptr ? std::string_view() : kube::TextOf(*data, key);
  if (text.empty()) return Fail(Code::kInvalid, fmt::format("it has no data key {}", key));
  if (text.size() > kMaxPem) return Fail(Code::kInvalid, fmt::format("{} is larger than {} bytes", key, kMaxPem));
  auto bytes = DecodeBase64(text);
  if (!bytes) return Fail(bytes.error().Wrap(key));
  return bytes;
}

KeyPtr NewKey() { return KeyPtr(EVP_EC_gen("P-256")); }

}  // namespace

bool Certificate::Covers(std::string_view host) const {
  if (std::find(names.begin(), names.end(), host) != names.end()) return true;
  const auto dot = host.find('.');
  if (dot == std::string_view::npos) return false;
  return std::find(names.begin(), names.end(), "*" + std::string(host.substr(dot))) != names.end();
}

base::Result<Certificate> ParseCertificate(std::string_view certificate_pem, std::string_view key_pem) {
  const auto chain = ReadChain(certificate_pem);
  if (chain.empty()) return Fail(Code::kInvalid, "tls.crt holds no certificate in PEM form");
  const Bio key_bio = ReadBio(key_pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (!key) return Fail(Code::kInvalid, "tls.key holds no unencrypted private key in PEM form");
  const bool matches = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!matches) return Fail(Code::kInvalid, "tls.key does not belong to the first certificate of tls.crt");
  return Describe(chain, key.get());
}

base::Result<Certificate> DecodeSecret(const kube::Object& secret) {
  if (const auto type = secret.Text("/type"); type != "kubernetes.io/tls") {
    return Fail(Code::kInvalid, fmt::format("its type is \"{}\", not kubernetes.io/tls", type));
  }
  const auto certificate = DataOf(secret, "tls.crt");
  if (!certificate) return Fail(certificate.error());
  const auto key = DataOf(secret, "tls.key");
  if (!key) return Fail(key.error());
  return ParseCertificate(*certificate, *key);
}

base::Result<Certificate> MakeSelfSigned(base::TimePoint now) {
  constexpr long kTenYears = 10L * 365 * 24 * 3600;
  const KeyPtr key = NewKey();
  X509Ptr certificate(X509_new());
  if (!key || !certificate) return Fail(Code::kInternal, "make the default certificate: OpenSSL refused");
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now));
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_set_version(certificate.get(), 2);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds - 3600);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds + kTenYears);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Ingress Fleet default certificate"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return Fail(Code::kInternal, "make the default certificate: signing went wrong");
  }
  std::vector<X509Ptr> chain;
  chain.push_back(std::move(certificate));
  return Describe(chain, key.get());
}

}  // namespace ingressfleet::agent
