#include "plan/verify/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ingressfleet::plan::verify {
namespace {

using effect::ProbeAnswer;
using effect::ProbeError;
using ::testing::HasSubstr;
using upgrade::Verdict;

ProbeAnswer Answer(int status, const std::string& body = "") {
  ProbeAnswer answer;
  answer.error = ProbeError::kNone;
  answer.status = status;
  answer.body = body;
  return answer;
}

TEST(ConditionTest, Parses) {
  struct Case {
    const char* text;
    double value;
    bool holds;
  };
  for (const Case& row : std::vector<Case>{{"result < 0.01", 0.009, true},
                                           {"result < 0.01", 0.01, false},
                                           {"result<=0.01", 0.01, true},
                                           {" result >= 1e3 ", 1000, true},
                                           {"result > -1", 0, true},
                                           {"result == 0", 0, true},
                                           {"result != 0", 0, false}}) {
    const auto condition = Condition::Parse(row.text);
    ASSERT_TRUE(condition) << row.text;
    EXPECT_EQ(condition->Holds(row.value), row.holds) << row.text;
  }
  for (const char* bad : {"", "result", "result <", "result = 1", "result < x", "result < 1 ms", "results < 1", "0.1 > result",
                          "result < NaN", "result < inf", "result << 1"}) {
    EXPECT_FALSE(Condition::Parse(bad)) << bad;
  }
}

TEST(StatusTest, ExpectedStatus) {
  for (const char* good : {"200", "2xx", "503", "1xx", "599"}) EXPECT_TRUE(ValidateExpectedStatus(good)) << good;
  for (const char* bad : {"", "2", "20", "2xxx", "6xx", "0xx", "2x0", "2XX", "abc", "-20"})
    EXPECT_FALSE(ValidateExpectedStatus(bad)) << bad;
  EXPECT_TRUE(StatusMatches("2xx", 204));
  EXPECT_FALSE(StatusMatches("2xx", 301));
  EXPECT_TRUE(StatusMatches("301", 301));
  EXPECT_FALSE(StatusMatches("301", 302));
}

TEST(CustomProbeTest, Request) {
  CustomProbe probe{
      .name = "login", .scheme = "https", .host = "a.test", .path = "/login", .headers = {{"x-a", "1"}}, .body_contains = "ok"};
  const auto request = RequestOf(probe, "10.0.0.9", "10.1.0.1");
  EXPECT_EQ(request.address, "10.0.0.9");
  EXPECT_EQ(request.port, 443);
  EXPECT_TRUE(request.tls && request.keep_body);
  EXPECT_EQ(request.source, "10.1.0.1");
  probe.source = "10.2.0.1";
  probe.scheme = "http";
  probe.port = 8080;
  EXPECT_EQ(RequestOf(probe, "10.0.0.9", "10.1.0.1").source, "10.2.0.1");
  EXPECT_EQ(RequestOf(probe, "10.0.0.9", "10.1.0.1").port, 8080);
}

TEST(CustomProbeTest, Measures) {
  const CustomProbe probe{.name = "login", .host = "a.test", .path = "/login", .body_contains = "welcome"};
  EXPECT_EQ(Measure(probe, Answer(200, "you are welcome")).verdict, Verdict::kPass);
  EXPECT_EQ(Measure(probe, Answer(404, "welcome")).message, "probe login: http://a.test/login: status 404, not 2xx");
  EXPECT_THAT(Measure(probe, Answer(200, "go away")).message, HasSubstr("does not contain \"welcome\""));
  ProbeAnswer none;
  EXPECT_EQ(Measure(probe, none).verdict, Verdict::kUnknown) << "not asked";
  none.error = ProbeError::kConnect;
  EXPECT_EQ(Measure(probe, none).verdict, Verdict::kFail);
}

TEST(MetricTest, Request) {
  const auto request =
      RequestOf(MetricQuery{.address = "http://prometheus.monitoring:9090/prefix/", .query = "sum(rate(x[1m])) / 2"});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->address, "prometheus.monitoring");
  EXPECT_EQ(request->port, 9090);
  EXPECT_EQ(request->path, "/prefix/api/v1/query?query=sum%28rate%28x%5B1m%5D%29%29%20%2F%202");
  EXPECT_FALSE(request->tls);
  EXPECT_EQ(RequestOf(MetricQuery{.address = "https://p"})->port, 443);
  EXPECT_EQ(RequestOf(MetricQuery{.address = "http://[2001:db8::1]:9090"})->address, "2001:db8::1");
  for (const char* bad : {"", "p:9090", "ftp://p", "http://", "http://:9090", "http://p:x", "http://p:0", "http://p:70000"}) {
    EXPECT_FALSE(RequestOf(MetricQuery{.address = bad})) << bad;
  }
}

