#pragma once
// HAProxy's Runtime API (and its master's) over unix sockets. One thread at a time.

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proxy/command.h"
#include "proxy/state.h"

namespace ingressfleet::agent {

/// A connection in interactive mode. Opened by the first Ask, again after an error. A worker that stops keeps running while it
/// is open, so close it after a reload.
class RuntimeSession {
 public:
  explicit RuntimeSession(std::string path) : path_(std::move(path)) {}
  ~RuntimeSession() { Close(); }
  RuntimeSession(const RuntimeSession&) = delete;
  RuntimeSession& operator=(const RuntimeSession&) = delete;

  /// Sends one command, with its payload after a newline if it has one, and returns the answer without prompt and outer
  /// whitespace. kUnavailable when HAProxy cannot be reached, kTimeout when it does not answer within five seconds.
  base::Result<std::string> Ask(std::string_view command);
  void Close();
  const std::string& path() const { return path_; }

 private:
  base::Status Connect();
  base::Result<std::string> ReadAnswer();

  std::string path_;
  int fd_ = -1;
};

/// Carries a command out, step by step, each answer checked.
base::Status Execute(RuntimeSession& session, const Command& command, std::string_view directory);
/// Reads everything that HAProxy holds. `pool_size` is known from the configuration only.
base::Result<ProxyState> ReadState(RuntimeSession& session, std::string_view directory, int pool_size);

/// One command for the master process; its whole answer. The master closes its socket for a moment after each start and reload.
base::Result<std::string> AskMaster(const std::string& master_socket, std::string_view command,
                                    std::chrono::milliseconds timeout);
/// One hitless reload; returns when the new worker serves. The error carries HAProxy's own words.
base::Status Reload(const std::string& master_socket, std::chrono::milliseconds timeout);

}  // namespace ingressfleet::agent
