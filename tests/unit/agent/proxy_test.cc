#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "golden/agent/fixture.h"
#include "proxy/assign.h"
#include "proxy/command.h"
#include "proxy/diff.h"
#include "proxy/parse.h"
#include "proxy/render.h"
#include "support/golden.h"
#include "unit/agent/fake_proxy.h"

namespace ingressfleet::agent {
namespace {

using ::testing::ElementsAre;

CertificatePtr Default() {
  static const CertificatePtr certificate = fixture::MakeCertificate({"default"});
  return certificate;
}

RoutingTable MakeTable(std::map<std::string, std::vector<std::string>> backends) {
  RoutingTable table;
  table.default_certificate = Default();
  table.allowed_source_ranges = {"0.0.0.0/0"};
  for (const auto& [id, endpoints] : backends) table.routes[id + ".test/"] = {id, "a/i"};
  table.backends = std::move(backends);
  return table;
}

ProxyState Empty(int pool_size = 16) {
  ProxyState state;
  state.pool_size = pool_size;
  return state;
}

ProxyState After(ProxyState state, const RoutingTable& table) {
  for (const Command& command : Diff(state, Assign(state, table)).commands) Apply(command, state);
  return state;
}

void MarkDrained(ProxyState& state) {
  for (auto& [number, member] : state.members) {
    for (auto& [slot, server] : member.slots) server.draining = false;
  }
}

TEST(AssignTest, KeepsMembersAndServers) {
  auto state = After(Empty(), MakeTable({{"a/x:80", {"10.0.0.1:80", "10.0.0.2:80"}}, {"a/y:80", {"10.0.1.1:80"}}}));
  EXPECT_EQ(state.members.at(0).backend, "a/x:80");
  EXPECT_EQ(state.members.at(1).backend, "a/y:80");
  // An older name and another endpoint arrive: nobody moves.
  state = After(
      state, MakeTable({{"a/a:80", {"10.0.2.1:80"}}, {"a/x:80", {"10.0.0.0:80", "10.0.0.2:80"}}, {"a/y:80", {"10.0.1.1:80"}}}));
  EXPECT_EQ(state.members.at(0).backend, "a/x:80");
  EXPECT_EQ(state.members.at(1).backend, "a/y:80");
  EXPECT_EQ(state.members.at(2).backend, "a/a:80");
  EXPECT_EQ(state.members.at(0).slots.at(0), (Slot{"10.0.0.1:80", false, true}));
  EXPECT_EQ(state.members.at(0).slots.at(1), (Slot{"10.0.0.2:80", true, false}));
  EXPECT_EQ(state.members.at(0).slots.at(2), (Slot{"10.0.0.0:80", true, false}));
}

TEST(AssignTest, RecyclesOnlyDrainedServersAndMembers) {
  auto state = After(Empty(), MakeTable({{"a/x:80", {"10.0.0.1:80"}}}));
  state = After(state, MakeTable({}));
  EXPECT_EQ(state.members.at(0).backend, "a/x:80") << "keeps its name while it drains";
  auto other = After(state, MakeTable({{"a/y:80", {"10.0.1.1:80"}}}));
  EXPECT_EQ(other.members.at(1).backend, "a/y:80") << "a draining member is not given away";
  auto back = After(state, MakeTable({{"a/x:80", {"10.0.0.1:80"}}}));
  EXPECT_EQ(back.members.at(0).slots.at(0), (Slot{"10.0.0.1:80", true, false})) << "but its Service finds it again";
  MarkDrained(state);
  state = After(state, MakeTable({{"a/y:80", {"10.0.1.1:80"}}}));
  EXPECT_EQ(state.members.at(0).backend, "a/y:80");
  EXPECT_EQ(state.members.at(0).slots.at(0).address, "10.0.1.1:80");
}

TEST(AssignTest, GrowsThePoolBeforeItIsFull) {
  std::map<std::string, std::vector<std::string>> backends;
  for (int i = 0; i < 12; ++i) backends[fmt::format("a/s{:02}:80", i)] = {};
  EXPECT_EQ(Assign(Empty(), MakeTable(backends)).pool_size, 16) << "12 of 16 used";
  backends["a/s12:80"] = {};
  const auto desired = Assign(Empty(), MakeTable(backends));
  EXPECT_EQ(desired.pool_size, 32) << "13 of 16 used: less than 20 % free";
  EXPECT_NE(Diff(Empty(), desired).reload_reason, "");
}

TEST(DiffTest, OrderIsMakeBeforeBreak) {
  auto before = MakeTable({{"a/old:80", {"10.0.0.1:80"}}, {"a/x:80", {"10.0.1.1:80"}}});
  before.certificates["one"] = {"a/one", {"x.test"}, Default()};
  auto state = After(Empty(), before);
  auto after = MakeTable({{"a/new:80", {"10.0.2.1:80"}}, {"a/x:80", {"10.0.1.2:80"}}});
  after.certificates["two"] = {"a/two", {"x.test"}, Default()};
  after.routes["x.test/;\\ odd#"] = {std::string(kUnavailable), "a/i"};
  after.allowed_source_ranges = {"10.0.0.0/8", "2001:db8::/32"};
  const auto plan = Diff(state, Assign(state, after));
  support::ExpectGolden("tests/golden/agent/make-before-break.commands.txt", plan.Print());
}

TEST(DiffTest, LargeCertificatesTakeAReload) {
  auto large = std::make_shared<Certificate>(*Default());
  large->pem.append(kMaxPayload, 'x');
  auto table = MakeTable({});
  table.certificates["large"] = {"a/large", {"x.test"}, large};
  EXPECT_NE(Diff(Empty(), Assign(Empty(), table)).reload_reason, "");
}

// Random tables, requests that start and end, restarts of the agent: the fake proxy checks that no command breaks its rules,
// and after each step every route leads exactly to its endpoints, nothing is left to do, and nothing moved without need.
TEST(DiffTest, RandomWalk) {
  std::mt19937 random(42);
  for (int walk = 0; walk < 20; ++walk) {
    FakeProxy fake(64);
    ProxyState held = Empty(64);
    for (int step = 0; step < 60; ++step) {
      std::map<std::string, std::vector<std::string>> backends;
      for (unsigned i = 0; i < 8; ++i) {
        if (random() % 3 == 0) continue;
        auto& endpoints = backends[fmt::format("a/s{}:80", i)];
        for (unsigned j = 0; j < 5; ++j) {
          if (random() % 2) endpoints.push_back(fmt::format("10.0.{}.{}:80", i, j));
        }
      }
      const auto table = MakeTable(backends);
      const auto desired = Assign(held, table);
      for (const auto& [number, member] : held.members) {
        if (!backends.contains(member.backend)) continue;
        EXPECT_EQ(desired.members.at(number).backend, member.backend) << "assignment is stable";
      }
      const auto plan = Diff(held, desired);
      ASSERT_EQ(plan.reload_reason, "");
      for (const Command& command : plan.commands) {
        ASSERT_NO_FATAL_FAILURE(fake.Execute(command));
        Apply(command, held);
      }
      EXPECT_TRUE(Diff(held, desired).IsEmpty()) << Diff(held, desired).Print();
      EXPECT_TRUE(Diff(held, Assign(held, table)).IsEmpty()) << "a second look changes nothing";
      ASSERT_EQ(fake.routes().size(), table.routes.size());
      for (const auto& [key, route] : table.routes) EXPECT_EQ(fake.Behind(key), backends.at(route.target));
      if (random() % 2) fake.StartRequests();
      if (random() % 2) fake.EndRequests();
      const bool agent_restarts = random() % 8 == 0;
      for (auto& [number, member] : held.members) {
        for (auto& [slot, server] : member.slots) {
          if (agent_restarts) server.draining = !server.ready;
          if (server.draining && random() % 2 && fake.IsIdle(number, slot)) server.draining = false;
        }
      }
    }
  }
}

TEST(CommandTest, StepsAndAnswers) {
  const auto steps = CliSteps({.verb = Verb::kSetAllowed, .items = {"10.0.0.0/8"}}, "/run/x");
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].line, "prepare acl /run/x/allowed.acl");
  EXPECT_TRUE(CheckAnswer(steps[0], "New version created: 3"));
  EXPECT_FALSE(CheckAnswer(steps[0], ""));
  EXPECT_EQ(steps[1].line, "add acl @VERSION /run/x/allowed.acl 10.0.0.0/8");
  EXPECT_TRUE(CheckAnswer(steps[3], "0x1 10.0.0.0/8"));
  EXPECT_FALSE(CheckAnswer(steps[3], "")) << "a dropped entry is noticed";
  EXPECT_FALSE(CheckAnswer(steps[3], "0x1 10.0.0.0/8\n0x2 0.0.0.0/0"));

