#pragma once
// The border between what users write and what HAProxy is told: hosts and paths become route keys only when they pass here.
// Pure, total, never throws: fuzz targets.
//
// A route key is what the one longest-prefix lookup of the configuration compares: host + path + "#". Exact rules end in "#",
// Prefix rules in "/" with a twin that ends in "#", ImplementationSpecific rules are bare. "#" cannot stand in a request
// target.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/objects.h"

namespace ingressfleet::agent {

/// The host of rules without a host: the last step of the lookup asks for it.
inline constexpr std::string_view kAnyHost = "*";

/// Lower case, checked: a DNS name, or a wildcard "*.<DNS name>". An empty host becomes kAnyHost.
base::Result<std::string> CanonicalHost(std::string_view host);

/// The path in the normal form that the proxy brings odd requests to: unreserved characters decoded, other characters that a
/// request target cannot hold percent-encoded, escapes in upper case. An empty path is "/". kInvalid when it is not absolute,
/// holds a control character, "#", "?", or a segment "", "." or ".." before its end.
base::Result<std::string> CanonicalPath(std::string_view path);

/// The keys of a rule; both arguments canonical.
std::vector<std::string> RouteKeys(std::string_view host, PathType type, std::string_view path);

/// ASCII letters only.
std::string LowerCase(std::string_view text);

/// An IP address as a server line takes it ("10.0.0.1", "2001:db8::1"), in canonical form.
std::optional<std::string> CanonicalAddress(std::string_view address);
/// Joins address and port: "10.0.0.1:80", "[2001:db8::1]:80".
std::string JoinAddress(std::string_view address, int port);

}  // namespace ingressfleet::agent
