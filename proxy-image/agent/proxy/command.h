#pragma once
// The orders to HAProxy as values: their text, the answer that means success, and their effect on a ProxyState. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/state.h"

namespace ingressfleet::agent {

enum class Verb {
  kSetAllowed,         ///< items
  kSetTrusted,         ///< items
  kSetProbes,          ///< items
  kAddCertificate,     ///< key = stem, items = hosts, certificate: load it and list it
  kUpdateCertificate,  ///< key = stem, certificate: replace its content
  kDeleteCertificate,  ///< key = stem
  kNameMember,         ///< member, value = backend
  kUnnameMember,       ///< member
  kAddServer,          ///< member, slot, value = address; ready
  kMoveServer,         ///< member, slot, value = address; ready
  kReadyServer,        ///< member, slot
  kMaintServer,        ///< member, slot
  kAddRoute,           ///< key, value
  kSetRoute,           ///< key, value
  kDeleteRoute,        ///< key
};

struct Command {
  Verb verb;
  int member = 0;
  int slot = 0;
  std::string key;
  std::string value;
  std::vector<std::string> items;
  CertificatePtr certificate;

  /// One line for logs and golden files: "add-server p3/s0 10.0.0.1:80". No key material.
  std::string ToString() const;
};

/// One line (with its payload) of the Runtime API and how its answer must look.
struct CliStep {
  enum class Expect {
    kNothing,  ///< an empty answer
    kText,     ///< an answer that contains `text`
    kVersion,  ///< "New version created: N"; N replaces kVersionMark in later steps
    kListing,  ///< a `show acl` whose entries are exactly `items`
  };
  std::string line;
  Expect expect = Expect::kNothing;
  std::string text;
  std::vector<std::string> items;
};
inline constexpr std::string_view kVersionMark = "@VERSION";

/// The directory of the files that the configuration names; maps and lists are addressed by it.
std::vector<CliStep> CliSteps(const Command& command, std::string_view directory);
/// kInternal when `answer` does not mean success.
base::Status CheckAnswer(const CliStep& step, std::string_view answer);
/// What HAProxy holds once the command succeeded.
void Apply(const Command& command, ProxyState& state);

/// Escapes a word for the command line of the Runtime API.
std::string EscapeWord(std::string_view word);
/// Options of every server line, in the file and on the command line (`add server` knows no default-server).
std::string_view ServerOptions();
/// Larger certificates cannot be sent: HAProxy drops payloads above its buffer with an empty answer. They take a reload.
inline constexpr std::size_t kMaxPayload = 15'000;

std::string CertificateFile(std::string_view directory, std::string_view stem);

}  // namespace ingressfleet::agent
