#include "contract/io/cluster.h"

#include <fmt/format.h>
#include <unistd.h>

namespace ingressfleet::io {

void ContractTest::SetUp() {
  auto connection = LoadConnection("");
  ASSERT_TRUE(connection) << connection.error().ToString();
  connection_ = *connection;
  auto transport = MakeTransport(connection_);
  ASSERT_TRUE(transport) << transport.error().ToString();
  transport_ = *transport;
  client_ = std::make_unique<Client>(transport_);
  static int tests = 0;
  ns_ = fmt::format("contract-{}-{}", getpid(), ++tests);
  const auto created = client_->Create(kube::Object(kube::kNamespace, "", ns_), "contract");
  ASSERT_TRUE(created) << created.error().ToString();
}

void ContractTest::TearDown() {
  if (client_) (void)client_->Delete({"Namespace", "", ns_}, {});
}

kube::Object ContractTest::ConfigMap(const std::string& name, const kube::StringMap& data) const {
  kube::Object object(kube::kConfigMap, ns_, name);
  object.body()["data"] = data;
  return object;
}

kube::Object ContractTest::Apply(const kube::Object& body) {
  auto applied = client_->Apply(body, {.field_manager = "contract"});
  EXPECT_TRUE(applied) << applied.error().ToString();
  return applied.value_or(kube::Object());
}

void ContractTest::FillNamespace(int count) {
  for (int i = 0; i < count; ++i) Apply(ConfigMap(fmt::format("item-{}", i), {{"value", "text"}}));
}

}  // namespace ingressfleet::io
