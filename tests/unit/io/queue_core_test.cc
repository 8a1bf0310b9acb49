#include "io/queue_core.h"

#include <random>

namespace ingressfleet::io {
namespace {

using base::Duration;

TEST(TokenBucket, HundredAtOnceThenTenASecond) {
  TokenBucket bucket;
  Duration now{5'000};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.Reserve(now), Duration(0));
  EXPECT_EQ(bucket.Reserve(now), Duration(100));
  EXPECT_EQ(bucket.Reserve(now), Duration(200));
  now += Duration(300);
  EXPECT_EQ(bucket.Reserve(now), Duration(0)) << "two were promised, one is new";
  now += std::chrono::hours(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.Reserve(now), Duration(0));
  EXPECT_GT(bucket.Reserve(now), Duration(0));
}

TEST(QueueCore, RetriesOfOneKeyDoubleUntilForgotten) {
  QueueCore core(QueueOptions{.name = "q"});
  EXPECT_EQ(core.RetryDelay("a", Duration(0)), Duration(5));
  EXPECT_EQ(core.RetryDelay("a", Duration(0)), Duration(10));
  EXPECT_EQ(core.RetryDelay("b", Duration(0)), Duration(5));
  for (int i = 0; i < 60; ++i) core.RetryDelay("a", Duration(0));
  EXPECT_EQ(core.RetryDelay("a", Duration(0)), Duration(1'000'000));
  core.Forget("a");
  EXPECT_EQ(core.RetryDelay("a", Duration(0)), Duration(5));
}

TEST(QueueCore, DelaysOnlyBecomeEarlier) {
  QueueCore core(QueueOptions{.name = "q"});
  core.AddAt("a", Duration(100));
  core.AddAt("a", Duration(200));
  EXPECT_EQ(core.NextDue(), Duration(100));
  core.AddAt("a", Duration(50));
  EXPECT_EQ(core.NextDue(), Duration(50));
  EXPECT_EQ(core.Promote(Duration(49)), 0);
  EXPECT_EQ(core.Promote(Duration(50)), 1);
  EXPECT_EQ(core.NextDue(), std::nullopt);
}

/// What a queue is, said as simply as possible: an order of waiting keys, the keys being worked, keys to work again,
/// delays.
struct Reference {
  std::vector<std::string> line;
  std::set<std::string> working;
  std::set<std::string> again;
  std::map<std::string, Duration> later;

  void Add(const std::string& key) {
    if (working.contains(key)) {
      again.insert(key);
    } else if (std::ranges::find(line, key) == line.end()) {
      line.push_back(key);
    }
  }
  void Promote(Duration now) {
    std::vector<std::pair<Duration, std::string>> due;
    for (const auto& [key, at] : later) {
      if (at <= now) due.emplace_back(at, key);
    }
    std::ranges::sort(due);
    for (const auto& [at, key] : due) {
      later.erase(key);
      Add(key);
    }
  }
};

TEST(QueueCore, RandomWalkAgainstTheReference) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    QueueCore core(QueueOptions{.name = "q"});
    Reference reference;
    Duration now{1};
    for (int step = 0; step < 300; ++step) {
      now += Duration(random() % 3);
      const std::string key(1, static_cast<char>('a' + random() % 6));
      switch (random() % 5) {
        case 0:
          core.Add(key, now);
          reference.Add(key);
          break;
        case 1: {
          const Duration due = now + Duration(random() % 10);
          core.AddAt(key, due);
          const auto slot = reference.later.emplace(key, due).first;
          slot->second = std::min(slot->second, due);
          break;
        }
        case 2:
          core.Promote(now);
          reference.Promote(now);
          break;
        case 3: {
          const auto taken = core.Take(now);
          ASSERT_EQ(taken.has_value(), !reference.line.empty());
          if (!taken) break;
          EXPECT_EQ(taken->key, reference.line.front());
          reference.line.erase(reference.line.begin());
          EXPECT_TRUE(reference.working.insert(taken->key).second) << "worked twice at once";
          break;
        }
        default:
          ASSERT_EQ(core.Done(key, now).has_value(), reference.working.erase(key) == 1);
          if (reference.again.erase(key) == 1) reference.line.push_back(key);
      }
      ASSERT_EQ(core.Depth(), reference.line.size());
    }
    // Nothing is lost: all that was added comes out once the workers are done.
    core.Promote(now + Duration(1'000));
    reference.Promote(now + Duration(1'000));
    for (const std::string& key : reference.working) core.Done(key, now);
    std::set<std::string> expected(reference.line.begin(), reference.line.end());
    expected.insert(reference.again.begin(), reference.again.end());
    std::set<std::string> left;
    while (const auto taken = core.Take(now)) EXPECT_TRUE(left.insert(taken->key).second);
    EXPECT_EQ(left, expected);
  }
}

}  // namespace
}  // namespace ingressfleet::io
