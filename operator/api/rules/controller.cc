// Rules about the controller of a tier. What only one engine can know (does this version exist, is this a setting it has) is
// the business of its adapter in plan/engine.

#include <algorithm>
#include <array>

#include "api/enums.h"
#include "api/formats.h"
#include "api/rules/rules.h"

namespace ingressfleet::api {
namespace {

void EngineSaid(const TierAt& at, FieldErrors& errors) {
  if (at.tier.controller.engine) return;
  std::string names;
  for (const auto& [engine, name] : EnumTable(Engine{})) names.append(names.empty() ? "" : ", ").append(name);
  Required(errors, at.Path("controller.engine"),
           fmt::format("say which controller runs, here or in spec.tierDefaults: {}", names));
}

void ImageKnown(const TierAt& at, FieldErrors& errors) {
  const Controller& controller = at.tier.controller;
  if (!controller.engine || !controller.image.empty()) return;
  if (controller.engine == Engine::kCustom) {
    Required(errors, at.Path("controller.image"), "engine Custom has no images of its own; say which image to run");
  } else if (controller.version.empty()) {
    Required(
        errors, at.Path("controller.version"),
        fmt::format("say which version of {} to run, or name its image in controller.image", EnumName(*controller.engine)));
  }
}

void VersionIsATag(const TierAt& at, FieldErrors& errors) {
  const std::string& version = at.tier.controller.version;
  if (version.empty() || IsImageTag(version)) return;
  Invalid(errors, at.Path("controller.version"), Quoted(version),
          "must be a version such as 3.2.1: at most 128 letters, digits, '.', '-', '_'");
}

void ImageIsAReference(const TierAt& at, FieldErrors& errors) {
  const std::string& image = at.tier.controller.image;
  if (image.empty() || IsImageReference(image)) return;
  Invalid(errors, at.Path("controller.image"), Quoted(image),
          "must be an image reference: [registry[:port]/]path[:tag][@sha256:digest], path in lower case, no spaces");
}

void PullPolicyKnown(const TierAt& at, FieldErrors& errors) {
  const std::string& policy = at.tier.controller.image_pull_policy;
  if (policy.empty() || policy == "Always" || policy == "IfNotPresent" || policy == "Never") return;
  errors.push_back({FieldError::Type::kNotSupported, at.Path("controller.imagePullPolicy"), Quoted(policy),
                    R"(supported values: "Always", "IfNotPresent", "Never")"});
}

void PullSecretsNamed(const TierAt& at, FieldErrors& errors) {
  const auto& secrets = at.tier.controller.image_pull_secrets;
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    const std::string path = at.Path(fmt::format("controller.imagePullSecrets[{}]", i));
    if (!IsDnsSubdomain(secrets[i]))
      Invalid(errors, path, Quoted(secrets[i]), "must be the name of a Secret in spec.namespace");
    if (std::find(secrets.begin(), secrets.begin() + static_cast<std::ptrdiff_t>(i), secrets[i]) !=
        secrets.begin() + static_cast<std::ptrdiff_t>(i)) {
      Duplicate(errors, path, Quoted(secrets[i]), "name each Secret once");
    }
  }
}

void ConfigKeysFit(const TierAt& at, FieldErrors& errors) {
  for (const auto& [key, value] : at.tier.controller.config) {
    if (IsConfigMapKey(key)) continue;
    Invalid(errors, at.Path(fmt::format("controller.config[{}]", key)), Quoted(key),
            "must be a key of a ConfigMap: letters, digits, '-', '_', '.', at most 253");
  }
}

constexpr std::array<TierRule, 7> kRules{EngineSaid,      ImageKnown,       VersionIsATag, ImageIsAReference,
                                         PullPolicyKnown, PullSecretsNamed, ConfigKeysFit};

}  // namespace

std::span<const TierRule> ControllerRules() { return kRules; }

}  // namespace ingressfleet::api
