#include "base/clock.h"

#include <gtest/gtest.h>

namespace ingressfleet::base {
namespace {

TEST(TimeTest, ReadsWhatItWrites) {
  const TimePoint time = *ParseTime("2026-03-01T12:00:07.123456Z");
  EXPECT_EQ(FormatTime(time), "2026-03-01T12:00:07Z");
  EXPECT_EQ(FormatMicroTime(time), "2026-03-01T12:00:07.123000Z");
  EXPECT_EQ(ParseTime(FormatMicroTime(time)), time);
}

TEST(TimeTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "now", "2026-03-01", "2026-03-01T12:00:07", "2026-03-01T12:00:07+01:00", "2026-03-01T12:00:07ZZ"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
}

TEST(DurationTest, IsShort) {
  using namespace std::chrono_literals;
  EXPECT_EQ(FormatDuration(850ms), "850ms");
  EXPECT_EQ(FormatDuration(4s), "4s");
  EXPECT_EQ(FormatDuration(125s), "2m5s");
  EXPECT_EQ(FormatDuration(3h + 5min), "3h5m");
  EXPECT_EQ(FormatDuration(-4s), "-4s");
}

}  // namespace
}  // namespace ingressfleet::base
