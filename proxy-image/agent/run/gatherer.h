#pragma once
// Step 1 of the agent: watches the API and puts every change, decoded, into the inbox.
//
// Secrets: the informer sees all of type kubernetes.io/tls, but only the data of referenced ones is kept in memory. When a
// Secret becomes referenced after it was seen, it is fetched once.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/client.h"
#include "io/informer.h"
#include "run/inbox.h"
#include "run/options.h"

namespace ingressfleet::agent {

/// The rights that the agent's service account needs, for the operator's RBAC and the README; one row per resource.
struct AccessRule {
  std::string_view api_group;
  std::string_view resource;
  std::string_view resource_name;  ///< empty = all
  std::string_view verbs;
  bool only_own_namespace;
};
std::vector<AccessRule> RequiredAccess(const Options& options);

class Gatherer {
 public:
  Gatherer(io::Client& client, const Options& options, Inbox& inbox);

  /// Watches all kinds but Secrets, which wait for SetReferencedSecrets.
  void Start();
  /// The first complete lists of all kinds but Secrets are in the inbox.
  bool HasSyncedObjects() const;
  /// And the Secrets too.
  bool HasSynced() const;
  /// Names the Secrets that are to be kept. The first call starts the Secret watch.
  void SetReferencedSecrets(const std::vector<ObjectName>& names);
  /// What keeps an informer from being fresh; empty when all watch.
  std::vector<std::string> Problems() const;

 private:
  io::Informer& Add(const kube::KindInfo& kind, io::InformerOptions options, io::ChangeHandler on_change);
  void AddObjects();
  void AddSecrets();
  bool IsReferenced(const ObjectName& name) const;
  void FetchSoon(const std::vector<ObjectName>& names);
  void FetchSecrets(std::stop_token stop);
  /// True when there is nothing more to do for that name.
  bool FetchSecret(io::Client& client, const ObjectName& name);
  void PutSecret(const kube::Object& secret);

  io::Client& client_;
  Options options_;
  Inbox& inbox_;
  std::vector<std::unique_ptr<io::Informer>> objects_;
  mutable std::shared_mutex mutex_;
  std::set<ObjectName, std::less<>> referenced_;
  std::unique_ptr<io::Informer> secrets_;
  bool secrets_started_ = false;
  std::mutex fetch_mutex_;
  std::condition_variable_any fetch_wanted_;
  std::set<ObjectName> to_fetch_;
  std::jthread fetcher_;
};

}  // namespace ingressfleet::agent
