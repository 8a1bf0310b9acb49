#include "io/lease_step.h"

#include <random>

namespace ingressfleet::io {
namespace {

using base::Duration;
using Kind = LeaseDecision::Kind;

LeaderOptions As(const std::string& identity) { return {.ns = "ops", .name = "fleet", .identity = identity}; }

TEST(LeaseStep, CreatesTheLeaseWhenThereIsNone) {
  LeaseView view;
  const auto decision = DecideLease(view, As("me"), std::nullopt, {Duration(0), base::TimePoint(Duration(1'000))});
  EXPECT_EQ(decision.kind, Kind::kCreate);
  EXPECT_EQ(decision.lease.Key().ToString(), "Lease ops/fleet");
  EXPECT_EQ(decision.lease.body()["spec"], (kube::Json{{"holderIdentity", "me"},
                                                       {"leaseDurationSeconds", 15},
                                                       {"acquireTime", "1970-01-01T00:00:01.000000Z"},
                                                       {"renewTime", "1970-01-01T00:00:01.000000Z"},
                                                       {"leaseTransitions", 0}}));
}

TEST(LeaseStep, RenewsItsOwnAndKeepsWhenItWasAcquired) {
  LeaseView view;
  auto live = DecideLease(view, As("me"), std::nullopt, {}).lease;
  const auto decision = DecideLease(view, As("me"), live, {Duration(5), base::TimePoint(Duration(5'000))});
  EXPECT_EQ(decision.kind, Kind::kReplace);
  EXPECT_EQ(decision.lease.Text("/spec/acquireTime"), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(decision.lease.Text("/spec/renewTime"), "1970-01-01T00:00:05.000000Z");
  EXPECT_EQ(decision.lease.Integer("/spec/leaseTransitions"), 0);
}

TEST(LeaseStep, TakesOverOnlyWhatDidNotChangeForALeaseDuration) {
  LeaseView ours;
  LeaseView theirs;
  auto live = DecideLease(theirs, As("them"), std::nullopt, {}).lease;
  EXPECT_EQ(DecideLease(ours, As("me"), live, {Duration(100'000)}).kind, Kind::kWait) << "seen for the first time";
  EXPECT_EQ(DecideLease(ours, As("me"), live, {Duration(114'999)}).kind, Kind::kWait);
  const auto renewed = DecideLease(theirs, As("them"), live, {Duration(1), base::TimePoint(Duration(1))}).lease;
  EXPECT_EQ(DecideLease(ours, As("me"), renewed, {Duration(115'000)}).kind, Kind::kWait) << "it changed";
  EXPECT_EQ(DecideLease(ours, As("me"), renewed, {Duration(129'999)}).kind, Kind::kWait);
  const auto taken = DecideLease(ours, As("me"), renewed, {Duration(130'000)});
  EXPECT_EQ(taken.kind, Kind::kReplace);
  EXPECT_EQ(taken.lease.Text("/spec/holderIdentity"), "me");
  EXPECT_EQ(taken.lease.Integer("/spec/leaseTransitions"), 1);
}

TEST(LeaseStep, AReleasedLeaseIsFreeAtOnce) {
  LeaseView ours;
  LeaseView theirs;
  const auto live = DecideLease(theirs, As("them"), std::nullopt, {}).lease;
  const auto released = ReleasedLease(live, base::TimePoint());
  EXPECT_EQ(released.Text("/spec/holderIdentity"), "");
  EXPECT_EQ(DecideLease(ours, As("me"), released, {}).kind, Kind::kReplace);
}

TEST(LeaseStep, AnAlienLeaseIsNoTrap) {
  LeaseView view;
  kube::Object live(kube::kLease, "ops", "fleet");
  EXPECT_EQ(DecideLease(view, As("me"), live, {}).kind, Kind::kReplace);
  live.body()["spec"] = {{"holderIdentity", 7}};
  EXPECT_EQ(DecideLease(view, As("me"), live, {}).kind, Kind::kReplace);
}

/// A server that keeps one Lease with compare-and-swap, as the API server does.
struct LeaseServer {
  std::optional<kube::Object> stored;
  int version = 0;

  bool Write(const LeaseDecision& decision) {
    const bool is_create = decision.kind == Kind::kCreate;
    if (is_create == stored.has_value()) return false;
    if (!is_create && decision.lease.ResourceVersion() != stored->ResourceVersion()) return false;
    stored = decision.lease;
    stored->body()["metadata"]["resourceVersion"] = std::to_string(++version);
    return true;
  }
};

/// Several candidates, monotonic clocks that start anywhere and drift by 10 %, wall clocks that are nonsense, reads
/// that are old when the write comes, writes that get lost or whose answer gets lost. Never do two believe to lead at
/// one time.
TEST(LeaseStep, RandomWalkNeverHasTwoLeaders) {
  struct Process {
    std::string name;
    LeaseView view;
    double pace = 1;
    Duration offset{0};
    std::optional<Duration> believed_from;                        ///< on its own clock
    std::optional<std::pair<LeaseDecision, Duration>> in_flight;  ///< decided, not yet written
  };
  std::mt19937 random(5);
  int leaderships = 0;
  for (int round = 0; round < 40; ++round) {
    LeaseServer server;
    std::vector<Process> processes;
    for (unsigned i = 0; i < 2 + random() % 2; ++i) {
      processes.push_back({.name = std::string(1, static_cast<char>('a' + i)),
                           .pace = 0.9 + static_cast<double>(random() % 200) / 1'000,
                           .offset = Duration(random() % 1'000'000)});
    }
    for (int step = 0; step < 2'000; ++step) {
      const Duration truth{step * 250};
      const auto own_clock = [&truth](const Process& process) {
        return process.offset + Duration(static_cast<Duration::rep>(static_cast<double>(truth.count()) * process.pace));
      };
      Process& process = processes[random() % processes.size()];
      const LeaderOptions options = As(process.name);
      const Duration now = own_clock(process);
      if (process.in_flight) {
        const auto [decision, began] = *std::exchange(process.in_flight, std::nullopt);
        const bool request_lost = random() % 8 == 0;
        const bool written = !request_lost && server.Write(decision);
        const bool answer_lost = random() % 8 == 0;
        if (written && !answer_lost) {
          leaderships += process.believed_from ? 0 : 1;
          process.believed_from = began;  // from the begin of the try, as RunAsLeader counts
        }
      } else if (random() % 20 == 0 && process.believed_from && server.stored &&
                 server.stored->Text("/spec/holderIdentity") == process.name) {
        process.believed_from.reset();  // stops cleanly: the work has ended before the lease is given up
        server.Write({Kind::kReplace, ReleasedLease(*server.stored, base::TimePoint())});
      } else if (random() % 3 != 0) {
        const base::TimePoint nonsense{Duration(random())};
        auto decision = DecideLease(process.view, options, server.stored, {now, nonsense});
        if (decision.kind != Kind::kWait) process.in_flight.emplace(std::move(decision), now);
      }
      int leaders = 0;
      for (Process& each : processes) {
        if (each.believed_from && own_clock(each) >= *each.believed_from + As("").renew_deadline) {
          each.believed_from.reset();  // the deadline ends the process's belief
        }
        leaders += each.believed_from ? 1 : 0;
      }
      ASSERT_LE(leaders, 1) << "round " << round << " step " << step;
    }
  }
  EXPECT_GT(leaderships, 200) << "the walk must get somewhere";
}

}  // namespace
}  // namespace ingressfleet::io
