#include "io/event_correlator.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace ingressfleet::io {
namespace {

using base::Duration;
using base::TimePoint;

constexpr std::size_t kMaxSimilar = 10;
constexpr Duration kSimilarTime{600'000};
constexpr double kBurst = 25;
constexpr double kRefillPerMillisecond = 1.0 / 300'000;
/// The API server forgets events after an hour; remembering them longer would count what nobody can see any more.
constexpr Duration kMemory{3'600'000};
constexpr std::size_t kMaxKnown = 4096;
constexpr std::size_t kMaxMessage = 1024;
constexpr std::size_t kMaxObjectName = 200;  // an Event's name may have 253 characters

std::string IdentityOf(const kube::Object& regarding) {
  return fmt::format("{}\n{}\n{}\n{}", regarding.Kind(), regarding.Namespace(), regarding.Name(), regarding.Uid());
}

/// Cuts at a character's boundary, so that the text stays valid UTF-8.
std::string Shorten(std::string text) {
  if (text.size() <= kMaxMessage) return text;
  std::size_t size = kMaxMessage;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
  return text;
}

template <class Map, class LastOf>
void EraseOld(Map& map, TimePoint now, const LastOf& last_of) {
  std::erase_if(map, [&](const auto& item) { return now - last_of(item.second) > kMemory; });
  if (map.size() > kMaxKnown) map.clear();  // a flood: start counting again rather than grow
}

}  // namespace

std::string EventCorrelator::Fold(const std::string& key, const EventNote& note, TimePoint now) {
  Similar& similar = similar_[key];
  if (now - similar.last > kSimilarTime) similar.messages.clear();
  similar.last = now;
  if (similar.messages.size() <= kMaxSimilar) similar.messages.insert(note.message);
  const bool is_folded = similar.messages.size() > kMaxSimilar;
  return Shorten(is_folded ? "(combined from similar events): " + note.message : note.message);
}

bool EventCorrelator::MayWrite(const std::string& object, TimePoint now) {
  Burst& burst = bursts_.try_emplace(object, Burst{kBurst, now}).first->second;
  const double refilled = static_cast<double>((now - burst.last).count()) * kRefillPerMillisecond;
  burst.tokens = std::min(kBurst, burst.tokens + std::max(0.0, refilled));
  burst.last = now;
  if (burst.tokens < 1) return false;
  burst.tokens -= 1;
  return true;
}

void EventCorrelator::ForgetOld(TimePoint now) {
  EraseOld(similar_, now, [](const Similar& similar) { return similar.last; });
  EraseOld(known_, now, [](const CorrelatedEvent& event) { return event.last; });
  EraseOld(bursts_, now, [](const Burst& burst) { return burst.last; });
}

std::optional<CorrelatedEvent> EventCorrelator::Correlate(const kube::Object& regarding, const EventNote& note, TimePoint now) {
  ForgetOld(now);
  const std::string object = IdentityOf(regarding);
  const bool is_warning = note.type == EventNote::Type::kWarning;
  const std::string group = fmt::format("{}\n{}\n{}", object, is_warning, note.reason);
  std::string message = Fold(group, note, now);
  const bool is_folded = similar_[group].messages.size() > kMaxSimilar;
  // A folded event is one event whatever its newest message says.
  const std::string key = is_folded ? group : fmt::format("{}\n{}", group, message);
  const auto [slot, is_new] = known_.try_emplace(key);
  CorrelatedEvent& event = slot->second;
  if (is_new) {
    event.name = fmt::format("{}.{}", regarding.Name().substr(0, kMaxObjectName),
                             base::ShortHash(fmt::format("{}\n{}", key, now.time_since_epoch().count()), 16));
    event.first = now;
  } else {
    ++event.count;
  }
  event.message = std::move(message);
  event.last = now;
  if (!MayWrite(object, now)) return std::nullopt;
  return event;
}

}  // namespace ingressfleet::io
