#include "io/queue.h"

#include <atomic>
#include <thread>

#include "io/metrics.h"
#include "io/wait.h"
#include "support/eventually.h"

namespace ingressfleet::io {
namespace {

using base::Duration;

TEST(Queue, ManyThreadsNeverShareAKeyAndLoseNone) {
  constexpr int kKeys = 7;
  Queue queue({.name = "threads"});
  std::atomic<int> working[kKeys]{};
  std::atomic<int> added[kKeys]{};    // highest version of the key's state
  std::atomic<int> handled[kKeys]{};  // version seen by the newest work
  std::atomic<bool> shared = false;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (const auto key = queue.Take()) {
        const int index = std::stoi(*key);
        if (++working[index] != 1) shared = true;
        handled[index] = added[index].load();
        --working[index];
        queue.Done(*key);
      }
    });
  }
  std::vector<std::thread> adders;
  for (int i = 0; i < 3; ++i) {
    adders.emplace_back([&, i] {
      for (int n = 0; n < 2'000; ++n) {
        const int index = (n * 3 + i) % kKeys;
        ++added[index];
        if (n % 5 == 0) {
          queue.AddAfter(std::to_string(index), Duration(n % 3));
        } else {
          queue.Add(std::to_string(index));
        }
      }
    });
  }
  for (auto& adder : adders) adder.join();
  EXPECT_TRUE(testing::Eventually([&] {
    for (int i = 0; i < kKeys; ++i) {
      if (handled[i] != added[i]) return false;
    }
    return queue.Depth() == 0;
  }));
  queue.ShutDown();
  for (auto& worker : workers) worker.join();
  EXPECT_FALSE(shared);
}

TEST(Queue, ADelayThatBecomesEarlierWakesTheWorker) {
  Queue queue({.name = "earlier"});
  queue.AddAfter("a", std::chrono::hours(1));
  std::atomic<bool> taken = false;
  std::thread worker([&] { taken = queue.Take().has_value(); });
  SleepFor(Duration(20), {});
  EXPECT_FALSE(taken);
  queue.AddAfter("a", Duration(10));
  EXPECT_TRUE(testing::Eventually([&] { return taken.load(); }));
  worker.join();
}

TEST(Queue, ShutDownEndsWaiting) {
  Queue queue({.name = "end"});
  std::thread worker([&] { EXPECT_EQ(queue.Take(), std::nullopt); });
  queue.ShutDown();
  worker.join();
  queue.Add("a");
  EXPECT_EQ(queue.Take(), std::nullopt);
  EXPECT_EQ(queue.Depth(), 0U);
}

TEST(Queue, CountsUnderTheUsualNames) {
  Queue queue({.name = "counted"});
  queue.Add("a");
  queue.Add("a");
  queue.AddRateLimited("b");
  const auto first = queue.Take();
  queue.Done(*first);
  const std::string text = DefaultMetrics().Expose();
  EXPECT_NE(text.find("workqueue_depth{name=\"counted\"} 0"), std::string::npos);
  EXPECT_NE(text.find("workqueue_adds_total{name=\"counted\"} 1"), std::string::npos);
  EXPECT_NE(text.find("workqueue_retries_total{name=\"counted\"} 1"), std::string::npos);
  EXPECT_NE(text.find("workqueue_queue_duration_seconds_count{name=\"counted\"} 1"), std::string::npos);
  EXPECT_NE(text.find("workqueue_work_duration_seconds_count{name=\"counted\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace ingressfleet::io
