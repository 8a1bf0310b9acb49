#pragma once
// Files of the run directory: replaced as a whole, readable by nobody else.

#include <map>
#include <string>

#include "base/result.h"

namespace ingressfleet::agent {

/// Writes beside the file and renames: a reader sees the old or the new content. Creates the directory (mode 0700).
base::Status WriteFileAtomically(const std::string& path, std::string_view content);
/// Paths relative to `directory`.
base::Status WriteFiles(const std::string& directory, const std::map<std::string, std::string>& files);
/// Empty when it cannot be read.
std::string ReadFileOrEmpty(const std::string& path);

}  // namespace ingressfleet::agent
