#pragma once
// Golden files: what a function printed when somebody last looked at it. `UPDATE_GOLDEN=1 <test binary>` writes them
// anew; look at the diff before you commit it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace ingressfleet::support {

/// `path` is relative to the source tree ("tests/golden/balancer/aws.json").
inline void ExpectGolden(std::string_view path, const std::string& text) {
  const std::filesystem::path file = std::filesystem::path(INGRESSFLEET_SOURCE_DIR) / path;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return;
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_EQ(golden, text) << path << " differs; run again with UPDATE_GOLDEN=1 and look at the diff";
}

}  // namespace ingressfleet::support
