#pragma once
// A local, always fresh copy of all objects of one kind: list, then watch, then list again when the server says so.
//
// Guarantees: HasSynced() turns true once the first complete list stands in the store and never back. The handler sees every
// object at least once, changes of one object in order, each with the state before and after; a relist that finds an object
// replaced (other UID) reports a removal and an addition. The handler runs on the informer's thread and must be quick.
// Not promised: every intermediate state (the server may fold changes), order between different informers.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "io/client.h"
#include "kube/object.h"

namespace ingressfleet::io {

using ObjectPtr = std::shared_ptr<const kube::Object>;

struct InformerOptions {
  const kube::KindInfo* kind = nullptr;  ///< a row of the kind table; must outlive the informer
  std::string ns;
  std::string label_selector;
  std::string field_selector;
  /// Drops what nobody reads before it is stored (managedFields always go).
  std::function<void(kube::Json& object)> prune;
};

/// `before` is null for an addition, `after` for a removal.
using ChangeHandler = std::function<void(const ObjectPtr& before, const ObjectPtr& after)>;

struct InformerHealth {
  bool synced = false;
  bool watching = false;   ///< a watch request is open now
  std::string last_error;  ///< of the newest failed request; empty after a success
  std::uint64_t relists = 0;
  std::size_t objects = 0;
};

class Informer {
 public:
  Informer(Client& client, InformerOptions options, ChangeHandler on_change);
  ~Informer();  ///< stops and waits
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  void Start();
  bool HasSynced() const;
  InformerHealth Health() const;
  /// nullptr when there is none. Thread-safe, as List is.
  ObjectPtr Get(std::string_view ns, std::string_view name) const;
  /// All objects, ordered by namespace and name.
  std::vector<ObjectPtr> List() const;
  const InformerOptions& options() const { return options_; }

 private:
  class Store;
  class Driver;

  Client& client_;
  InformerOptions options_;
  ChangeHandler on_change_;
  std::unique_ptr<Store> store_;
  std::jthread thread_;
};

}  // namespace ingressfleet::io
