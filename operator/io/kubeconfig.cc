#include "io/kubeconfig.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/kubeconfig_choice.h"
#include "kube/object.h"
#include "kube/yaml.h"

namespace ingressfleet::io {
namespace {

using kube::Json;
using kube::TextOf;

constexpr const char* kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

base::Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return base::Fail(base::Code::kInvalid, fmt::format("{}: not readable", path));
  return text.str();
}

std::string Trim(std::string text) {
  text.erase(text.find_last_not_of(" \r\n\t") + 1);
  return text;
}

/// Nothing of the input appears in the error: it may be a key.
base::Result<std::string> DecodeBase64(std::string_view text) {
  std::string packed;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ') packed += c;
  }
  std::string decoded(packed.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(packed.data()), static_cast<int>(packed.size()));
  if (size < 0) return base::Fail(base::Code::kInvalid, "not valid base64");
  const std::size_t padding = packed.ends_with("==") ? 2 : packed.ends_with('=') ? 1 : 0;
  decoded.resize(static_cast<std::size_t>(size) - padding);
  return decoded;
}

/// One kubeconfig being read; knows how to name places in it.
class Kubeconfig {
 public:
  Kubeconfig(std::string path, Json body) : path_(std::move(path)), body_(std::move(body)) {}

  base::Result<Connection> Context(const KubeconfigChoice& choice) const {
    const std::string name = choice.context.empty() ? std::string(TextOf(body_, "current-context")) : choice.context;
    if (name.empty()) return Lacks("has no current-context");
    const auto context = Entry("contexts", "context", name);
    if (!context) return base::Fail(context.error());
    const auto cluster = Entry("clusters", "cluster", TextOf(**context, "cluster"));
    if (!cluster) return base::Fail(cluster.error());
    const auto user = Entry("users", "user", TextOf(**context, "user"));
    if (!user) return base::Fail(user.error());

    Connection connection;
    connection.ns = TextOf(**context, "namespace");
    if (connection.ns.empty()) connection.ns = "default";
    if (auto read = ReadCluster(**cluster, TextOf(**context, "cluster"), connection); !read) {
      return base::Fail(read.error());
    }
    if (auto read = ReadUser(**user, TextOf(**context, "user"), choice.plugin, connection); !read)
      return base::Fail(read.error());
    return connection;
  }

 private:
  tl::unexpected<base::Error> Lacks(std::string_view what) const {
    return base::Fail(base::Code::kInvalid, fmt::format("{}: {}", path_, what));
  }

  base::Result<const Json*> Entry(const char* list, const char* member, std::string_view name) const {
    for (const Json& entry : kube::ListOf(body_, list)) {
      if (TextOf(entry, "name") != name) continue;
      const auto found = entry.find(member);
      if (found != entry.end() && found->is_object()) return &*found;
    }
    return Lacks(fmt::format("{} has no entry \"{}\"", list, name));
  }

  base::Status ReadCluster(const Json& cluster, std::string_view name, Connection& connection) const {
    const std::string place = fmt::format("cluster \"{}\"", name);
    for (const char* member : {"tls-server-name", "proxy-url"}) {
      if (cluster.contains(member)) return Lacks(fmt::format("{}: {} is not supported", place, member));
    }
    connection.server = TextOf(cluster, "server");
    if (connection.server.empty()) return Lacks(place + " has no server");
    connection.insecure_skip_verify = kube::BooleanOf(cluster, "insecure-skip-tls-verify");
    if (auto read = ReadPem(cluster, "certificate-authority", place, connection.ca_pem); !read) return read;
    if (connection.ca_pem.empty() && connection.server.starts_with("https:") && !connection.insecure_skip_verify) {
      return Lacks(place + " has no certificate-authority (the system's authorities are not used)");
    }
    return {};
  }

  base::Status ReadUser(const Json& user, std::string_view name, const CredentialPlugin& plugin, Connection& connection) const {
    const std::string place = fmt::format("user \"{}\"", name);
    if (user.contains("exec") && plugin) return ReadFromPlugin(user["exec"], place, plugin, connection);
    if (user.contains("exec")) {
      return Lacks(fmt::format("{}: the exec plugin \"{}\" is not supported; use a token or a client certificate", place,
                               TextOf(user["exec"], "command")));
    }
    if (user.contains("auth-provider")) {
      return Lacks(fmt::format("{}: the auth-provider \"{}\" is not supported; use a token or a client certificate", place,
                               TextOf(user["auth-provider"], "name")));
    }
    for (const char* member : {"username", "password", "as", "as-uid", "as-groups", "as-user-extra"}) {
      if (user.contains(member)) return Lacks(fmt::format("{}: {} is not supported", place, member));
    }
    if (auto read = ReadPem(user, "client-certificate", place, connection.client_certificate_pem); !read) return read;
    if (auto read = ReadPem(user, "client-key", place, connection.client_key_pem); !read) return read;
    if (connection.client_certificate_pem.empty() != connection.client_key_pem.empty()) {
      return Lacks(place + " has only one of client-certificate and client-key");
    }
    return ReadToken(user, place, connection);
  }

