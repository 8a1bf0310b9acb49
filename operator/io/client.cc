#include "io/client.h"

#include <fmt/format.h>

#include "io/metrics.h"
#include "io/url.h"
#include "io/wait.h"
#include "kube/api_status.h"

namespace ingressfleet::io {
namespace {

using kube::Json;

constexpr int kMaxRetries = 3;
/// A longer Retry-After is left to the caller's queue instead of holding its thread.
constexpr int kMaxRetryAfterSeconds = 10;
/// Bookmarks come about each minute, so a silent watch is one whose server has vanished: it is opened again elsewhere.
constexpr std::chrono::milliseconds kWatchSilence{100'000};
constexpr std::chrono::milliseconds kWatchGrace{5'000};

std::string Describe(std::string_view verb, const kube::ObjectKey& key, std::string_view subresource = {}) {
  return subresource.empty() ? fmt::format("{} {}", verb, key.ToString())
                             : fmt::format("{} {} {}", verb, key.ToString(), subresource);
}

std::string DescribeList(std::string_view verb, const kube::KindInfo& kind, std::string_view ns) {
  return ns.empty() ? fmt::format("{} {}", verb, kind.plural) : fmt::format("{} {} in {}", verb, kind.plural, ns);
}

/// The row of the kind table behind a body; writing anything else is a programming error, reported as such.
base::Result<const kube::KindInfo*> KindOf(std::string_view verb, const kube::Object& body) {
  const kube::KindInfo* const kind = kube::FindKind(body.ApiVersion(), body.Kind());
  if (kind == nullptr || body.Name().empty()) {
    return base::Fail(base::Code::kInternal, fmt::format("{}: \"{} {}\" with name \"{}\" is not in the kind table", verb,
                                                         body.ApiVersion(), body.Kind(), body.Name()));
  }
  return kind;
}

void CountRequest(const HttpRequest& request, const std::string& code) {
  DefaultMetrics().Count("rest_client_requests_total", {{"code", code}, {"method", request.method}});
}

bool MayRetry(const HttpRequest& request, const HttpResponse& response) {
  return request.method != "POST" && (response.status == 429 || response.status >= 500) && response.retry_after_seconds > 0 &&
         response.retry_after_seconds <= kMaxRetryAfterSeconds;
}

base::Result<kube::Object> ToObject(base::Result<Json> body) {
  return std::move(body).map([](Json json) { return kube::Object(std::move(json)); });
}

ListPage ToPage(const kube::KindInfo& kind, Json body) {
  ListPage page;
  const Json metadata = body.value("metadata", Json::object());
  page.resource_version = kube::TextOf(metadata, "resourceVersion");
  page.continue_token = kube::TextOf(metadata, "continue");
  const auto items = body.find("items");
  if (items == body.end() || !items->is_array()) return page;  // an empty list may be null
  page.items.reserve(items->size());
  for (Json& item : *items) {
    item["apiVersion"] = kind.api_version;
    item["kind"] = kind.kind;
    page.items.emplace_back(std::move(item));
  }
  return page;
}

Json DeleteBody(const DeleteOptions& options) {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", options.propagation}};
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
  return body;
}

/// The server calls a uid that is not the live object's an invalid value (and a conflict only when there is no object).
bool WasReplaced(const kube::Object& body, const base::Error& error) {
  return error.code == base::Code::kInvalid && !body.Uid().empty() &&
         error.message.find("metadata.uid: Invalid value") != std::string::npos;
}

/// Text in an object may hold bytes that are not UTF-8 (a message of some program); they must not end the process.
std::string Dump(const Json& body) { return body.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Client::Client(std::shared_ptr<Transport> transport, std::stop_token stop)
    : transport_(std::move(transport)), stop_(std::move(stop)) {}

Client Client::With(std::stop_token stop, std::chrono::milliseconds idle_timeout) const {
  Client other(transport_, std::move(stop));
  other.idle_timeout_ = idle_timeout;
  return other;
}

base::Result<HttpResponse> Client::SendWithRetries(const HttpRequest& request) {
  for (int retry = 0;; ++retry) {
    auto response = transport_->Send(request, stop_);
    CountRequest(request, response ? std::to_string(response->status) : "<error>");
    if (!response || retry == kMaxRetries || !MayRetry(request, *response)) return response;
    if (!SleepFor(std::chrono::seconds(response->retry_after_seconds), stop_)) {
      return base::Fail(base::Code::kCanceled, "stopped");
    }
  }
}

base::Result<Json> Client::Call(HttpRequest request, const std::string& context) {
  request.idle_timeout = idle_timeout_;
  const auto response = SendWithRetries(request);
  if (!response) return base::Fail(response.error().Wrap(context));
  if (response->status < 200 || response->status >= 300) {
    return base::Fail(kube::ErrorFromResponse(response->status, response->body, response->retry_after_seconds).Wrap(context));
  }
  Json body = Json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) {
    return base::Fail(base::Code::kUnavailable, fmt::format("{}: the answer is not a JSON object", context));
  }
  return body;
}

base::Result<kube::Object> Client::Get(const kube::KindInfo& kind, std::string_view ns, std::string_view name) {
  const kube::ObjectKey key{std::string(kind.kind), std::string(kind.namespaced ? ns : ""), std::string(name)};
  return ToObject(Call({"GET", PathOf({kind, ns, name, {}}), {}, {}}, Describe("get", key)));
}

base::Result<ListPage> Client::List(const kube::KindInfo& kind, const ListOptions& options) {
  const std::string query = QueryOf({{"labelSelector", options.label_selector},
                                     {"fieldSelector", options.field_selector},
                                     {"resourceVersion", options.resource_version},
                                     {"continue", options.continue_token},
                                     {"limit", options.limit > 0 ? std::to_string(options.limit) : ""}});
  auto body = Call({"GET", PathOf({kind, options.ns, {}, {}}) + query, {}, {}}, DescribeList("list", kind, options.ns));
  return std::move(body).map([&kind](Json json) { return ToPage(kind, std::move(json)); });
}

base::Result<kube::Object> Client::Apply(const kube::Object& body, const ApplyOptions& options) {
  const auto kind = KindOf("apply", body);
  if (!kind) return base::Fail(kind.error());
  const std::string query = QueryOf({{"fieldManager", options.field_manager},
                                     {"force", options.force ? "true" : ""},
                                     {"dryRun", options.dry_run ? "All" : ""}});
  auto applied = Call({"PATCH", PathOf({**kind, body.Namespace(), body.Name(), options.subresource}) + query,
                       "application/apply-patch+yaml", Dump(body.body())},
                      Describe("apply", body.Key(), options.subresource));
  if (!applied && WasReplaced(body, applied.error())) applied.error().code = base::Code::kConflict;
  return ToObject(std::move(applied));
}

base::Result<kube::Object> Client::Create(const kube::Object& body, std::string_view field_manager) {
  const auto kind = KindOf("create", body);
  if (!kind) return base::Fail(kind.error());
  const std::string query = QueryOf({{"fieldManager", std::string(field_manager)}});
  return ToObject(Call({"POST", PathOf({**kind, body.Namespace(), {}, {}}) + query, "application/json", Dump(body.body())},
                       Describe("create", body.Key())));
}

base::Result<kube::Object> Client::Replace(const kube::Object& body, std::string_view field_manager) {
  const auto kind = KindOf("replace", body);
  if (!kind) return base::Fail(kind.error());
  if (body.ResourceVersion().empty()) {
    return base::Fail(base::Code::kInternal, fmt::format("replace {}: without a resourceVersion", body.Key().ToString()));
  }
  const std::string query = QueryOf({{"fieldManager", std::string(field_manager)}});
  return ToObject(
      Call({"PUT", PathOf({**kind, body.Namespace(), body.Name(), {}}) + query, "application/json", Dump(body.body())},
           Describe("replace", body.Key())));
}

base::Status Client::Delete(const kube::ObjectKey& key, const DeleteOptions& options) {
  const kube::KindInfo* const kind = kube::FindKind(key.kind);
  if (kind == nullptr || key.name.empty()) {
    return base::Fail(base::Code::kInternal, fmt::format("delete {}: not in the kind table", key.ToString()));
  }
  const auto body = Call({"DELETE", PathOf({*kind, key.ns, key.name, {}}), "application/json", Dump(DeleteBody(options))},
                         Describe("delete", key));
  if (!body) return base::Fail(body.error());
  return {};
}

base::Status Client::Watch(const kube::KindInfo& kind, const WatchOptions& options,
                           const std::function<void(std::string_view line)>& on_line, std::stop_token stop) {
  HttpRequest request{"GET", PathOf({kind, options.ns, {}, {}}), {}, {}};
  request.path += QueryOf({{"watch", "true"},
                           {"allowWatchBookmarks", "true"},
                           {"labelSelector", options.label_selector},
                           {"fieldSelector", options.field_selector},
                           {"resourceVersion", options.resource_version},
                           {"timeoutSeconds", std::to_string(options.timeout.count())}});
  request.idle_timeout = std::min(kWatchSilence, std::chrono::milliseconds(options.timeout) + kWatchGrace);
  const auto status = transport_->Stream(request, on_line, std::move(stop));
  CountRequest(request, status ? "200" : "<error>");
  if (!status) return base::Fail(status.error().Wrap(DescribeList("watch", kind, options.ns)));
  return {};
}

base::Result<kube::Object> Client::Review(std::string_view path, const Json& body) {
  return ToObject(Call({"POST", std::string(path), "application/json", Dump(body)}, fmt::format("post {}", path)));
}

base::Result<Json> Client::GetRaw(std::string_view path) {
  return Call({"GET", std::string(path), {}, {}}, fmt::format("get {}", path));
}

}  // namespace ingressfleet::io
