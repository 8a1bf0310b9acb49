#pragma once
// The requests that the tests of the balancers share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "plan/balancer/balancer.h"

namespace ingressfleet::plan {

inline const std::string kPath = "spec.tiers[0].publishing.loadBalancer";

inline BalancerRequest Internal(kube::StringMap annotations = {}) {
  return {.scope = api::Scope::kInternal, .annotations = std::move(annotations), .source_ranges = {"10.0.0.0/8"}};
}

inline BalancerRequest External(kube::StringMap annotations = {}) {
  BalancerRequest request = Internal(std::move(annotations));
  request.scope = api::Scope::kExternal;
  return request;
}

inline BalancerRequest With(BalancerRequest request, const std::function<void(BalancerRequest&)>& edit) {
  edit(request);
  return request;
}

inline std::string AllErrors(const api::FieldErrors& errors) {
  std::string text;
  for (const auto& error : errors) text += error.ToString() + "\n";
  return text;
}

inline api::FieldErrors Check(api::Provider provider, const BalancerRequest& request) {
  return BalancerOf(provider).validate(request, kPath);
}

inline EntryService EntryFor(api::Provider provider, const BalancerRequest& request) {
  return BalancerOf(provider).entry(request);
}

inline std::string Key(std::string_view prefix, std::string_view name) { return std::string(prefix) + std::string(name); }
inline std::string Aws(std::string_view name) { return Key("service.beta.kubernetes.io/aws-load-balancer-", name); }
inline std::string Gke(std::string_view name) { return Key("networking.gke.io/", name); }
inline std::string Azure(std::string_view name) { return Key("service.beta.kubernetes.io/azure-", name); }

}  // namespace ingressfleet::plan
