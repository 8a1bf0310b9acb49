#include "haproxy/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ingressfleet::agent {
namespace {

base::Status Refuse(std::string_view action, const std::string& path) {
  return base::Fail(base::Code::kUnavailable, fmt::format("{} {}: {}", action, path, std::strerror(errno)));
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

base::Status WriteFileAtomically(const std::string& path, std::string_view content) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (std::filesystem::create_directories(parent, ignored)) chmod(parent.c_str(), 0700);
  const std::string temporary = path + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Refuse("write", temporary);
  const bool written = WriteAll(fd, content);
  close(fd);
  if (!written) return Refuse("write", temporary);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return Refuse("rename to", path);
  return {};
}

base::Status WriteFiles(const std::string& directory, const std::map<std::string, std::string>& files) {
  for (const auto& [name, content] : files) {
    if (auto status = WriteFileAtomically(directory + "/" + name, content); !status) return status;
  }
  return {};
}

std::string ReadFileOrEmpty(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace ingressfleet::agent
