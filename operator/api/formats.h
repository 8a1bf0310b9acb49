#pragma once
// The text formats that Kubernetes prescribes for names, keys and values. Pure.

#include <string_view>

namespace ingressfleet::api {

/// RFC 1123 label: lower-case letters, digits and '-', starts and ends with a letter or digit, at most 63.
bool IsDnsLabel(std::string_view text);
/// RFC 1035 label: an RFC 1123 label that starts with a letter, as names of Services must be.
bool IsServiceName(std::string_view text);
/// Labels joined by dots, at most 253.
bool IsDnsSubdomain(std::string_view text);
/// "name" or "prefix.example/name": keys of labels and annotations.
bool IsQualifiedName(std::string_view text);
/// Empty or at most 63 letters, digits, '-', '_', '.', starting and ending with a letter or digit.
bool IsLabelValue(std::string_view text);
/// "example.com/path", as IngressClass.spec.controller must be; at most 250.
bool IsDomainPath(std::string_view text);
/// A key of a ConfigMap.
bool IsConfigMapKey(std::string_view text);
/// The tag of an image.
bool IsImageTag(std::string_view text);
/// [registry[:port]/]path[:tag][@algorithm:digest], at most 1024.
bool IsImageReference(std::string_view text);
/// An IPv4 or IPv6 address without prefix length or zone.
bool IsIpAddress(std::string_view text);
/// resource.Quantity, not negative: "500m", "1Gi", "1.5", "1e3".
bool IsQuantity(std::string_view text);

}  // namespace ingressfleet::api
