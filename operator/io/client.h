#pragma once
// The Kubernetes API in the verbs that we use, over a Transport. Every write is idempotent or guarded by uid or
// resourceVersion, so that a silent re-send does no harm.

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/transport.h"
#include "kube/object.h"

namespace ingressfleet::io {

struct ListOptions {
  std::string ns;  ///< empty = all namespaces
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  ///< "0" = any cached state will do
  std::string continue_token;
  int limit = 500;
};

struct ListPage {
  std::vector<kube::Object> items;  ///< apiVersion and kind filled in (the API leaves them out of list items)
  std::string resource_version;
  std::string continue_token;  ///< empty on the last page
};

struct WatchOptions {
  std::string ns;
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  std::chrono::seconds timeout{300};  ///< asked of the server; bookmarks are always requested
};

struct ApplyOptions {
  std::string field_manager;
  bool force = false;       ///< take over fields that another manager holds
  std::string subresource;  ///< "status" or empty
  bool dry_run = false;
};

struct DeleteOptions {
  std::string uid;               ///< precondition; empty = none
  std::string resource_version;  ///< precondition; empty = none
  std::string propagation = "Background";
};

/// Thread-safe. `stop` ends a call early with kCanceled. Errors: what kube::ErrorFromResponse says, with the call as context
/// ("apply Service edge/public-entry: …"). Calls are retried inside only for 429 and 5xx with Retry-After, at most 3 times.
class Client {
 public:
  explicit Client(std::shared_ptr<Transport> transport, std::stop_token stop = {});
  /// The same client with another stop token and, for calls that must not wait as long as usual, another idle timeout.
  Client With(std::stop_token stop, std::chrono::milliseconds idle_timeout = kCallTimeout) const;

  base::Result<kube::Object> Get(const kube::KindInfo& kind, std::string_view ns, std::string_view name);
  base::Result<ListPage> List(const kube::KindInfo& kind, const ListOptions& options);
  /// Server-side apply. A metadata.uid in the body makes the server refuse (kConflict) when the object was replaced
  /// meanwhile, a metadata.resourceVersion when it was changed.
  base::Result<kube::Object> Apply(const kube::Object& body, const ApplyOptions& options);
  /// POST. kAlreadyExists when there is one of that name.
  base::Result<kube::Object> Create(const kube::Object& body, std::string_view field_manager);
  /// PUT, guarded by the body's metadata.resourceVersion (required).
  base::Result<kube::Object> Replace(const kube::Object& body, std::string_view field_manager);
  /// kNotFound when it is gone already.
  base::Status Delete(const kube::ObjectKey& key, const DeleteOptions& options);
  /// One watch request; see Transport::Stream.
  base::Status Watch(const kube::KindInfo& kind, const WatchOptions& options,
                     const std::function<void(std::string_view line)>& on_line, std::stop_token stop);
  /// POST of a review ("/apis/authentication.k8s.io/v1/selfsubjectreviews"): it asks, and nothing is kept of it.
  base::Result<kube::Object> Review(std::string_view path, const kube::Json& body);
  /// GET of a raw path ("/version").
  base::Result<kube::Json> GetRaw(std::string_view path);

  static constexpr std::chrono::milliseconds kCallTimeout{30'000};

 private:
  /// One logical call: sent, retried where that is safe, counted; an error status becomes the Error it means.
  base::Result<kube::Json> Call(HttpRequest request, const std::string& context);
  base::Result<HttpResponse> SendWithRetries(const HttpRequest& request);

  std::shared_ptr<Transport> transport_;
  std::stop_token stop_;
  std::chrono::milliseconds idle_timeout_ = kCallTimeout;
};

}  // namespace ingressfleet::io
