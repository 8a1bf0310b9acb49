#pragma once
// /healthz, /readyz, /livez and /metrics over plain HTTP, on an address of the machine's or pod's.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/metrics.h"

namespace ingressfleet::io {

/// A named condition of health: ok, or an error whose message is shown.
struct Check {
  std::string name;
  std::function<base::Status()> run;  ///< quick; called from a server thread
};

struct ServeOptions {
  std::string address = "0.0.0.0";  ///< IPv4 or IPv6
  int port = 8081;                  ///< 0 = any free one, see HealthServer::port
  std::vector<Check> healthz;       ///< alive; failing means: restart me
  std::vector<Check> readyz;        ///< ready; failing means: do not count on me
  /// Further plain-text or JSON pages by path ("/debug/table"); empty text = 404.
  std::map<std::string, std::function<std::string()>> pages;
};

/// Answers like the API server: "ok", with ?verbose one line per check ("[+]sync ok"), 503 (500 for healthz) with the
/// failing checks named. Stops in the destructor.
class HealthServer {
 public:
  static base::Result<std::unique_ptr<HealthServer>> Start(ServeOptions options, Metrics& metrics);
  ~HealthServer();
  int port() const;

 private:
  struct Impl;
  explicit HealthServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingressfleet::io
