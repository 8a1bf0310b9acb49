#include "api/field_error.h"

#include <fmt/format.h>

namespace ingressfleet::api {
namespace {

std::string_view TypeText(FieldError::Type type) {
  switch (type) {
    case FieldError::Type::kInvalid:
    case FieldError::Type::kImmutable: return "Invalid value";
    case FieldError::Type::kRequired: return "Required value";
    case FieldError::Type::kForbidden: return "Forbidden";
    case FieldError::Type::kDuplicate: return "Duplicate value";
    case FieldError::Type::kNotSupported: return "Unsupported value";
    case FieldError::Type::kUnknown: return "Unknown field";
    case FieldError::Type::kTooLong: return "Too long";
  }
  return "Invalid value";
}

}  // namespace

std::string FieldError::ToString() const {
  std::string text = fmt::format("{}: {}", path, TypeText(type));
  if (!value.empty()) text += ": " + value;
  if (!detail.empty()) text += ": " + detail;
  return text;
}

}  // namespace ingressfleet::api
