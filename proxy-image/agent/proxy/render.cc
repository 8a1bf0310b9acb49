#include "proxy/render.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

#include "proxy/command.h"
#include "proxy/template.h"

namespace ingressfleet::agent {
namespace {

std::string Milliseconds(std::chrono::milliseconds duration) { return fmt::format("{}ms", duration.count()); }

std::string Bind(const RenderOptions& options, int port, std::string_view arguments) {
  std::string lines = fmt::format("  bind *:{}{}", port, arguments);
  if (options.ipv6) lines += fmt::format("\n  bind [::]:{} v6only{}", port, arguments);
  return lines;
}

std::string WebBinds(const RenderOptions& options) {
  return fmt::format(
      "{}\n{}", Bind(options, options.http_port, ""),
      Bind(options, options.https_port, fmt::format(" ssl crt-list {}/certs.list alpn h2,http/1.1", options.directory)));
}

// Whoever is not trusted to say who the client is may not say anything.
std::string ConnectionRules(const RenderOptions& options) {
  if (!options.proxy_protocol) return "  tcp-request connection expect-proxy layer4 if { var(sess.probe) -m found }";
  return fmt::format(
      "  tcp-request connection reject unless {{ src -f {}/trusted.acl }} or {{ var(sess.probe) -m found }}\n"
      "  tcp-request connection expect-proxy layer4",
      options.directory);
}

std::string AccessLog(const RenderOptions& options) {
  if (!options.settings.access_log) return "";
  const auto field = [](std::string_view name, std::string_view sample) {
    return fmt::format("\\\"{}\\\":\\\"%[{},json(utf8s)]\\\"", name, sample);
  };
  const std::string strings = fmt::format(
      "{},{},{},{},{},{},{}", field("client", "src"), field("host", "capture.req.hdr(0)"),
      field("method", "capture.req.method"), field("uri", "capture.req.uri"), field("proto", "capture.req.ver"),
      field("backend", fmt::format("var(txn.r),map({}/members.map)", options.directory)), field("agent", "capture.req.hdr(1)"));
  return fmt::format(
      "  log stdout format raw daemon info\n"
      "  http-request capture req.hdr(host) len 253\n"
      "  http-request capture req.hdr(user-agent) len 256\n"
      "  log-format \"{{\\\"time\\\":%Ts.%ms,{},\\\"status\\\":%ST,\\\"bytes\\\":%B,\\\"ms\\\":%Ta,\\\"server\\\":\\\"%s\\\","
      "\\\"term\\\":\\\"%tsc\\\"}}\"",
      strings);
}

std::string PoolText(const ProxyState& state) {
  std::string text;
  auto out = std::back_inserter(text);
  for (int number = 0; number < state.pool_size; ++number) {
    fmt::format_to(out, "backend {} from pool\n", MemberName(number));
    const auto member = state.members.find(number);
    if (member == state.members.end()) continue;
    for (const auto& [slot, server] : member->second.slots) {
      if (server.ready) fmt::format_to(out, "  server {} {} {}\n", SlotName(slot), server.address, ServerOptions());
    }
  }
  return text;
}

std::string Fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string filled;
  while (true) {
    const auto open = text.find("{{");
    const auto close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) return filled.append(text);
    const auto value = values.find(text.substr(open + 2, close - open - 2));
    filled.append(text.substr(0, open))
        .append(value == values.end() ? text.substr(open, close + 2 - open) : std::string_view(value->second));
    text.remove_prefix(close + 2);
  }
}

std::string Lines(const std::vector<std::string>& items) {
  return items.empty() ? "" : fmt::format("{}\n", fmt::join(items, "\n"));
}

std::string RoutesText(const ProxyState& state) {
  std::string text;
  for (const auto& [key, value] : state.routes) text.append(key).append(" ").append(value).append("\n");
  return text;
}

std::string MembersText(const ProxyState& state) {
  std::string text;
  for (const auto& [number, member] : state.members) {
    if (!member.backend.empty()) text += fmt::format("{} {}\n", MemberName(number), member.backend);
  }
  return text;
}

std::string CertificateLine(std::string_view directory, const std::string& stem, const CertificateEntry& entry) {
  return fmt::format("{} {}\n", CertificateFile(directory, stem), fmt::join(entry.hosts, " "));
}

// The first line is the certificate for everybody who asks for no name or an unknown one.
std::string CertificateListText(std::string_view directory, const ProxyState& state) {
  std::string first, others;
  for (const auto& [stem, entry] : state.certificates) {
    (stem == kDefaultCertificate ? first : others) += CertificateLine(directory, stem, entry);
  }
  return first + others;
}

}  // namespace

std::string RuntimeSocket(const RenderOptions& options) {
  return fmt::format("{}/runtime-{}.sock", options.directory, options.generation);
}

std::string RenderConfig(const RenderOptions& options, const ProxyState& state) {
  const base::HaproxySettings& settings = options.settings;
  return Fill(kConfigTemplate, {{"runtime_socket", RuntimeSocket(options)},
                                {"max_connections", std::to_string(options.max_connections)},
                                {"threads", std::to_string(options.threads)},
                                {"drain", fmt::format("{}s", options.drain_seconds)},
                                {"timeout_connect", Milliseconds(settings.timeout_connect)},
                                {"timeout_client", Milliseconds(settings.timeout_client)},
                                {"timeout_server", Milliseconds(settings.timeout_server)},
                                {"timeout_tunnel", Milliseconds(settings.timeout_tunnel)},
                                {"web_binds", WebBinds(options)},
                                {"web_connection_rules", ConnectionRules(options)},
                                {"access_log", AccessLog(options)},
                                {"stats_binds", Bind(options, options.stats_port, "")},
                                {"dir", options.directory},
                                {"pool", PoolText(state)}});
}

std::map<std::string, std::string> RenderFiles(const RenderOptions& options, const ProxyState& state) {
  std::map<std::string, std::string> files{{"haproxy.cfg", RenderConfig(options, state)},
                                           {"routes.map", RoutesText(state)},
                                           {"members.map", MembersText(state)},
                                           {"allowed.acl", Lines(state.allowed_source_ranges)},
                                           {"trusted.acl", Lines(state.trusted_proxies)},
                                           {"probe.acl", Lines(state.probe_sources)},
                                           {"certs.list", CertificateListText(options.directory, state)}};
  for (const auto& [stem, entry] : state.certificates) files["certs/" + stem + ".pem"] = entry.certificate->pem;
  return files;
}

}  // namespace ingressfleet::agent
