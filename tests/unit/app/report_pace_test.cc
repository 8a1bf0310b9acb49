#include "app/report_pace.h"

#include <gtest/gtest.h>

namespace ingressfleet::app {
namespace {

using namespace std::chrono_literals;

const ReportPace::Now kStart{1h};

TEST(ReportPaceTest, TheFirstReportDoesNotWait) { EXPECT_EQ(ReportPace().Wait("edge", kStart), 0ms); }

TEST(ReportPaceTest, TheNextOneWaitsForTheRestOfTheSecond) {
  ReportPace pace;
  pace.Written("edge", kStart);
  EXPECT_EQ(pace.Wait("edge", kStart), 1000ms);
  EXPECT_EQ(pace.Wait("edge", kStart + 400ms), 600ms);
  EXPECT_EQ(pace.Wait("edge", kStart + 999'900us), 1ms) << "a wait of nothing would come back too early";
  EXPECT_EQ(pace.Wait("edge", kStart + 1s), 0ms);
  EXPECT_EQ(pace.Wait("edge", kStart + 1h), 0ms);
}

TEST(ReportPaceTest, EachFleetHasItsOwn) {
  ReportPace pace;
  pace.Written("edge", kStart);
  EXPECT_EQ(pace.Wait("lab", kStart), 0ms);
}

TEST(ReportPaceTest, AForgottenFleetStartsAnew) {
  ReportPace pace;
  pace.Written("edge", kStart);
  pace.Forget("edge");
  EXPECT_EQ(pace.Wait("edge", kStart), 0ms);
}

}  // namespace
}  // namespace ingressfleet::app
