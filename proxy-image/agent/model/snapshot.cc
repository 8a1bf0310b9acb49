#include "model/snapshot.h"

#include <fmt/format.h>

#include "base/cidr.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;
using base::Result;

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Result<std::vector<std::string>> ParseRanges(std::string_view text) {
  std::vector<std::string> ranges;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = Trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    const auto range = base::Cidr::Parse(line);
    if (!range) return Fail(range.error().Wrap(fmt::format("\"{}\"", line)));
    ranges.push_back(range->ToString());
  }
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  return ranges;
}

Result<kube::LabelSelector> ParseSelector(std::string_view text) {
  if (Trim(text).empty()) return kube::LabelSelector();
  const auto json = kube::Json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail(Code::kInvalid, "must be a LabelSelector as JSON");
  return kube::LabelSelector::Parse(json);
}

Result<LiveConfig> Parse(const kube::Object& config_map) {
  const auto data = config_map.Map("/data");
  const auto value = [&](const char* key) {
    const auto found = data.find(key);
    return found == data.end() ? std::string() : found->second;
  };
  LiveConfig live;
  if (!data.contains("allowedSourceRanges")) return Fail(Code::kInvalid, "allowedSourceRanges is missing");
  auto allowed = ParseRanges(value("allowedSourceRanges"));
  if (!allowed) return Fail(allowed.error().Wrap("allowedSourceRanges"));
  auto trusted = ParseRanges(value("trustedProxies"));
  if (!trusted) return Fail(trusted.error().Wrap("trustedProxies"));
  auto selector = ParseSelector(value("namespaceSelector"));
  if (!selector) return Fail(selector.error().Wrap("namespaceSelector"));
  live.allowed_source_ranges = std::move(*allowed);
  live.trusted_proxies = std::move(*trusted);
  live.namespace_selector = std::move(*selector);
  live.default_certificate = Trim(value("defaultCertificate"));
  live.hash = value("hash");
  return live;
}

}  // namespace

LiveConfig DecodeLiveConfig(const kube::Object* config_map) {
  LiveConfig closed;
  if (config_map == nullptr) {
    closed.error = "the ConfigMap does not exist";
    return closed;
  }
  auto live = Parse(*config_map);
  if (live) return *live;
  closed.error = live.error().message;
  return closed;
}

}  // namespace ingressfleet::agent