TEST(MetricTest, Measures) {
  const MetricQuery metric{.name = "errors", .address = "http://p", .query = "q", .success_condition = "result < 0.01"};
  const auto vector = [](const std::string& values) {
    return Answer(200, R"({"status":"success","data":{"resultType":"vector","result":[)" + values + "]}}");
  };
  struct Case {
    ProbeAnswer answer;
    Verdict verdict;
  };
  const std::vector<Case> cases{
      {vector(R"({"metric":{},"value":[1.5,"0.001"]})"), Verdict::kPass},
      {vector(R"({"metric":{},"value":[1.5,"0.02"]})"), Verdict::kFail},
      {vector(R"({"metric":{},"value":[1.5,"0"]},{"metric":{"a":"b"},"value":[1.5,"1"]})"), Verdict::kFail},
      {vector(R"({"metric":{},"value":[1.5,"+Inf"]})"), Verdict::kFail},
      {Answer(200, R"({"status":"success","data":{"resultType":"scalar","result":[1,"0"]}})"), Verdict::kPass},
      {vector(""), Verdict::kUnknown},
      {vector(R"({"metric":{},"value":[1.5,"NaN"]})"), Verdict::kUnknown},
      {vector(R"({"metric":{},"value":[1.5,0.001]})"), Verdict::kUnknown},
      {vector(R"({"metric":{},"values":[[1.5,"0.001"]]})"), Verdict::kUnknown},
      {Answer(200, R"({"status":"error","error":"x"})"), Verdict::kUnknown},
      {Answer(200, "<html>"), Verdict::kUnknown},
      {Answer(422, ""), Verdict::kUnknown},
      {ProbeAnswer(), Verdict::kUnknown},
  };
  for (const Case& row : cases) {
    const Measurement measurement = Measure(metric, row.answer);
    EXPECT_EQ(measurement.verdict, row.verdict) << row.answer.body;
    EXPECT_THAT(measurement.message, ::testing::StartsWith(row.verdict == Verdict::kPass ? "" : "metric errors at http://p: "))
        << row.answer.body;
  }
}

TEST(TallyTest, FailsBeyondItsLimitAndNeverWithoutData) {
  const Measurement pass{Verdict::kPass, ""}, fail{Verdict::kFail, "bad"}, unknown{Verdict::kUnknown, "no result"};
  Tally metric(1, false);
  EXPECT_EQ(metric.Judge().verdict, Verdict::kUnknown);
  metric.Add(fail);
  EXPECT_EQ(metric.Judge().verdict, Verdict::kUnknown);
  metric.Add(pass);
  EXPECT_EQ(metric.Judge().verdict, Verdict::kPass);
  metric.Add(unknown);
  EXPECT_EQ(metric.Judge().verdict, Verdict::kUnknown);
  EXPECT_EQ(metric.Judge().message, "no result");
  metric.Add(fail);
  EXPECT_EQ(metric.Judge().verdict, Verdict::kFail);
  metric.Add(pass);
  EXPECT_EQ(metric.Judge().verdict, Verdict::kFail) << "two failures are too many, whatever follows";
  Tally probe(2, true);
  for (const Measurement& one : {fail, fail, pass, fail, fail}) probe.Add(one);
  EXPECT_EQ(probe.Judge().verdict, Verdict::kUnknown);
  probe.Add(fail);
  EXPECT_EQ(probe.Judge().verdict, Verdict::kFail);
}

}  // namespace
}  // namespace ingressfleet::plan::verify
