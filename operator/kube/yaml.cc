#include "kube/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdlib>

namespace ingressfleet::kube {
namespace {

constexpr int kMaxDepth = 100;
constexpr int kMaxNodes = 1'000'000;

struct TooLarge {};

Json Scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // yaml-cpp's tag of a quoted scalar
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::int64_t integer = 0;
  const char* const begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* const end = text.data() + text.size();
  if (const auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc() && parsed.ptr == end) {
    return integer;
  }
  // A float consists of these characters only; strtod alone would also take hexadecimal, "inf" and "nan".
  if (text.find_first_not_of("0123456789.eE+-") == std::string::npos) {
    char* parsed_to = nullptr;
    const double number = std::strtod(text.c_str(), &parsed_to);
    if (parsed_to == text.c_str() + text.size()) return number;
  }
  return text;
}

Json Convert(const YAML::Node& node, int depth, int& nodes) {
  if (depth > kMaxDepth || ++nodes > kMaxNodes) throw TooLarge{};
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null: return nullptr;
    case YAML::NodeType::Scalar: return Scalar(node);
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const auto& item : node) list.push_back(Convert(item, depth + 1, nodes));
      return list;
    }
    case YAML::NodeType::Map: {
      Json map = Json::object();
      for (const auto& item : node) {
        const std::string key = item.first.as<std::string>();
        if (map.contains(key)) throw YAML::ParserException(item.first.Mark(), fmt::format("duplicate key \"{}\"", key));
        map[key] = Convert(item.second, depth + 1, nodes);
      }
      return map;
    }
  }
  return nullptr;
}

}  // namespace

base::Result<std::vector<Json>> ParseYaml(std::string_view text) {
  try {
    std::vector<Json> documents;
    int nodes = 0;
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) {
      Json converted = Convert(document, 0, nodes);
      if (!converted.is_null()) documents.push_back(std::move(converted));
    }
    return documents;
  } catch (const TooLarge&) {
    return base::Fail(base::Code::kInvalid, "the YAML document is nested too deeply or too large");
  } catch (const YAML::Exception& error) {
    return base::Fail(base::Code::kInvalid,
                      fmt::format("line {}, column {}: {}", error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

}  // namespace ingressfleet::kube
