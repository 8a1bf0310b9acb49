#include "cli/credential_plugin.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <vector>

namespace ingressfleet::cli {
namespace {

using kube::Json;
using kube::TextOf;

/// As exec needs them: pointers into texts that live on, and a null at the end.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentFor(const Json& exec) {
  std::vector<std::string> variables;
  const Json info{{"apiVersion", TextOf(exec, "apiVersion")},
                  {"kind", "ExecCredential"},
                  {"spec", {{"interactive", isatty(STDIN_FILENO) != 0}}}};
  variables.push_back("KUBERNETES_EXEC_INFO=" + info.dump());
  // The first of a name counts for most readers, so what the kubeconfig says comes before what is inherited.
  for (const Json& variable : kube::ListOf(exec, "env"))
    variables.push_back(fmt::format("{}={}", TextOf(variable, "name"), TextOf(variable, "value")));
  const auto is_set = [&](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    for (const std::string& variable : variables) {
      if (variable.starts_with(name)) return true;
    }
    return false;
  };
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_set(*entry)) variables.emplace_back(*entry);
  }
  return variables;
}

/// What the program writes to its standard output; its errors go to ours.
base::Result<std::string> OutputOf(std::vector<std::string> command, std::vector<std::string> environment) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return base::Fail(base::Code::kInternal, "no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;  // our threads block signals; the program shall not
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error = posix_spawnp(&child, command.front().c_str(), &actions, &attributes, Pointers(command).data(),
                                 Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  std::string output;
  std::array<char, 4096> buffer{};
  for (ssize_t read_now = 0; error == 0 && (read_now = read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    output.append(buffer.data(), static_cast<std::size_t>(read_now));
  }
  close(pipe_ends[0]);
  if (error != 0)
    return base::Fail(base::Code::kNotFound, fmt::format("\"{}\" cannot be run: {}", command.front(), std::strerror(error)));
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return base::Fail(base::Code::kInvalid, fmt::format("\"{}\" gave no credential and ended with an error", command.front()));
  return output;
}

}  // namespace

// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
base::Result<Json> RunCredentialPlugin(const Json& exec, const std::string& folder) {
  std::string program(TextOf(exec, "command"));
  if (program.find('/') != std::string::npos) program = (std::filesystem::path(folder) / program).string();
  std::vector<std::string> command{program};
  for (const Json& argument : kube::ListOf(exec, "args"))
    command.push_back(argument.is_string() ? argument.get<std::string>() : argument.dump());
  const auto output = OutputOf(std::move(command), EnvironmentFor(exec));
  if (!output) return base::Fail(output.error());
  const Json credential = Json::parse(*output, nullptr, /*allow_exceptions=*/false);
  const auto status = credential.is_object() ? credential.find("status") : credential.end();
  if (!credential.is_object() || TextOf(credential, "kind") != "ExecCredential" || status == credential.end() ||
      !status->is_object()) {
    return base::Fail(base::Code::kInvalid, fmt::format("\"{}\" did not print an ExecCredential", program));
  }
  return *status;
}

}  // namespace ingressfleet::cli
