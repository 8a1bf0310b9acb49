#include "io/queue_core.h"

#include <cmath>

namespace ingressfleet::io {

using base::Duration;

Duration TokenBucket::Reserve(Duration now) {
  const double elapsed = static_cast<double>((now - std::exchange(filled_at_, now)).count());
  tokens_ = std::min(kBurst, tokens_ + elapsed * kPerMillisecond) - 1;
  return tokens_ >= 0 ? Duration(0) : Duration(static_cast<Duration::rep>(std::ceil(-tokens_ / kPerMillisecond)));
}

bool QueueCore::Add(const std::string& key, Duration now) {
  if (!dirty_.emplace(key, now).second) return false;
  // A key being worked goes into line when that work is done, so that two workers never have it.
  if (!processing_.contains(key)) line_.push_back(key);
  return true;
}

void QueueCore::AddAt(const std::string& key, Duration due) {
  const auto [slot, is_new] = delayed_.emplace(key, due);
  if (!is_new) {
    if (slot->second <= due) return;
    by_due_.erase({slot->second, key});
    slot->second = due;
  }
  by_due_.emplace(due, key);
}

Duration QueueCore::RetryDelay(const std::string& key, Duration now) {
  const int failures = failures_[key]++;
  const double grown = static_cast<double>(base_delay_.count()) * std::exp2(failures);
  const Duration own =
      grown >= static_cast<double>(max_delay_.count()) ? max_delay_ : Duration(static_cast<Duration::rep>(grown));
  return std::max(own, bucket_.Reserve(now));
}

int QueueCore::Promote(Duration now) {
  int added = 0;
  while (!by_due_.empty() && by_due_.begin()->first <= now) {
    const std::string key = by_due_.begin()->second;
    by_due_.erase(by_due_.begin());
    delayed_.erase(key);
    added += Add(key, now) ? 1 : 0;
  }
  return added;
}

std::optional<QueueCore::Item> QueueCore::Take(Duration now) {
  if (line_.empty()) return std::nullopt;
  Item item{std::move(line_.front())};
  line_.pop_front();
  const auto since = dirty_.find(item.key);
  item.waited = now - since->second;
  dirty_.erase(since);
  processing_.emplace(item.key, now);
  return item;
}

std::optional<Duration> QueueCore::Done(const std::string& key, Duration now) {
  const auto since = processing_.find(key);
  if (since == processing_.end()) return std::nullopt;
  const Duration worked = now - since->second;
  processing_.erase(since);
  if (dirty_.contains(key)) line_.push_back(key);
  return worked;
}

std::optional<Duration> QueueCore::NextDue() const {
  return by_due_.empty() ? std::nullopt : std::optional(by_due_.begin()->first);
}

}  // namespace ingressfleet::io
