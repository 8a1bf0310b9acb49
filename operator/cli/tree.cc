#include "cli/tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/report/report.h"

namespace ingressfleet::cli {
namespace {

using kube::ConditionStatus;

/// One line of the table with what stands below it.
struct Node {
  Span icon;
  Span name;
  Line cells;
  Lines notes;
  std::vector<Node> children;
};

/// All that drawing depends on.
struct Pen {
  const TreeOptions& options;
  const Look& look;
  const Glyphs& glyphs;

  std::string Since(const std::string& at) const {
    const auto time = base::ParseTime(at);
    return time ? Age(*time, options.now) : "";
  }
  /// "in 4m" or "4m ago"
  std::string Relative(const std::string& at) const {
    const auto time = base::ParseTime(at);
    if (!time) return at;
    return *time > options.now ? "in " + Age(options.now, *time) : Age(*time, options.now) + " ago";
  }
  Span Good() const { return {std::string(glyphs.good), Tone::kGood}; }
  Span Bad() const { return {std::string(glyphs.bad), Tone::kBad}; }
  Span Busy() const { return {std::string(glyphs.busy), Tone::kBusy}; }
};

// ------------------------------------------------------------------------------------------------------------ layout

struct Row {
  Line line;   ///< prefix, icon and name
  Line cells;  ///< empty: `line` is free text
};

class Layout {
 public:
  explicit Layout(const Pen& pen) : pen_(pen) {}

  void Add(const Node& node, const std::string& first, const std::string& rest) {
    Row row{{{first, Tone::kQuiet}}, node.cells};
    if (!node.icon.text.empty()) {
      row.line.push_back(node.icon);
      row.line.push_back({" "});
    }
    row.line.push_back(node.name);
    if (row.cells.empty()) row.cells.push_back({""});
    rows_.push_back(std::move(row));
    for (const Line& note : node.notes)
      AddNote(note, rest + std::string(node.children.empty() ? pen_.glyphs.blank : pen_.glyphs.bar));
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size();
      Add(node.children[i], rest + std::string(last ? pen_.glyphs.last : pen_.glyphs.branch),
          rest + std::string(last ? pen_.glyphs.blank : pen_.glyphs.bar));
    }
  }

  Lines Draw(const Line& heading) {
    rows_.insert(rows_.begin(), Row{{heading.front()}, Line(heading.begin() + 1, heading.end())});
    const std::vector<int> widths = Widths();
    Lines lines;
    for (const Row& row : rows_) {
      if (row.cells.empty()) {
        lines.push_back(row.line);
        continue;
      }
      Line line = row.line;
      Pad(line, widths[0] - WidthOf(row.line));
      for (std::size_t i = 0; i < row.cells.size(); ++i) {
        line.push_back(row.cells[i]);
        if (i + 1 < row.cells.size()) Pad(line, widths[i + 1] - WidthOf(row.cells[i].text));
      }
      lines.push_back(Clip(line, pen_.look));
    }
    return lines;
  }

 private:
  /// Text below a node: broken at the right edge, its further lines indented a little.
  void AddNote(const Line& note, const std::string& prefix) {
    constexpr int kLeast = 24;  // narrower than this is not readable: let the terminal break it
    const int width = pen_.look.width > 0 ? std::max(kLeast, pen_.look.width - WidthOf(prefix) - 2) : 0;
    bool first = true;
    for (Line& part : Wrap(note, width)) {
      Line line{{prefix + (first ? "" : "  "), Tone::kQuiet}};
      line.insert(line.end(), part.begin(), part.end());
      rows_.push_back({std::move(line), {}});
      first = false;
    }
  }

  std::vector<int> Widths() const {
    std::vector<int> widths(1);
    for (const Row& row : rows_) {
      if (row.cells.empty()) continue;
      widths.resize(std::max(widths.size(), row.cells.size() + 1));
      widths[0] = std::max(widths[0], WidthOf(row.line));
      for (std::size_t i = 0; i < row.cells.size(); ++i) widths[i + 1] = std::max(widths[i + 1], WidthOf(row.cells[i].text));
    }
    return widths;
  }

  static void Pad(Line& line, int missing) {
    line.push_back({std::string(static_cast<std::size_t>(missing) + 2, ' '), Tone::kPlain});
  }