  base::Status ReadFromPlugin(const Json& exec, const std::string& place, const CredentialPlugin& plugin,
                              Connection& connection) const {
    const auto credential = plugin(exec, std::filesystem::path(path_).parent_path().string());
    if (!credential) return Lacks(fmt::format("{}: {}", place, credential.error().message));
    connection.token = TextOf(*credential, "token");
    connection.client_certificate_pem = TextOf(*credential, "clientCertificateData");
    connection.client_key_pem = TextOf(*credential, "clientKeyData");
    if (connection.token.empty() && connection.client_certificate_pem.empty()) {
      return Lacks(fmt::format("{}: \"{}\" gave neither a token nor a certificate", place, TextOf(exec, "command")));
    }
    return {};
  }

  /// As client-go: tokenFile wins over token.
  base::Status ReadToken(const Json& user, const std::string& place, Connection& connection) const {
    connection.token = TextOf(user, "token");
    const std::string file(TextOf(user, "tokenFile"));
    if (file.empty()) return {};
    connection.token_file = Resolve(file);
    const auto token = ReadFile(connection.token_file);
    if (!token) return Lacks(fmt::format("{}: tokenFile: {}", place, token.error().message));
    connection.token = Trim(*token);
    return {};
  }

  /// `<member>-data` wins over the file that `member` names, as in client-go.
  base::Status ReadPem(const Json& entry, const std::string& member, const std::string& place, std::string& pem) const {
    const std::string data_member = member + "-data";
    if (const auto data = TextOf(entry, data_member.c_str()); !data.empty()) {
      auto decoded = DecodeBase64(data);
      if (!decoded) return Lacks(fmt::format("{}: {}: {}", place, data_member, decoded.error().message));
      pem = std::move(*decoded);
    } else if (const std::string file(TextOf(entry, member.c_str())); !file.empty()) {
      auto text = ReadFile(Resolve(file));
      if (!text) return Lacks(fmt::format("{}: {}: {}", place, member, text.error().message));
      pem = std::move(*text);
    } else {
      return {};
    }
    if (pem.find("-----BEGIN ") == std::string::npos) return Lacks(fmt::format("{}: {} is not PEM", place, member));
    return {};
  }

  std::string Resolve(const std::string& file) const { return (std::filesystem::path(path_).parent_path() / file).string(); }

  std::string path_;
  Json body_;
};

}  // namespace

base::Result<Connection> LoadKubeconfig(const std::string& path, const KubeconfigChoice& choice) {
  const auto text = ReadFile(path);
  if (!text) return base::Fail(text.error());
  auto documents = kube::ParseYaml(*text);
  if (!documents) return base::Fail(documents.error().Wrap(path));
  if (documents->size() != 1 || !documents->front().is_object()) {
    return base::Fail(base::Code::kInvalid, fmt::format("{}: not a kubeconfig", path));
  }
  return Kubeconfig(path, std::move(documents->front())).Context(choice);
}

base::Result<Connection> LoadServiceAccount(const std::string& folder) {
  const std::string host = Environment("KUBERNETES_SERVICE_HOST");
  const std::string port = Environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return base::Fail(base::Code::kInvalid, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  const auto token = ReadFile(folder + "/token");
  if (!token) return base::Fail(token.error());
  const auto authority = ReadFile(folder + "/ca.crt");
  if (!authority) return base::Fail(authority.error());
  Connection connection;
  // The HTTP library cannot connect to IPv6 literals; every API server's certificate has this name, too.
  const bool is_ipv6 = host.find(':') != std::string::npos;
  connection.server = fmt::format("https://{}:{}", is_ipv6 ? "kubernetes.default.svc" : host, port);
  connection.ca_pem = *authority;
  connection.token = Trim(*token);
  connection.token_file = folder + "/token";
  connection.ns = Trim(ReadFile(folder + "/namespace").value_or("default"));
  return connection;
}

base::Result<Connection> LoadConnection(const std::string& path, const KubeconfigChoice& choice) {
  if (!path.empty()) return LoadKubeconfig(path, choice);
  if (const std::string variable = Environment("KUBECONFIG"); !variable.empty()) {
    if (variable.find(':') != std::string::npos) {
      return base::Fail(base::Code::kInvalid, fmt::format("KUBECONFIG={}: several files are not merged; name one", variable));
    }
    return LoadKubeconfig(variable, choice);
  }
  if (choice.context.empty() && !Environment("KUBERNETES_SERVICE_HOST").empty())
    return LoadServiceAccount(kServiceAccountFolder);
  const std::string home = Environment("HOME") + "/.kube/config";
  if (std::filesystem::exists(home)) return LoadKubeconfig(home, choice);
  return base::Fail(base::Code::kInvalid,
                    fmt::format("no API server: not in a pod, KUBECONFIG is not set and {} does not exist", home));
}

base::Result<Connection> LoadKubeconfig(const std::string& path) { return LoadKubeconfig(path, KubeconfigChoice{}); }
base::Result<Connection> LoadConnection(const std::string& path) { return LoadConnection(path, KubeconfigChoice{}); }

}  // namespace ingressfleet::io
