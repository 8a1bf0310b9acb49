#include "io/serve.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <array>
#include <string_view>

namespace ingressfleet::io {
namespace {

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kJson = "application/json";

struct Page {
  int status = 200;
  const char* content_type = kText;
  std::string text;
};

const char* ReasonOf(int status) {
  switch (status) {
    case 200: return "OK";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

/// As the API server: short when all is well, the failing checks by name otherwise.
Page RunChecks(const std::string& name, const std::vector<Check>& checks, bool verbose, int failed_status) {
  std::string lines;
  bool failed = false;
  for (const Check& check : checks) {
    const auto status = check.run();
    failed = failed || !status;
    lines +=
        status ? fmt::format("[+]{} ok\n", check.name) : fmt::format("[-]{} failed: {}\n", check.name, status.error().message);
  }
  if (failed) return {failed_status, kText, fmt::format("{}{} check failed\n", lines, name)};
  return {200, kText, verbose ? fmt::format("{}{} check passed\n", lines, name) : "ok"};
}

bool AsksForDetails(const char* query) {
  const std::string_view text = query == nullptr ? "" : query;
  return text == "verbose" || text.starts_with("verbose&") || text.starts_with("verbose=") ||
         text.find("&verbose") != std::string_view::npos;
}

}  // namespace

struct HealthServer::Impl {
  Impl(ServeOptions serve, Metrics& from) : options(std::move(serve)), metrics(from) {}
  ~Impl() {
    if (context != nullptr) mg_stop(context);
  }

  Page Answer(const mg_request_info& request) const {
    const std::string path = request.local_uri == nullptr ? "" : request.local_uri;
    const std::string_view method = request.request_method == nullptr ? "" : request.request_method;
    if (method != "GET" && method != "HEAD") return {405, kText, "only GET and HEAD\n"};
    const bool verbose = AsksForDetails(request.query_string);
    if (path == "/healthz" || path == "/livez") return RunChecks(path.substr(1), options.healthz, verbose, 500);
    if (path == "/readyz") return RunChecks("readyz", options.readyz, verbose, 503);
    if (path == "/metrics") return {200, kMetricsText, metrics.Expose()};
    const auto page = options.pages.find(path);
    const std::string text = page == options.pages.end() ? std::string() : page->second();
    if (text.empty()) return {404, kText, "not found\n"};
    return {200, text.front() == '{' || text.front() == '[' ? kJson : kText, text};
  }

  /// Called by a thread of civetweb; nothing may be thrown into its C code.
  static int OnRequest(mg_connection* connection) noexcept {
    const mg_request_info* const request = mg_get_request_info(connection);
    Page page;
    try {
      page = static_cast<const Impl*>(request->user_data)->Answer(*request);
    } catch (const std::exception& error) {
      page = {500, kText, "internal error\n"};
    }
    mg_printf(connection,
              "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
              "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
              page.status, ReasonOf(page.status), page.content_type, page.text.size());
    if (std::string_view(request->request_method) != "HEAD") mg_write(connection, page.text.data(), page.text.size());
    return page.status;
  }

  ServeOptions options;
  Metrics& metrics;
  mg_context* context = nullptr;
  int port = 0;
};

HealthServer::HealthServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HealthServer::~HealthServer() = default;
int HealthServer::port() const { return impl_->port; }

base::Result<std::unique_ptr<HealthServer>> HealthServer::Start(ServeOptions options, Metrics& metrics) {
  const bool is_ipv6 = options.address.find(':') != std::string::npos;
  const std::string where = fmt::format(fmt::runtime(is_ipv6 ? "[{}]:{}" : "{}:{}"), options.address, options.port);
  // A request is a line and a few headers: what is larger or slower is not a probe. civetweb ignores SIGPIPE.
  const std::array<const char*, 15> settings{"listening_ports",
                                             where.c_str(),
                                             "num_threads",
                                             "4",
                                             "request_timeout_ms",
                                             "10000",
                                             "enable_keep_alive",
                                             "no",
                                             "max_request_size",
                                             "16384",
                                             "connection_queue",
                                             "64",
                                             "listen_backlog",
                                             "64",
                                             nullptr};
  auto impl = std::make_unique<Impl>(std::move(options), metrics);
  std::array<char, 256> reason{};
  mg_error_data error{};
  error.text = reason.data();
  error.text_buffer_size = reason.size();
  mg_callbacks callbacks{};
  callbacks.begin_request = &Impl::OnRequest;
  callbacks.log_message = [](const mg_connection*, const char*) { return 1; };  // broken clients are not our news
  mg_init_data init{};
  init.callbacks = &callbacks;
  init.user_data = impl.get();
  init.configuration_options = const_cast<const char**>(settings.data());
  impl->context = mg_start2(&init, &error);
  if (impl->context == nullptr) {
    return base::Fail(base::Code::kUnavailable, fmt::format("listen on {}: {}", where, reason.data()));
  }
  mg_server_port port{};
  if (mg_get_server_ports(impl->context, 1, &port) == 1) impl->port = port.port;
  return std::unique_ptr<HealthServer>(new HealthServer(std::move(impl)));
}

}  // namespace ingressfleet::io
