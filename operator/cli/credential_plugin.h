#pragma once
// Credential plugins of kubeconfigs (`exec`): how the managed clusters of clouds let people in. Runs a program.

#include <string>

#include "base/result.h"
#include "kube/object.h"

namespace ingressfleet::cli {

/// See io::CredentialPlugin. The program may ask on the terminal. Its answer is used for the life of this process and not asked
/// for again when it expires.
base::Result<kube::Json> RunCredentialPlugin(const kube::Json& exec, const std::string& folder);

}  // namespace ingressfleet::cli
