#pragma once
// Where the API server is and how we show who we are: in a pod, or from a kubeconfig file.

#include <memory>
#include <string>

#include "base/result.h"
#include "io/transport.h"

namespace ingressfleet::io {

struct Connection {
  std::string server;  ///< "https://10.96.0.1:443"
  std::string ca_pem;  ///< the only trust anchor; the system's authorities are not used
  std::string client_certificate_pem;
  std::string client_key_pem;  ///< never logged
  std::string token;           ///< never logged
  std::string token_file;      ///< read again each minute (projected tokens rotate)
  std::string ns;              ///< namespace of the pod or context; "default" when there is none
  bool insecure_skip_verify = false;
};

/// `path` empty: $KUBECONFIG, then the pod's service account, then ~/.kube/config. kInvalid names the file and what it lacks.
/// Supported: certificates and keys as file or data, token, tokenFile. exec and auth-provider plugins are refused by name.
base::Result<Connection> LoadConnection(const std::string& path);
/// The current context of one kubeconfig file. Relative paths in it are relative to it.
base::Result<Connection> LoadKubeconfig(const std::string& path);
/// What a pod finds in `folder` (/var/run/secrets/kubernetes.io/serviceaccount) and in KUBERNETES_SERVICE_HOST and _PORT.
base::Result<Connection> LoadServiceAccount(const std::string& folder);

/// cpprestsdk behind the seam. Call crossplat's thread pool setup through this before any other use: InitTransport().
void InitTransport();
base::Result<std::shared_ptr<Transport>> MakeTransport(const Connection& connection);

}  // namespace ingressfleet::io
