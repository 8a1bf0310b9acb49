// The first process of the container, with a small program in the agent's place.

#include "run/init.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/eventually.h"

namespace ingressfleet::agent {
namespace {

/// Says that it runs, waits for SIGTERM, and then does what the test wants of its first life and of the later ones.
constexpr const char* kAgent = R"(
import os, signal, sys
folder, first, later = sys.argv[1], sys.argv[2], sys.argv[3]
life = len(os.listdir(folder))
open(f"{folder}/life{life}", "w")
what = first if life == 0 else later
if what == "dies-at-once":
    os._exit(3)
signal.sigwait({signal.SIGTERM})
if what == "dies-of-the-signal":
    os._exit(3)
)";

class InitTest : public ::testing::Test {
 protected:
  InitTest() {
    std::string pattern = "/tmp/init-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~InitTest() override { std::filesystem::remove_all(folder_); }

  std::ptrdiff_t Lives() const {
    return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  }

  /// Init's exit code after a SIGTERM that comes once the agent has begun `lives` lives.
  int CodeAfterSignal(const char* first, const char* later, std::ptrdiff_t lives) {
    const pid_t init = fork();
    if (init == 0) _exit(RunInit({"/usr/bin/python3", "-c", kAgent, folder_, first, later}));
    EXPECT_TRUE(testing::Eventually([&] { return Lives() >= lives; }));
    kill(init, SIGTERM);
    int status = 0;
    waitpid(init, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string folder_;
};

TEST_F(InitTest, EndsWithTheAgent) {
  EXPECT_EQ(CodeAfterSignal("drains", "drains", 1), 0);
  EXPECT_EQ(Lives(), 1);
}

class LostAgentTest : public InitTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(LostAgentTest, AnotherOneIsStartedToDrain) {
  EXPECT_EQ(CodeAfterSignal(GetParam(), "drains", 1), 0);
  EXPECT_EQ(Lives(), 2);
}

INSTANTIATE_TEST_SUITE_P(Deaths, LostAgentTest, ::testing::Values("dies-at-once", "dies-of-the-signal"));

TEST_F(InitTest, GivesUpAfterSomeAgents) {
  EXPECT_EQ(CodeAfterSignal("dies-of-the-signal", "dies-of-the-signal", 1), 3);
  EXPECT_EQ(Lives(), 3);
}

}  // namespace
}  // namespace ingressfleet::agent
