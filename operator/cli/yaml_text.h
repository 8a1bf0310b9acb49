#pragma once
// JSON as YAML, for `-o yaml`. Pure; what it prints, kube::ParseYaml reads back as the same value.

#include <string>

#include "base/json.h"

namespace ingressfleet::cli {

std::string YamlText(const nlohmann::json& value);

}  // namespace ingressfleet::cli
