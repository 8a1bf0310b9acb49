#pragma once
// Kubeconfigs as people have them: with several contexts, and with credential plugins of their clouds. The operator needs
// neither and runs no programs.

#include <functional>
#include <string>

#include "base/result.h"
#include "io/kubeconfig.h"
#include "kube/object.h"

namespace ingressfleet::io {

/// Runs the program of `users[].user.exec` (client.authentication.k8s.io) and answers with the status of its ExecCredential.
/// `folder` is that of the kubeconfig, to which a command with a slash in it is relative.
using CredentialPlugin = std::function<base::Result<kube::Json>(const kube::Json& exec, const std::string& folder)>;

struct KubeconfigChoice {
  std::string context;      ///< empty = the current one
  CredentialPlugin plugin;  ///< empty: exec is refused by name
};

/// As the functions without a choice; with a context chosen only kubeconfigs are looked at.
base::Result<Connection> LoadConnection(const std::string& path, const KubeconfigChoice& choice);
base::Result<Connection> LoadKubeconfig(const std::string& path, const KubeconfigChoice& choice);

}  // namespace ingressfleet::io
