#include "base/haproxy_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ingressfleet::base {
namespace {

TEST(HaproxySettingsTest, ReadsEveryKeyAndKeepsDefaults) {
  const auto parsed = ParseSettings({{"timeoutClient", "90s"},
                                     {"timeoutTunnel", "2h"},
                                     {"maxConnections", "5000"},
                                     {"threads", "4"},
                                     {"poolSize", "64"},
                                     {"logFormat", "json"}});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->timeout_client, std::chrono::seconds(90));
  EXPECT_EQ(parsed->timeout_tunnel, std::chrono::hours(2));
  EXPECT_EQ(parsed->timeout_server, HaproxySettings().timeout_server);
  EXPECT_EQ(parsed->max_connections, 5000);
  EXPECT_EQ(parsed->pool_size, 64);
  EXPECT_TRUE(parsed->access_log);
  EXPECT_EQ(*ParseSettings({}), HaproxySettings());
}

TEST(HaproxySettingsTest, NamesKeyValueAndRule) {
  struct Case {
    std::string key, value, rule;
  };
  const std::vector<Case> cases{
      {"timeoutClient", "abc", "must be a duration between 1s and 24h, e.g. 30s"},
      {"timeoutClient", "30", "must be a duration between 1s and 24h, e.g. 30s"},
      {"timeoutConnect", "99ms", "must be a duration between 100ms and 5m, e.g. 30s"},
      {"timeoutConnect", "-5s", "must be a duration between 100ms and 5m, e.g. 30s"},
      {"maxConnections", "1e6", "must be a whole number between 100 and 1000000"},
      {"threads", "65", "must be a whole number between 0 and 64"},
      {"logFormat", "text", "must be one of: off, json"},
  };
  for (const Case& row : cases) {
    EXPECT_THAT(ValidateSettings({{row.key, row.value}}), testing::ElementsAre(SettingError{row.key, row.value, row.rule}));
  }
  const auto unknown = ValidateSettings({{"timeout", "1s"}});
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_NE(unknown[0].ToString().find("timeout: Invalid value: \"1s\": is not a setting of this engine; known: logFormat"),
            std::string::npos);
  EXPECT_EQ(ValidateSettings({{"a", ""}, {"threads", "x"}}).size(), 2U);
}

}  // namespace
}  // namespace ingressfleet::base