  const Pen& pen_;
  std::vector<Row> rows_;
};

// ------------------------------------------------------------------------------------------------------------- pods

std::vector<const PodView*> PodsOf(const FleetView& fleet, const std::string& tier, const std::string& slot) {
  std::vector<const PodView*> pods;
  if (!fleet.pods) return pods;
  for (const PodView& pod : *fleet.pods) {
    if (pod.tier == tier && pod.slot == slot) pods.push_back(&pod);
  }
  std::sort(pods.begin(), pods.end(), [](const PodView* left, const PodView* right) { return left->name < right->name; });
  return pods;
}

Node PodNode(const Pen& pen, const PodView& pod) {
  Node node;
  node.icon = pod.ready                                                                              ? pen.Good()
              : pod.state == "Running" || pod.state == "Pending" || pod.state == "ContainerCreating" ? pen.Busy()
                                                                                                     : pen.Bad();
  node.name = {pod.name};
  const std::string restarts =
      pod.restarts == 0 ? "" : fmt::format(", {} restart{}", pod.restarts, pod.restarts == 1 ? "" : "s");
  node.cells = {{pod.state + restarts, pod.ready ? Tone::kPlain : Tone::kBusy},
                {Age(pod.created, pen.options.now)},
                {pod.ready ? "1/1" : "0/1"},
                {""},
                {pod.node, Tone::kQuiet}};
  return node;
}

// ------------------------------------------------------------------------------------------------------------- slots

struct SlotRole {
  const api::SlotStatus& slot;
  std::string_view role;
  std::int64_t share = 0;
};

std::string ReadyOf(const FleetView& fleet, const api::TierStatus& tier, const SlotRole& role) {
  if (role.role == "serving" && !(tier.candidate && tier.candidate->slot == role.slot.slot)) {
    return fmt::format("{}/{}", tier.ready_replicas, tier.replicas);
  }
  if (!fleet.pods) return "-";
  const auto pods = PodsOf(fleet, tier.name, role.slot.slot);
  const auto ready = std::count_if(pods.begin(), pods.end(), [](const PodView* pod) { return pod->ready; });
  return fmt::format("{}/{}", ready, pods.size());
}

Tone ToneOfReady(const std::string& ready) {
  const auto slash = ready.find('/');
  if (slash == std::string::npos) return Tone::kQuiet;
  return ready.substr(0, slash) == ready.substr(slash + 1) && ready != "0/0" ? Tone::kPlain : Tone::kBusy;
}

Lines GateNotes(const Pen& pen, const api::TierStatus& tier) {
  Lines notes;
  for (const api::GateStatus& gate : tier.upgrade->gates) {
    const bool pass = gate.result == "Pass";
    const bool fail = gate.result == "Fail";
    Line note{pass   ? pen.Good()
              : fail ? pen.Bad()
                     : Span{std::string(pen.glyphs.unknown), Tone::kBusy},
              {" " + gate.name, pass ? Tone::kQuiet : Tone::kPlain}};
    // What it waits for stands above already.
    if (!pass && !gate.message.empty() && gate.message != tier.upgrade->message) note.push_back({": " + gate.message});
    notes.push_back(std::move(note));
  }
  return notes;
}

Node SlotNode(const Pen& pen, const FleetView& fleet, const api::TierStatus& tier, const SlotRole& role) {
  Node node;
  node.name = {fmt::format("{}-{}", tier.name, role.slot.slot), Tone::kStrong};
  const std::string ready = ReadyOf(fleet, tier, role);
  std::string status(role.role);
  if (!role.slot.retain_until.empty() && role.role == "previous") status += ", warm";
  node.cells = {{status, role.role == "candidate" ? Tone::kBusy : Tone::kPlain},
                {""},
                {ready, ToneOfReady(ready)},
                {fmt::format("{} %", role.share), role.share > 0 ? Tone::kGood : Tone::kQuiet},
                {role.slot.version},
                {role.slot.revision, Tone::kName}};
  if (!role.slot.retain_until.empty() && role.role == "previous") {
    node.notes.push_back({{fmt::format("stays warm for a rollback, until {} ({})", role.slot.retain_until.substr(0, 19) + "Z",
                                       pen.Relative(role.slot.retain_until)),
                           Tone::kQuiet}});
  }
  if (pen.options.pods) {
    for (const PodView* pod : PodsOf(fleet, tier.name, role.slot.slot)) node.children.push_back(PodNode(pen, *pod));
    if (!fleet.pods) node.notes.push_back({{fmt::format("pods in namespace {} could not be read", fleet.ns), Tone::kQuiet}});
  }
  return node;
}

std::vector<Node> SlotNodes(const Pen& pen, const FleetView& fleet, const api::TierStatus& tier) {
  std::vector<Node> nodes;
  const std::int64_t share = tier.upgrade->candidate_share_percent;
  const bool in_place = tier.serving && tier.candidate && tier.serving->slot == tier.candidate->slot;
  if (tier.serving) {
    const bool installing = tier.upgrade->phase == "Install";
    const std::int64_t rest = installing ? 0 : tier.candidate && !in_place ? 100 - share : 100;
    nodes.push_back(SlotNode(pen, fleet, tier, {*tier.serving, in_place ? "replaced in place" : "serving", rest}));
  }
  if (tier.candidate) nodes.push_back(SlotNode(pen, fleet, tier, {*tier.candidate, "candidate", in_place ? 0 : share}));
  if (tier.previous) nodes.push_back(SlotNode(pen, fleet, tier, {*tier.previous, "previous", 0}));
  return nodes;
}

// ------------------------------------------------------------------------------------------------------------- tiers

std::string AccessText(const api::TierStatus& tier) {
  if (!tier.allowed_source_ranges) return ", access list not confirmed";
  if (tier.allowed_source_ranges->empty()) return " for nobody";
  return fmt::format(" for {}", fmt::join(*tier.allowed_source_ranges, ", "));
}

Line AddressNote(const api::TierStatus& tier) {
  if (tier.addresses.empty()) return {{"no address yet"}, {AccessText(tier), Tone::kQuiet}};
  return {{fmt::format("{}", fmt::join(tier.addresses, ", "))}, {AccessText(tier), Tone::kQuiet}};
}

bool IsUpgrading(const api::TierStatus& tier) { return tier.upgrade && tier.upgrade->phase != "Stable"; }

/// What an upgrade says of itself stands in its own lines; the condition would say it again.
bool IsSaidElsewhere(const kube::Condition& condition, const api::TierStatus& tier) {
  return condition.type == "RolledOut" && tier.upgrade && (tier.upgrade->hold || IsUpgrading(tier));
}

std::vector<const kube::Condition*> BadConditions(const api::TierStatus& tier) {
  std::vector<const kube::Condition*> bad;
  for (const kube::Condition& condition : tier.conditions) {
    if (plan::IsBad(condition) && !IsSaidElsewhere(condition, tier)) bad.push_back(&condition);
  }
  return bad;
}

Line ConditionNote(const Pen& pen, const kube::Condition& condition) {
  const bool unknown = condition.status == ConditionStatus::kUnknown;
  return {unknown                       ? Span{std::string(pen.glyphs.unknown), Tone::kBusy}
          : plan::IsProgress(condition) ? pen.Busy()
                                        : pen.Bad(),
          {fmt::format(" {} {}", condition.type, kube::ConditionStatusName(condition.status)), Tone::kStrong},
          {fmt::format(" ({}): {}", condition.reason, condition.message)}};
}

void AddUpgradeNotes(const Pen& pen, const api::TierStatus& tier, Lines& notes) {
  const api::UpgradeStatus& upgrade = *tier.upgrade;
  if (upgrade.hold) {
    notes.push_back({{fmt::format("held: {}", upgrade.hold->reason), Tone::kBad},
                     {fmt::format(", since {}: {}", pen.Since(upgrade.hold->at), upgrade.hold->message)}});
  }
  if (IsGoingBack(tier) && upgrade.abort) {
    notes.push_back({{fmt::format("goes back: {}", upgrade.abort->reason), Tone::kBad},
                     {fmt::format(", {}: {}", pen.Relative(upgrade.abort->at), upgrade.abort->message)}});
  }
  const bool repeated = upgrade.hold && upgrade.hold->message == upgrade.message;
  if (!upgrade.message.empty() && !repeated) notes.push_back({{"waits: ", Tone::kBusy}, {upgrade.message}});
  if (upgrade.approval)
    notes.push_back({{fmt::format("{} approved by {}, {}", upgrade.approval->revision, upgrade.approval->by,
                                  pen.Relative(upgrade.approval->at)),
                      Tone::kQuiet}});
  if (upgrade.rollback)
    notes.push_back(
        {{fmt::format("rollback to {} ordered by {}", upgrade.rollback->revision, upgrade.rollback->by), Tone::kBusy}});
  if (!upgrade.deadline.empty() && IsUpgrading(tier) && !upgrade.hold) {
    notes.push_back({{fmt::format("{} must end {}", upgrade.phase, pen.Relative(upgrade.deadline)), Tone::kQuiet}});
  }
}

void AddWideNotes(const Pen& pen, const api::TierStatus& tier, Lines& notes) {
  if (!pen.options.wide) return;
  notes.push_back({{fmt::format("image {}", tier.image.empty() ? "not known" : tier.image), Tone::kQuiet}});
  notes.push_back({{fmt::format("{} Ingress{}", tier.ingresses, tier.ingresses == 1 ? "" : "es"), Tone::kQuiet}});
  if (tier.upgrade) {
    notes.push_back({{fmt::format("strategy {}, cutover {}, transition {}", tier.upgrade->strategy, tier.upgrade->cutover,
                                  tier.upgrade->transition_id),
                      Tone::kQuiet}});
  }
  if (!tier.failed_revisions.empty())
    notes.push_back({{fmt::format("failed revisions: {}", fmt::join(tier.failed_revisions, ", ")), Tone::kQuiet}});
}

Span TierIcon(const Pen& pen, const api::TierStatus& tier, const std::vector<const kube::Condition*>& bad) {
  if (!tier.upgrade || tier.upgrade->phase == "Unresolved") return {std::string(pen.glyphs.unknown), Tone::kBusy};
  if (tier.upgrade->hold) return {std::string(pen.glyphs.held), Tone::kBad};
  if (IsGoingBack(tier)) return {std::string(pen.glyphs.back), Tone::kBad};
  if (!std::all_of(bad.begin(), bad.end(), [](const kube::Condition* condition) { return plan::IsProgress(*condition); }))
    return pen.Bad();
  return IsUpgrading(tier) || !bad.empty() ? pen.Busy() : pen.Good();
}

std::string PhaseText(const api::TierStatus& tier) {
  if (!tier.upgrade) return "not reported";
  const std::string phase =
      tier.upgrade->phase == "Shift" ? fmt::format("Shift {}", tier.upgrade->step + 1) : tier.upgrade->phase;
  return tier.upgrade->hold ? fmt::format("{}, held", phase) : phase;
}

Node TierNode(const Pen& pen, const FleetView& fleet, const api::TierStatus& tier) {
  const auto bad = BadConditions(tier);
  Node node;
  node.icon = TierIcon(pen, tier, bad);
  node.name = {tier.name, Tone::kStrong};
  const bool slots = tier.upgrade && (tier.candidate || tier.previous || pen.options.pods);
  const std::string ready = fmt::format("{}/{}", tier.ready_replicas, tier.replicas);
  node.cells = {{PhaseText(tier), node.icon.tone}, {tier.upgrade ? pen.Since(tier.upgrade->phase_started_at) : ""}};
  if (!slots) {
    const std::string version = tier.serving && !tier.serving->version.empty()
                                    ? tier.serving->version
                                    : fmt::format("{} {}", tier.engine, tier.version);
    const Line rest{{ready, ToneOfReady(ready)}, {""}, {version}, {tier.serving ? tier.serving->revision : "", Tone::kName}};
    node.cells.insert(node.cells.end(), rest.begin(), rest.end());
  }
  node.notes.push_back(AddressNote(tier));
  if (tier.upgrade) AddUpgradeNotes(pen, tier, node.notes);
  for (const kube::Condition* condition : bad) node.notes.push_back(ConditionNote(pen, *condition));
  AddWideNotes(pen, tier, node.notes);
  if (slots) node.children = SlotNodes(pen, fleet, tier);
  if (tier.upgrade && IsUpgrading(tier)) {
    Lines gates = GateNotes(pen, tier);
    const auto candidate = std::find_if(node.children.begin(), node.children.end(),
                                        [](const Node& child) { return child.cells.front().text == "candidate"; });
    Lines& where = candidate == node.children.end() ? node.notes : candidate->notes;
    where.insert(where.end(), gates.begin(), gates.end());
  }
  return node;
}

// ------------------------------------------------------------------------------------------------------------- fleet

Span FleetState(const FleetView& fleet) {
  const auto& conditions = fleet.status.conditions;
  const auto is = [&](std::string_view type, ConditionStatus status) {
    const kube::Condition* const condition = kube::FindCondition(conditions, type);
    return condition != nullptr && condition->status == status;
  };
  if (fleet.deleting) return {"Deleting", Tone::kBusy};
  if (conditions.empty()) return {"not reported", Tone::kBusy};
  if (is("Accepted", ConditionStatus::kFalse)) return {"Refused", Tone::kBad};
  if (fleet.paused) return {"Paused", Tone::kBusy};
  if (is("Degraded", ConditionStatus::kTrue)) return {"Degraded", Tone::kBad};
  if (is("Available", ConditionStatus::kFalse)) return {"NotAvailable", Tone::kBad};
  if (is("Progressing", ConditionStatus::kTrue)) return {"Progressing", Tone::kBusy};
  return {"Available", Tone::kGood};
}

Line DefaultClassNote(const Pen& pen, const api::FleetStatus& status) {
  const std::string& effective = status.default_class.effective;
  Line note{{effective.empty() ? "no default class" : fmt::format("default class {}", effective), Tone::kQuiet}};
  if (status.unclassified && status.unclassified->count > 0) {
    const bool all = static_cast<std::size_t>(status.unclassified->count) <= status.unclassified->first.size();
    note.push_back({fmt::format(", {} Ingress{} without a class ({}{}{})", status.unclassified->count,
                                status.unclassified->count == 1 ? "" : "es", fmt::join(status.unclassified->first, ", "),
                                all ? "" : ", ", all ? "" : pen.glyphs.ellipsis)});
  }
  return note;
}

Lines FleetNotes(const Pen& pen, const FleetView& fleet) {
  const api::FleetStatus& status = fleet.status;
  Lines notes;
  if (status.conditions.empty())
    notes.push_back({{"the operator has reported nothing of this fleet; is it running?", Tone::kBusy}});
  else if (status.observed_generation < fleet.generation)
    notes.push_back({{"the operator has not seen the newest specification yet", Tone::kBusy}});
  if (fleet.paused) notes.push_back({{"spec.paused is true: nothing is written until it is false", Tone::kBusy}});
  for (const kube::Condition& condition : status.conditions) {
    const bool bad = condition.type == "Degraded"
                         ? condition.status == ConditionStatus::kTrue
                         : condition.type != "Progressing" && condition.status != ConditionStatus::kTrue;
    if (bad) notes.push_back(ConditionNote(pen, condition));
  }
  for (const api::Conflict& conflict : status.conflicts)
    notes.push_back({pen.Bad(), {fmt::format(" {}: {}", conflict.object, conflict.message)}});
  if (!status.conditions.empty()) notes.push_back(DefaultClassNote(pen, status));
  return notes;
}

Node FleetNode(const Pen& pen, const Target& target) {
  const FleetView& fleet = *target.fleet;
  Node node;
  node.name = {fleet.name, Tone::kName};
  node.cells = {FleetState(fleet)};
  node.notes = FleetNotes(pen, fleet);
  for (const std::string& name : fleet.TierNames()) {
    if (!target.tier.empty() && target.tier != name) continue;
    const api::TierStatus* const tier = fleet.FindTier(name);
    if (tier != nullptr) {
      node.children.push_back(TierNode(pen, fleet, *tier));
    } else {
      node.children.push_back(
          {{std::string(pen.glyphs.unknown), Tone::kBusy}, {name, Tone::kStrong}, {{"not reported", Tone::kBusy}}, {}, {}});
    }
  }
  return node;
}

}  // namespace

