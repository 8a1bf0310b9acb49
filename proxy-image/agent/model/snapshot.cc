#include "model/snapshot.h"

#include <fmt/format.h>

#include "base/cidr.h"
#include "model/grammar.h"

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

using ParseItem = Result<std::string> (*)(std::string_view line);

/// One item a line; sorted, without duplicates. One wrong item makes the whole list wrong.
Result<std::vector<std::string>> ParseLines(std::string_view text, ParseItem parse) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = Trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    auto item = parse(line);
    if (!item) return Fail(item.error().Wrap(fmt::format("\"{}\"", line)));
    items.push_back(std::move(*item));
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

Result<std::string> ParseRange(std::string_view line) {
  const auto range = base::Cidr::Parse(line);
  if (!range) return Fail(range.error());
  return range->ToString();
}

Result<std::string> ParseAddress(std::string_view line) {
  auto address = CanonicalAddress(line);
  if (!address) return Fail(Code::kInvalid, "must be an IP address");
  return std::move(*address);
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
  auto allowed = ParseLines(value("allowedSourceRanges"), ParseRange);
  if (!allowed) return Fail(allowed.error().Wrap("allowedSourceRanges"));
  auto trusted = ParseLines(value("trustedProxies"), ParseRange);
  if (!trusted) return Fail(trusted.error().Wrap("trustedProxies"));
  auto selector = ParseSelector(value("namespaceSelector"));
  if (!selector) return Fail(selector.error().Wrap("namespaceSelector"));
  live.allowed_source_ranges = std::move(*allowed);
  live.trusted_proxies = std::move(*trusted);
  live.namespace_selector = std::move(*selector);
  live.default_certificate = Trim(value("defaultCertificate"));
  live.hash = value("hash");
  if (auto sources = ParseLines(value("probeSources"), ParseAddress)) {
    live.probe_sources = std::move(*sources);
  } else {
    live.probe_sources_error = sources.error().Wrap("probeSources").message;
  }
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
