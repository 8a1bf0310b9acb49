#include "haproxy/runtime.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/parse.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAnswerTimeout{5'000};
constexpr std::string_view kPrompt = "\n> ";

Result<int> ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Fail(Code::kInvalid, fmt::format("{}: path is too long for a socket", path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(Code::kUnavailable, fmt::format("socket: {}", std::strerror(errno)));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    return Fail(Code::kUnavailable, fmt::format("{}: {}", path, std::strerror(error)));
  }
  return fd;
}

Status SendAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const auto sent = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return Fail(Code::kUnavailable, fmt::format("send to HAProxy: {}", std::strerror(errno)));
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

/// Appends what has arrived; false at the end of the stream.
Result<bool> ReceiveSome(int fd, std::string& data, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waiting{fd, POLLIN, 0};
  const int ready = left <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left));
  if (ready == 0) return Fail(Code::kTimeout, "HAProxy does not answer");
  if (ready < 0) return true;  // interrupted by a signal: the caller comes again
  std::array<char, 65536> buffer;
  const auto size = recv(fd, buffer.data(), buffer.size(), 0);
  if (size < 0) return Fail(Code::kUnavailable, fmt::format("receive from HAProxy: {}", std::strerror(errno)));
  data.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0;
}

// Payload lines are answered by "+ " each, before the answer itself.
std::string_view StripAnswer(std::string_view answer) {
  while (answer.starts_with("+ ")) answer.remove_prefix(2);
  const auto first = answer.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return answer.substr(first, answer.find_last_not_of(" \n") - first + 1);
}

std::string ReplaceVersion(std::string line, int version) {
  const auto mark = line.find(kVersionMark);
  if (mark != std::string::npos) line.replace(mark, kVersionMark.size(), fmt::format("@{}", version));
  return line;
}

Status ReadCertificates(RuntimeSession& session, std::string_view directory, ProxyState& state) {
  const auto list = session.Ask(fmt::format("show ssl crt-list {}/certs.list", directory));
  if (!list) return Fail(list.error());
  for (auto& [stem, hosts] : ParseCertificateList(*list)) {
    const auto details = session.Ask(fmt::format("show ssl cert {}", CertificateFile(directory, stem)));
    if (!details) return Fail(details.error());
    state.certificates[stem] = {hosts, ParseFingerprint(*details), nullptr};
  }
  return {};
}

Status ReadServers(RuntimeSession& session, std::string_view directory, ProxyState& state) {
  const auto servers = session.Ask("show servers state");
  if (!servers) return Fail(servers.error());
  state.members = ParseServers(*servers);
  const auto names = session.Ask(fmt::format("show map {}/members.map", directory));
  if (!names) return Fail(names.error());
  for (const auto& [name, backend] : ParseMap(*names)) {
    if (const int member = ParseMemberName(name); member >= 0) state.members[member].backend = backend;
  }
  return {};
}

Result<std::vector<std::string>> ReadList(RuntimeSession& session, const std::string& file) {
  auto answer = session.Ask("show acl " + file);
  if (!answer) return Fail(answer.error());
  auto list = ParseList(*answer);
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

void RuntimeSession::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Status RuntimeSession::Connect() {
  const auto fd = ConnectTo(path_);
  if (!fd) return Fail(fd.error());
  fd_ = *fd;
  if (auto sent = SendAll(fd_, "prompt\n"); !sent) return sent;
  if (auto answer = ReadAnswer(); !answer) return Fail(answer.error());
  return {};
}

Result<std::string> RuntimeSession::ReadAnswer() {
  const auto deadline = Clock::now() + kAnswerTimeout;
  std::string answer = "\n";  // so that a prompt alone also ends in kPrompt
  while (!answer.ends_with(kPrompt)) {
    const auto more = ReceiveSome(fd_, answer, deadline);
    if (!more) return Fail(more.error());
    if (!*more) return Fail(Code::kUnavailable, "HAProxy closed the connection");
  }
  std::string_view body = std::string_view(answer).substr(0, answer.size() - kPrompt.size());
  if (!body.empty()) body.remove_prefix(1);
  return std::string(StripAnswer(body));
}

Result<std::string> RuntimeSession::Ask(std::string_view command) {
  if (fd_ < 0) {
    if (auto connected = Connect(); !connected) {
      Close();
      return Fail(connected.error());
    }
  }
  Status sent = SendAll(fd_, std::string(command) + "\n");
  Result<std::string> answer = sent ? ReadAnswer() : Fail(sent.error());
  if (!answer) Close();
  return answer;
}

Status Execute(RuntimeSession& session, const Command& command, std::string_view directory) {
  int version = 0;
  for (const CliStep& step : CliSteps(command, directory)) {
    const auto answer = session.Ask(ReplaceVersion(step.line, version));
    if (!answer) return Fail(answer.error().Wrap(command.ToString()));
    if (auto status = CheckAnswer(step, *answer); !status) return Fail(status.error().Wrap(command.ToString()));
    if (step.expect == CliStep::Expect::kVersion) version = *ParseVersion(*answer);
  }
  return {};
}

Result<ProxyState> ReadState(RuntimeSession& session, std::string_view directory, int pool_size) {
  ProxyState state;
  state.pool_size = pool_size;
  const auto routes = session.Ask(fmt::format("show map {}/routes.map", directory));
  if (!routes) return Fail(routes.error());
  state.routes = ParseMap(*routes);
  const auto allowed = ReadList(session, fmt::format("{}/allowed.acl", directory));
  if (!allowed) return Fail(allowed.error());
  const auto trusted = ReadList(session, fmt::format("{}/trusted.acl", directory));
  if (!trusted) return Fail(trusted.error());
  const auto probes = ReadList(session, fmt::format("{}/probe.acl", directory));
  if (!probes) return Fail(probes.error());
  state.allowed_source_ranges = *allowed;
  state.trusted_proxies = *trusted;
  state.probe_sources = *probes;
  if (auto status = ReadServers(session, directory, state); !status) return Fail(status.error());
  if (auto status = ReadCertificates(session, directory, state); !status) return Fail(status.error());
  return state;
}

Result<std::string> AskMaster(const std::string& master_socket, std::string_view command, std::chrono::milliseconds timeout) {
  const auto fd = ConnectTo(master_socket);
  if (!fd) return Fail(fd.error());
  std::string answer;
  Status status = SendAll(*fd, fmt::format("{}\n", command));
  shutdown(*fd, SHUT_WR);  // "no more commands": the master closes after the answer
  for (const auto deadline = Clock::now() + timeout; status;) {
    const auto more = ReceiveSome(*fd, answer, deadline);
    if (!more) status = Fail(more.error());
    if (more && !*more) break;
  }
  close(*fd);
  if (!status) return Fail(status.error());
  return std::string(StripAnswer(answer));
}

Status Reload(const std::string& master_socket, std::chrono::milliseconds timeout) {
  const auto answer = AskMaster(master_socket, "reload", timeout);
  if (!answer) return Fail(answer.error().Wrap("reload"));
  if (!answer->starts_with("Success=1")) return Fail(Code::kUnavailable, fmt::format("reload: {}", *answer));
  return {};
}

}  // namespace ingressfleet::agent
