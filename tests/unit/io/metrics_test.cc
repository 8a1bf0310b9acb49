#include "io/metrics.h"

#include <unistd.h>

#include <regex>

namespace ingressfleet::io {
namespace {

bool Has(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.Expose()).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, CountersGaugesAndHistogramsInTheTextFormat) {
  Metrics metrics;
  metrics.Count("rest_client_requests_total", {{"code", "200"}, {"method", "GET"}});
  metrics.Count("rest_client_requests_total", {{"code", "200"}, {"method", "GET"}}, 2);
  metrics.Set("workqueue_depth", {{"name", "q"}}, 4);
  metrics.Observe("workqueue_work_duration_seconds", {{"name", "q"}}, 0.3);
  EXPECT_TRUE(Has(metrics, "# TYPE rest_client_requests_total counter"));
  EXPECT_TRUE(Has(metrics, "rest_client_requests_total{code=\"200\",method=\"GET\"} 3"));
  EXPECT_TRUE(Has(metrics, "# HELP workqueue_depth Current depth of workqueue"));
  EXPECT_TRUE(Has(metrics, "workqueue_depth{name=\"q\"} 4"));
  EXPECT_TRUE(Has(metrics, "workqueue_work_duration_seconds_bucket{name=\"q\",le=\"0.25\"} 0"));
  EXPECT_TRUE(Has(metrics, "workqueue_work_duration_seconds_bucket{name=\"q\",le=\"+Inf\"} 1"));
}

TEST(Metrics, CountingByZeroMakesTheSeriesExist) {
  Metrics metrics;
  metrics.Count("controller_runtime_reconcile_errors_total", {{"controller", "fleet"}}, 0);
  EXPECT_TRUE(Has(metrics, "controller_runtime_reconcile_errors_total{controller=\"fleet\"} 0"));
}

TEST(Metrics, OtherLayersBringTheirNames) {
  Metrics metrics;
  constexpr MetricRow kRows[] = {{"ingressfleet_tiers", MetricType::kGauge, "Tiers of a fleet"}};
  metrics.Register(kRows);
  metrics.Set("ingressfleet_tiers", {{"fleet", "a"}, {"tier", "x"}}, 1);
  metrics.Set("ingressfleet_tiers", {{"fleet", "a"}, {"tier", "y"}}, 1);
  metrics.Set("ingressfleet_tiers", {{"fleet", "b"}, {"tier", "x"}}, 1);
  metrics.Remove("ingressfleet_tiers", {{"fleet", "a"}});
  const std::string text = metrics.Expose();
  EXPECT_EQ(text.find("fleet=\"a\""), std::string::npos);
  EXPECT_NE(text.find("ingressfleet_tiers{fleet=\"b\",tier=\"x\"} 1"), std::string::npos);
  metrics.Set("ingressfleet_tiers", {{"fleet", "a"}, {"tier", "x"}}, 2);
  EXPECT_TRUE(Has(metrics, "ingressfleet_tiers{fleet=\"a\",tier=\"x\"} 2"));
}

TEST(Metrics, AnUnknownNameIsABrokenExpectation) {
  Metrics metrics;
  EXPECT_DEATH(metrics.Count("typo_total"), "typo_total");
  EXPECT_DEATH(metrics.Set("workqueue_adds_total", {}, 1), "another type");
}

TEST(Metrics, TheProcessItself) {
  const std::string text = Metrics().Expose();
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, std::regex("\nprocess_resident_memory_bytes ([0-9.e+]+)\n")));
  EXPECT_GT(std::stod(found[1]), 1e6);
  ASSERT_TRUE(std::regex_search(text, found, std::regex("\nprocess_start_time_seconds ([0-9.e+]+)\n")));
  const auto now = static_cast<double>(time(nullptr));
  EXPECT_NEAR(std::stod(found[1]), now, 3600);
}

}  // namespace
}  // namespace ingressfleet::io