Lines DrawFleets(const std::vector<Target>& shown, const TreeOptions& options, const Look& look) {
  const Pen pen{options, look, GlyphsFor(look)};
  Layout layout(pen);
  for (const Target& target : shown) layout.Add(FleetNode(pen, target), "", "");
  Line heading;
  for (const char* title : {"NAME", "STATUS", "AGE", "READY", "SHARE", "VERSION", "REVISION"})
    heading.push_back({title, Tone::kQuiet});
  return layout.Draw(heading);
}

std::string Age(base::TimePoint since, base::TimePoint now) {
  using namespace std::chrono;
  const auto whole = duration_cast<seconds>(std::max(now - since, base::Duration(0)));
  if (whole >= hours(48)) return fmt::format("{}d", whole / hours(24));
  if (whole >= hours(1)) {
    const auto rest = whole % hours(1) / minutes(1);
    return rest == 0 ? fmt::format("{}h", whole / hours(1)) : fmt::format("{}h{}m", whole / hours(1), rest);
  }
  if (whole >= minutes(10)) return fmt::format("{}m", whole / minutes(1));
  if (whole >= minutes(1)) {
    const auto rest = (whole % minutes(1)).count();
    return rest == 0 ? fmt::format("{}m", whole / minutes(1)) : fmt::format("{}m{}s", whole / minutes(1), rest);
  }
  return fmt::format("{}s", whole.count());
}

}  // namespace ingressfleet::cli