  const auto move = CliSteps({.verb = Verb::kMoveServer, .member = 3, .slot = 1, .value = "[2001:db8::1]:8080"}, "/run/x");
  EXPECT_EQ(move[0].line, "set server p3/s1 addr 2001:db8::1 port 8080");
  EXPECT_TRUE(CheckAnswer(move[0], "nothing changed"));
  EXPECT_FALSE(CheckAnswer(move[0], "No such server."));
  EXPECT_FALSE(CheckAnswer(CliSteps({.verb = Verb::kReadyServer}, "")[0], "No such server."));

  const auto update = CliSteps({.verb = Verb::kUpdateCertificate, .key = "k", .certificate = Default()}, "/run/x");
  EXPECT_TRUE(update[0].line.starts_with("set ssl cert /run/x/certs/k.pem <<\n-----BEGIN CERTIFICATE"));
  EXPECT_FALSE(CheckAnswer(update[0], "")) << "a payload above the buffer is dropped with an empty answer";
  EXPECT_EQ(CliSteps({.verb = Verb::kDeleteRoute, .key = "h/a;b\\c"}, "/d")[0].line, "del map /d/routes.map h/a\\;b\\\\c");
}

TEST(ParseTest, AnswersOfHaproxy) {
  EXPECT_THAT(ParseMap("0x55 a.x/ p0\n0x56 b.x/y;z# p1\n0x57 a.x/ p9\n\n"),
              ElementsAre(std::pair("a.x/", "p0"), std::pair("b.x/y;z#", "p1")));
  EXPECT_TRUE(ParseMap("Unknown map identifier. Please use #<id> or <file>.\n").empty());
  EXPECT_TRUE(ParseList("Unknown ACL identifier. Please use #<id> or <file>.\n").empty());
  const auto members = ParseServers(
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n"
      "4 p0 1 s0 127.0.0.1 2 0 1 1 2 1 0 2 0 0 0 0 - 19000 - 0 0 - - 0\n"
      "5 p1 1 s3 ::1 0 1 1 1 0 1 0 0 0 0 0 0 - 19001 - 0 0 - - 0\n"
      "6 other 1 s0 ::1 0 1 1 1 0 1 0 0 0 0 0 0 - 19001 - 0 0 - - 0\n");
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members.at(0).slots.at(0), (Slot{"127.0.0.1:19000", true, false}));
  EXPECT_EQ(members.at(1).slots.at(3), (Slot{"[::1]:19001", false, true}));
  EXPECT_THAT(
      ParseIdleServers("# bkname/svname bkid/svid addr port - purge_delay used_cur used_max\n"
                       "p1/s0 5/1 ::1 19001 - 4000 0 0 0 0 0 -1 0 0 0\np1/s1 5/1 ::1 19001 - 4000 2 0 0 0 0 -1 0 0 0\n"),
      ElementsAre(std::pair(1, 0)));
  EXPECT_THAT(ParseCertificateList("# /run/certs.list\n/run/certs/default.pem *\n/run/certs/b.pem b.x *.b.x\n"),
              ElementsAre(std::pair("b", std::vector<std::string>{"b.x", "*.b.x"}),
                          std::pair("default", std::vector<std::string>{"*"})));
  EXPECT_EQ(ParseFingerprint("Filename: x\nSHA1 FingerPrint: AB\n"), "AB");
  EXPECT_EQ(ParseInfo("Name: HAProxy\nPid: 17\n").at("Pid"), "17");
}

