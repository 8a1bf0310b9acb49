#include "golden/agent/fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "kube/yaml.h"

namespace ingressfleet::agent::fixture {
namespace {

constexpr const char* kController = "ingressfleet.io/haproxy";

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

void SetTime(ASN1_TIME* field, base::TimePoint time) {
  ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time)));
}

void AddNames(X509* certificate, const std::vector<std::string>& names) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(names.front().c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, subject);
  std::string alternatives;
  for (const std::string& name : names) alternatives += (alternatives.empty() ? "DNS:" : ",DNS:") + name;
  const std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives.c_str()));
  X509_add_ext(certificate, extension.get(), -1);
}

template <class Write>
std::string ToText(Write write) {
  const std::unique_ptr<BIO, Deleter<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  std::istringstream stream{std::string(text)};
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

void AddSecret(Snapshot& snapshot, const kube::Object& object) {
  const auto name = MakeName(object.Namespace(), object.Name());
  const auto names = object.Annotation("fixture/names");
  const bool expired = object.Annotation("fixture/expired") == "true";
  auto certificate = [&]() -> base::Result<Certificate> {
    if (names.empty()) return DecodeSecret(object);
    const auto end = Now() + std::chrono::hours(expired ? -1 : 24);
    const auto pem = MakePem(SplitNames(names), Now() - std::chrono::hours(48), end);
    return ParseCertificate(pem.certificate, pem.key);
  }();
  SecretState state;
  if (certificate) {
    state.certificate = std::make_shared<const Certificate>(std::move(*certificate));
  } else {
    state.error = certificate.error().message;
  }
  snapshot.secrets[name] = state;
}

}  // namespace

base::TimePoint Now() { return *base::ParseTime("2026-01-01T00:00:00Z"); }

PemPair MakePem(const std::vector<std::string>& names, base::TimePoint not_before, base::TimePoint not_after) {
  const std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Deleter<X509_free>> certificate(X509_new());
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_set_version(certificate.get(), 2);
  SetTime(X509_getm_notBefore(certificate.get()), not_before);
  SetTime(X509_getm_notAfter(certificate.get()), not_after);
  X509_set_pubkey(certificate.get(), key.get());
  AddNames(certificate.get(), names);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  return {ToText([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); }),
          ToText([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

CertificatePtr MakeCertificate(const std::vector<std::string>& names) {
  const auto pem = MakePem(names, Now(), base::SystemClock().Now() + std::chrono::hours(24));
  return std::make_shared<const Certificate>(*ParseCertificate(pem.certificate, pem.key));
}

void AddObject(Snapshot& snapshot, const kube::Object& object) {
  const auto name = MakeName(object.Namespace(), object.Name());
  const auto kind = object.Kind();
  if (kind == "Ingress") {
    snapshot.ingresses[name] = std::make_shared<const Ingress>(DecodeIngress(object));
  } else if (kind == "Service") {
    snapshot.services[name] = std::make_shared<const Service>(DecodeService(object));
  } else if (kind == "EndpointSlice") {
    const auto slice = std::make_shared<const EndpointSlice>(DecodeEndpointSlice(object));
    snapshot.slices[MakeName(slice->ns, slice->service)][slice->name] = slice;
  } else if (kind == "Namespace") {
    snapshot.namespaces[std::string(object.Name())] = std::make_shared<const Namespace>(DecodeNamespace(object));
  } else if (kind == "Secret") {
    AddSecret(snapshot, object);
  } else if (kind == "ConfigMap") {
    snapshot.live = DecodeLiveConfig(&object);
  } else if (kind == "IngressClass") {
    snapshot.class_controller = DecodeIngressClass(object).controller;
    snapshot.class_state = snapshot.class_controller == kController ? ClassState::kServed : ClassState::kForeign;
  } else {
    throw std::runtime_error("fixture: unknown kind " + std::string(kind));
  }
}

Snapshot LoadSnapshot(std::string_view yaml) {
  static const CertificatePtr self_signed = MakeCertificate({"default"});
  Snapshot snapshot;
  snapshot.ingress_class = "fleet";
  snapshot.class_state = ClassState::kServed;
  snapshot.live.allowed_source_ranges = {"0.0.0.0/0", "::/0"};
  snapshot.self_signed = self_signed;
  snapshot.now = Now();
  const auto documents = kube::ParseYaml(yaml);
  if (!documents) throw std::runtime_error(documents.error().ToString());
  for (const kube::Json& document : *documents) AddObject(snapshot, kube::Object(document));
  return snapshot;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace ingressfleet::agent::fixture
