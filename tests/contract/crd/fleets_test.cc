// The operator's half of the contract in tests/contract/{broken,sound}-fleets. crd_on_api_server_test.py asks a real API
// server the same.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/decode.h"
#include "api/tier_defaults.h"
#include "api/validate.h"
#include "kube/yaml.h"

namespace ingressfleet::api {
namespace {

using kube::Json;

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(INGRESSFLEET_SOURCE_DIR) + "/" + folder)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Json> Documents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  const auto documents = kube::ParseYaml(text.str());
  EXPECT_TRUE(documents) << path << ": " << documents.error().message;
  return documents.value_or(std::vector<Json>());
}

std::string Name(const testing::TestParamInfo<std::string>& test) {
  std::string name = std::filesystem::path(test.param).stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string Text(const FieldErrors& errors) {
  std::string text;
  for (const FieldError& error : errors) text += error.ToString() + "\n";
  return text;
}

/// What the operator says to one fleet, or to a second one that replaces the first.
FieldErrors Errors(const std::vector<Json>& fleets) {
  Decoded last = AcceptFleet(kube::Object(fleets.back()));
  if (fleets.size() == 1 || !last.fleet) return last.errors;
  const Decoded first = AcceptFleet(kube::Object(fleets.front()));
  EXPECT_TRUE(first.fleet) << "the fleet before the update must be sound\n" << Text(first.errors);
  if (!first.fleet) return first.errors;
  return AttributeToDefaults(ValidateUpdate(*first.fleet, *last.fleet), fleets.back()["spec"]);
}

class BrokenFleetTest : public testing::TestWithParam<std::string> {};

TEST_P(BrokenFleetTest, IsRefusedWhereItIsBroken) {
  std::vector<Json> documents = Documents(GetParam());
  ASSERT_GE(documents.size(), 2U);
  const Json expect = documents.front()["expect"];
  documents.erase(documents.begin());
  const FieldErrors errors = Errors(documents);
  const bool found = std::any_of(errors.begin(), errors.end(), [&](const FieldError& error) {
    return error.path == kube::TextOf(expect, "path") &&
           error.ToString().find(kube::TextOf(expect, "message")) != std::string::npos;
  });
  EXPECT_TRUE(found) << "want " << expect << ", got\n" << Text(errors);
}

INSTANTIATE_TEST_SUITE_P(All, BrokenFleetTest, testing::ValuesIn(FilesIn("tests/contract/broken-fleets")), Name);

class SoundFleetTest : public testing::TestWithParam<std::string> {};

TEST_P(SoundFleetTest, IsAccepted) {
  const std::vector<Json> documents = Documents(GetParam());
  ASSERT_FALSE(documents.empty());
  EXPECT_EQ(Text(Errors(documents)), "");
}

INSTANTIATE_TEST_SUITE_P(All, SoundFleetTest, testing::ValuesIn(FilesIn("tests/contract/sound-fleets")), Name);
INSTANTIATE_TEST_SUITE_P(Samples, SoundFleetTest, testing::ValuesIn(FilesIn("crds/samples")), Name);

}  // namespace
}  // namespace ingressfleet::api
