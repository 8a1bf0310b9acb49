#include "cli/yaml_text.h"

#include <algorithm>
#include <cctype>

namespace ingressfleet::cli {
namespace {

using nlohmann::json;

/// Words that a YAML reader of any version takes for something else than text.
bool IsReserved(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"}) {
    if (lower == word) return true;
  }
  return false;
}

/// A letter first and nothing but letters, digits and a few harmless characters: text for every reader.
bool IsPlain(const std::string& text) {
  const auto harmless = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/'; };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(), harmless) && !IsReserved(text);
}

/// A JSON string is a YAML string.
std::string TextOf(const std::string& text) {
  return IsPlain(text) ? text : json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string ScalarOf(const json& value) {
  return value.is_string() ? TextOf(value.get_ref<const std::string&>()) : value.dump();
}

bool IsNested(const json& value) { return value.is_structured() && !value.empty(); }

void Print(const json& value, std::size_t indent, bool in_line, std::string& out) {
  const std::string blanks(indent, ' ');
  bool first = in_line;  // the first entry of a list's element stands behind its dash
  const auto begin = [&] {
    if (!first) out += blanks;
    first = false;
  };
  if (!IsNested(value)) {
    begin();
    out += ScalarOf(value) + "\n";
  } else if (value.is_array()) {
    for (const json& element : value) {
      begin();
      out += "- ";
      Print(element, indent + 2, true, out);
    }
  } else {
    for (const auto& [key, member] : value.items()) {
      begin();
      out += TextOf(key) + ":";
      if (IsNested(member)) {
        out += "\n";
        Print(member, member.is_array() ? indent : indent + 2, false, out);
      } else {
        out += " ";
        Print(member, 0, true, out);
      }
    }
  }
}

}  // namespace

std::string YamlText(const json& value) {
  std::string out;
  Print(value, 0, false, out);
  return out;
}

}  // namespace ingressfleet::cli