TEST(RenderTest, Configuration) {
  RenderOptions options;
  options.directory = "/run/ingressfleet";
  options.proxy_protocol = true;
  options.settings.access_log = true;
  options.threads = 2;
  auto state = After(Empty(), MakeTable({{"a/x:80", {"10.0.0.1:80", "[2001:db8::1]:80"}}}));
  state.pool_size = 3;
  support::ExpectGolden("tests/golden/agent/haproxy.cfg", RenderConfig(options, state));
  EXPECT_EQ(RenderConfig(options, state).find("{{"), std::string::npos);
}

TEST(RenderTest, FilesHoldTheFullState) {
  auto table = MakeTable({{"a/x:80", {"10.0.0.1:80"}}});
  table.certificates["one"] = {"a/one", {"x.test", "y.test"}, Default()};
  table.probe_sources = {"10.244.0.5"};
  const auto files = RenderFiles({.directory = "/d"}, Assign(Empty(), table));
  EXPECT_EQ(files.at("routes.map"), "a/x:80.test/ p0\n");
  EXPECT_EQ(files.at("members.map"), "p0 a/x:80\n");
  EXPECT_EQ(files.at("allowed.acl"), "0.0.0.0/0\n");
  EXPECT_EQ(files.at("trusted.acl"), "");
  EXPECT_EQ(files.at("probe.acl"), "10.244.0.5\n");
  EXPECT_EQ(files.at("certs.list"), "/d/certs/default.pem *\n/d/certs/one.pem x.test y.test\n");
  EXPECT_EQ(files.at("certs/one.pem"), Default()->pem);
}

}  // namespace
}  // namespace ingressfleet::agent
