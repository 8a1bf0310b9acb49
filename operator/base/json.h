#pragma once
// nlohmann::json, with its members compiled once (json.cc) instead of in every file that uses one.

#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;
