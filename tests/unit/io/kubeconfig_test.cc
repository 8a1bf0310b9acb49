#include "io/kubeconfig.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace ingressfleet::io {
namespace {

constexpr const char* kPem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
constexpr const char* kPemBase64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCngKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";

class Kubeconfig : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "kubeconfigXXXXXX";
    folder_ = mkdtemp(pattern.data());
    Write("ca.crt", kPem);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  base::Result<Connection> Load(const std::string& cluster, const std::string& user) const {
    Write("config", fmt::format(R"(
apiVersion: v1
kind: Config
current-context: here
contexts:
- name: other
  context: {{cluster: none, user: none}}
- name: here
  context: {{cluster: c, user: u, namespace: edge}}
clusters:
- name: c
  cluster: {{{}}}
users:
- name: u
  user: {{{}}}
)",
                                cluster, user));
    return LoadKubeconfig(Path("config"));
  }

  std::filesystem::path folder_;
};

TEST_F(Kubeconfig, FilesAreRelativeToIt) {
  Write("token", "secret\n");
  const auto read = Load("server: 'https://h:6443', certificate-authority: ca.crt", "tokenFile: token");
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->server, "https://h:6443");
  EXPECT_EQ(read->ca_pem, kPem);
  EXPECT_EQ(read->token, "secret");
  EXPECT_EQ(read->token_file, Path("token"));
  EXPECT_EQ(read->ns, "edge");
}

TEST_F(Kubeconfig, DataWinsOverFiles) {
  const auto read =
      Load(fmt::format("server: 'https://h', certificate-authority: gone, certificate-authority-data: {}", kPemBase64),
           fmt::format("client-certificate-data: {0}, client-key-data: {0}", kPemBase64));
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->ca_pem, kPem);
  EXPECT_EQ(read->client_certificate_pem, kPem);
  EXPECT_EQ(read->client_key_pem, kPem);
}

struct Refusal {
  const char* name;
  const char* cluster;
  const char* user;
  const char* error;  ///< after the file's name
};
constexpr const char* kGood = "server: 'https://h', certificate-authority: ca.crt";
const Refusal kRefusals[] = {
    {"exec", kGood, "exec: {command: aws}",
     "user \"u\": the exec plugin \"aws\" is not supported; use a token or a client certificate"},
    {"auth_provider", kGood, "auth-provider: {name: gcp}",
     "user \"u\": the auth-provider \"gcp\" is not supported; use a token or a client certificate"},
    {"password", kGood, "username: me", "user \"u\": username is not supported"},
    {"no_server", "certificate-authority: ca.crt", "token: x", "cluster \"c\" has no server"},
    {"no_authority", "server: 'https://h'", "token: x",
     "cluster \"c\" has no certificate-authority (the system's authorities are not used)"},
    {"proxy", "server: 'https://h', proxy-url: 'http://p'", "token: x", "cluster \"c\": proxy-url is not supported"},
    {"bad_base64", "server: 'https://h', certificate-authority-data: '%%%%'", "token: x",
     "cluster \"c\": certificate-authority-data: not valid base64"},
    {"not_pem", "server: 'https://h', certificate-authority-data: aGVsbG8=", "token: x",
     "cluster \"c\": certificate-authority is not PEM"},
    {"half_a_pair", kGood, "client-certificate: ca.crt", "user \"u\" has only one of client-certificate and client-key"},
};

TEST_F(Kubeconfig, RefusalsNameThePlace) {
  for (const Refusal& refusal : kRefusals) {
    SCOPED_TRACE(refusal.name);
    const auto read = Load(refusal.cluster, refusal.user);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::Code::kInvalid);
    EXPECT_EQ(read.error().message, Path("config") + ": " + refusal.error);
  }
}

TEST_F(Kubeconfig, MissingFilesAreNamed) {
  const auto no_key = Load(kGood, "client-certificate: ca.crt, client-key: gone.key");
  ASSERT_FALSE(no_key);
  EXPECT_EQ(no_key.error().message,
            fmt::format("{}: user \"u\": client-key: {}: not readable", Path("config"), Path("gone.key")));
  const auto none = LoadKubeconfig(Path("none"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, Path("none") + ": not readable");
}

TEST_F(Kubeconfig, SecretsStayOutOfErrors) {
  const auto read = Load(kGood, "token: hunter2, client-key-data: aHVudGVyMg==, client-certificate-data: aHVudGVyMg==");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message.find("hunter2"), std::string::npos);
  EXPECT_EQ(read.error().message.find("aHVudGVyMg"), std::string::npos);
}

TEST_F(Kubeconfig, ServiceAccountOfAPod) {
  Write("token", "t0k\n");
  Write("namespace", "ops\n");
  setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto read = LoadServiceAccount(folder_.string());
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  const auto ipv6 = LoadServiceAccount(folder_.string());
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(read->server, "https://10.96.0.1:443");
  EXPECT_EQ(read->token, "t0k");
  EXPECT_EQ(read->token_file, Path("token"));
  EXPECT_EQ(read->ns, "ops");
  EXPECT_EQ(ipv6->server, "https://kubernetes.default.svc:443");
  EXPECT_FALSE(LoadServiceAccount(folder_.string()));
}

TEST(MakeTransport, RefusesWhatItCannotTrust) {
  EXPECT_EQ(MakeTransport({.server = "https://h"}).error().message, "https://h: no certificate of an authority to trust");
  EXPECT_EQ(MakeTransport({.server = "h:6443"}).error().message, "\"h:6443\" is not the address of a server");
  EXPECT_FALSE(MakeTransport({.server = "https://[::1]:6443", .ca_pem = kPem}));
}

}  // namespace
}  // namespace ingressfleet::io
