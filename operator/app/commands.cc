#include "app/commands.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "kube/yaml.h"
#include "plan/pipeline.h"

namespace ingressfleet::app {
namespace {

base::Result<std::string> ReadFile(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::Fail(base::Code::kNotFound, fmt::format("{}: cannot be read", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The fleets of all files, in order.
base::Result<std::vector<kube::Object>> ReadFleets(const std::vector<std::string>& files) {
  std::vector<kube::Object> fleets;
  for (const std::string& path : files) {
    const auto text = ReadFile(path);
    if (!text) return base::Fail(text.error());
    auto documents = kube::ParseYaml(*text);
    if (!documents) return base::Fail(documents.error().Wrap(path));
    for (kube::Json& document : *documents) {
      kube::Object object(std::move(document));
      if (object.Kind() == kube::kIngressFleet.kind) fleets.push_back(std::move(object));
    }
  }
  if (fleets.empty()) return base::Fail(base::Code::kNotFound, "there is no IngressFleet in the given files");
  return fleets;
}

/// The plan for a cluster that has nothing yet. Offline there are no nodes to ask, so provider Auto means Generic.
plan::Plan PlanForEmptyCluster(const plan::ResolvedFleet& fleet, const kube::Object& object) {
  plan::Snapshot snapshot;
  snapshot.fleet = std::make_shared<kube::Object>(object);
  return plan::MakeSettledPlan(fleet, snapshot);
}

kube::Json PlanAsJson(const plan::ResolvedFleet& fleet, const plan::Plan& plan) {
  kube::Json stages = kube::Json::array();
  for (const effect::Stage& stage : plan.difference.batch.stages) {
    kube::Json changes = kube::Json::array();
    for (const effect::Change& change : stage.changes) {
      changes.push_back(
          {{"action", effect::VerbName(change.verb)}, {"reason", change.reason}, {"object", change.object.body()}});
    }
    stages.push_back({{"name", stage.name}, {"changes", std::move(changes)}});
  }
  kube::Json notices = kube::Json::object();
  for (const plan::ResolvedTier& tier : fleet.tiers) notices[tier.name] = tier.notices;
  return {{"fleet", fleet.name}, {"stages", std::move(stages)}, {"notices", std::move(notices)}};
}

void PrintPlan(const plan::ResolvedFleet& fleet, const plan::Plan& plan, std::ostream& out) {
  fmt::print(out, "fleet {}: {} objects\n", fleet.name, plan.difference.batch.size());
  for (const plan::ResolvedTier& tier : fleet.tiers) {
    for (const std::string& notice : tier.notices) fmt::print(out, "note: tier {}: {}\n", tier.name, notice);
  }
  int step = 0;
  for (const effect::Stage& stage : plan.difference.batch.stages) {
    fmt::print(out, "\n{}. {}\n", ++step, stage.name);
    for (const effect::Change& change : stage.changes) {
      fmt::print(out, "   {} {}\n", effect::VerbName(change.verb), change.Key().ToString());
    }
  }
}

}  // namespace

int Check(const std::vector<std::string>& files, std::ostream& out, std::ostream& err) {
  const auto fleets = ReadFleets(files);
  if (!fleets) {
    fmt::print(err, "error: {}\n", fleets.error().message);
    return kExitUnusable;
  }
  int exit_code = kExitOk;
  for (const kube::Object& object : *fleets) {
    const plan::Resolution resolution = plan::Accept(object, {});
    for (const api::FieldError& error : resolution.errors) fmt::print(out, "{}: {}\n", object.Name(), error.ToString());
    if (resolution.errors.empty()) {
      fmt::print(out, "{}: valid, {} tiers\n", object.Name(), resolution.fleet.tiers.size());
    } else {
      exit_code = kExitInvalid;
    }
  }
  return exit_code;
}

int Plan(const PlanOptions& options, std::ostream& out, std::ostream& err) {
  const auto fleets = ReadFleets(options.files);
  if (!fleets) {
    fmt::print(err, "error: {}\n", fleets.error().message);
    return kExitUnusable;
  }
  for (const kube::Object& object : *fleets) {
    const plan::Resolution resolution =
        plan::Accept(object, {.provider_ids = {}, .image_repository = options.image_repository, .operator_addresses = {}});
    if (!resolution.errors.empty()) {
      for (const api::FieldError& error : resolution.errors) fmt::print(err, "{}: {}\n", object.Name(), error.ToString());
      return kExitInvalid;
    }
    const plan::Plan plan = PlanForEmptyCluster(resolution.fleet, object);
    if (options.json) {
      fmt::print(out, "{}\n", PlanAsJson(resolution.fleet, plan).dump(2));
    } else {
      PrintPlan(resolution.fleet, plan, out);
    }
  }
  return kExitOk;
}

}  // namespace ingressfleet::app
