#include "proxy/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "proxy/parse.h"

namespace ingressfleet::agent {
namespace {

using base::Code;
using base::Fail;
using Expect = CliStep::Expect;

std::string ServerName(const Command& command) {
  return fmt::format("{}/{}", MemberName(command.member), SlotName(command.slot));
}

// Prepared as a new version and committed: at no time does a request see half a list. The last step reads it back, because a
// dropped payload answers like a stored one.
std::vector<CliStep> ReplaceList(const std::string& file, const std::vector<std::string>& items) {
  std::vector<CliStep> steps;
  steps.push_back({fmt::format("prepare acl {}", file), Expect::kVersion, "", {}});
  for (const std::string& item : items) {
    steps.push_back({fmt::format("add acl {} {} {}", kVersionMark, file, item), Expect::kNothing, "", {}});
  }
  steps.push_back({fmt::format("commit acl {} {}", kVersionMark, file), Expect::kNothing, "", {}});
  steps.push_back({fmt::format("show acl {}", file), Expect::kListing, "", items});
  return steps;
}

std::vector<CliStep> LoadCertificate(const std::string& file, const Certificate& certificate) {
  return {{fmt::format("set ssl cert {} <<\n{}", file, certificate.pem), Expect::kText, "Transaction", {}},
          {fmt::format("commit ssl cert {}", file), Expect::kText, "Success!", {}}};
}

std::vector<CliStep> AddCertificate(const Command& command, std::string_view directory) {
  const auto file = CertificateFile(directory, command.key);
  std::vector<CliStep> steps{{fmt::format("new ssl cert {}", file), Expect::kText, "New empty certificate store", {}}};
  for (CliStep& step : LoadCertificate(file, *command.certificate)) steps.push_back(std::move(step));
  steps.push_back({fmt::format("add ssl crt-list {}/certs.list <<\n{} {}\n", directory, file, fmt::join(command.items, " ")),
                   Expect::kText,
                   "Success!",
                   {}});
  return steps;
}

std::vector<CliStep> DeleteCertificate(const Command& command, std::string_view directory) {
  const auto file = CertificateFile(directory, command.key);
  return {{fmt::format("del ssl crt-list {}/certs.list {}", directory, file), Expect::kText, "deleted", {}},
          {fmt::format("del ssl cert {}", file), Expect::kText, "deleted", {}}};
}

std::vector<CliStep> AddServer(const Command& command) {
  const auto server = ServerName(command);
  return {
      {fmt::format("add server {} {} {}", server, command.value, ServerOptions()), Expect::kText, "New server registered", {}},
      {fmt::format("enable server {}", server), Expect::kNothing, "", {}}};
}

std::vector<CliStep> MoveServer(const Command& command) {
  const auto server = ServerName(command);
  const auto colon = command.value.rfind(':');
  std::string_view address = std::string_view(command.value).substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return {{fmt::format("set server {} addr {} port {}", server, address, command.value.substr(colon + 1)),
           Expect::kText,
           "changed",
           {}},
          {fmt::format("set server {} state ready", server), Expect::kNothing, "", {}}};
}

base::Status CheckListing(const CliStep& step, std::string_view answer) {
  auto listed = ParseList(answer);
  auto wanted = step.items;
  std::sort(listed.begin(), listed.end());
  std::sort(wanted.begin(), wanted.end());
  if (listed == wanted) return {};
  return Fail(Code::kInternal,
              fmt::format("{}: holds {} entries, not the {} that were sent", step.line, listed.size(), wanted.size()));
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view VerbName(Verb verb) {
  switch (verb) {
    case Verb::kSetAllowed: return "set-allowed";
    case Verb::kSetTrusted: return "set-trusted";
    case Verb::kSetProbes: return "set-probes";
    case Verb::kAddCertificate: return "add-certificate";
    case Verb::kUpdateCertificate: return "update-certificate";
    case Verb::kDeleteCertificate: return "delete-certificate";
    case Verb::kNameMember: return "name-member";
    case Verb::kUnnameMember: return "unname-member";
    case Verb::kAddServer: return "add-server";
    case Verb::kMoveServer: return "move-server";
    case Verb::kReadyServer: return "ready-server";
    case Verb::kMaintServer: return "maint-server";
    case Verb::kAddRoute: return "add-route";
    case Verb::kSetRoute: return "set-route";
    case Verb::kDeleteRoute: return "delete-route";
  }
  return "";
}

}  // namespace

std::string Command::ToString() const {
  std::string text(VerbName(verb));
  switch (verb) {
    case Verb::kNameMember:
    case Verb::kUnnameMember: text += " " + MemberName(member); break;
    case Verb::kAddServer:
    case Verb::kMoveServer:
    case Verb::kReadyServer:
    case Verb::kMaintServer: text += " " + ServerName(*this); break;
    default: break;
  }
  for (const std::string& word : {key, value}) {
    if (!word.empty()) text += " " + word;
  }
  return items.empty() ? text : fmt::format("{} {}", text, fmt::join(items, " "));
}

std::vector<CliStep> CliSteps(const Command& command, std::string_view directory) {
  const auto file = [&](std::string_view name) { return fmt::format("{}/{}", directory, name); };
  const auto key = EscapeWord(command.key);
  switch (command.verb) {
    case Verb::kSetAllowed: return ReplaceList(file("allowed.acl"), command.items);
    case Verb::kSetTrusted: return ReplaceList(file("trusted.acl"), command.items);
    case Verb::kSetProbes: return ReplaceList(file("probe.acl"), command.items);
    case Verb::kAddCertificate: return AddCertificate(command, directory);
    case Verb::kUpdateCertificate: return LoadCertificate(CertificateFile(directory, command.key), *command.certificate);
    case Verb::kDeleteCertificate: return DeleteCertificate(command, directory);
    case Verb::kNameMember:
      return {{fmt::format("add map {} {} {}", file("members.map"), MemberName(command.member), command.value)}};
    case Verb::kUnnameMember: return {{fmt::format("del map {} {}", file("members.map"), MemberName(command.member))}};
    case Verb::kAddServer: return AddServer(command);
    case Verb::kMoveServer: return MoveServer(command);
    case Verb::kReadyServer: return {{fmt::format("set server {} state ready", ServerName(command))}};
    case Verb::kMaintServer: return {{fmt::format("set server {} state maint", ServerName(command))}};
    case Verb::kAddRoute: return {{fmt::format("add map {} {} {}", file("routes.map"), key, command.value)}};
    case Verb::kSetRoute: return {{fmt::format("set map {} {} {}", file("routes.map"), key, command.value)}};
    case Verb::kDeleteRoute: return {{fmt::format("del map {} {}", file("routes.map"), key)}};
  }
  return {};
}

base::Status CheckAnswer(const CliStep& step, std::string_view answer) {
  const auto refuse = [&](std::string_view wanted) {
    return Fail(Code::kInternal, fmt::format("{}: answered \"{}\", not {}", FirstLine(step.line), answer, wanted));
  };
  switch (step.expect) {
    case Expect::kNothing:
      if (!answer.empty()) return refuse("nothing");
      return {};
    case Expect::kText:
      if (answer.find(step.text) == std::string_view::npos) return refuse(step.text);
      return {};
    case Expect::kVersion:
      if (!ParseVersion(answer)) return refuse("a version");
      return {};
    case Expect::kListing: return CheckListing(step, answer);
  }
  return {};
}

void Apply(const Command& command, ProxyState& state) {
  switch (command.verb) {
    case Verb::kSetAllowed: state.allowed_source_ranges = command.items; return;
    case Verb::kSetTrusted: state.trusted_proxies = command.items; return;
    case Verb::kSetProbes: state.probe_sources = command.items; return;
    case Verb::kAddCertificate:
      state.certificates[command.key] = {command.items, command.certificate->fingerprint, nullptr};
      return;
    case Verb::kUpdateCertificate: state.certificates[command.key].fingerprint = command.certificate->fingerprint; return;
    case Verb::kDeleteCertificate: state.certificates.erase(command.key); return;
    case Verb::kNameMember: state.members[command.member].backend = command.value; return;
    case Verb::kUnnameMember: state.members[command.member].backend.clear(); return;
    case Verb::kAddServer:
    case Verb::kMoveServer: state.members[command.member].slots[command.slot] = {command.value, true, false}; return;
    case Verb::kReadyServer: {
      Slot& slot = state.members[command.member].slots[command.slot];
      slot = {slot.address, true, false};
      return;
    }
    case Verb::kMaintServer: {
      Slot& slot = state.members[command.member].slots[command.slot];
      slot = {slot.address, false, true};
      return;
    }
    case Verb::kAddRoute:
    case Verb::kSetRoute: state.routes[command.key] = command.value; return;
    case Verb::kDeleteRoute: state.routes.erase(command.key); return;
  }
}

std::string EscapeWord(std::string_view word) {
  std::string escaped;
  for (const char c : word) {
    if (c == '\\' || c == ';' || c == ' ') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Idle connections are closed before the shortest keep-alive timeout that servers commonly have (5 s).
std::string_view ServerOptions() { return "pool-purge-delay 4s"; }

std::string CertificateFile(std::string_view directory, std::string_view stem) {
  return fmt::format("{}/certs/{}.pem", directory, stem);
}

}  // namespace ingressfleet::agent
