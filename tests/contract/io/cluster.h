#pragma once
// A real API server for the contract tests: the one of $KUBECONFIG, and a namespace of our own in it.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "io/client.h"
#include "io/kubeconfig.h"

namespace ingressfleet::io {

class ContractTest : public ::testing::Test {
 protected:
  /// No server means a failed test, never a skipped one: this binary runs only where one was promised.
  void SetUp() override;
  void TearDown() override;

  kube::Object ConfigMap(const std::string& name, const kube::StringMap& data) const;
  /// `count` ConfigMaps named item-0, item-1, …
  void FillNamespace(int count);
  kube::Object Apply(const kube::Object& body);

  Connection connection_;
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<Client> client_;
  std::string ns_;
};

}  // namespace ingressfleet::io
