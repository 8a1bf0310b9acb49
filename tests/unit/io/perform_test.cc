#include "io/perform.h"

#include <gtest/gtest.h>

#include "support/scripted_transport.h"

namespace ingressfleet::io {
namespace {

using base::Code;
using testing::ScriptedTransport;

class CreateTest : public ::testing::Test {
 protected:
  /// A creation of a Service, with what the server says when it is asked whether there is one.
  effect::Outcome Create(HttpResponse there) {
    transport_->AnswerSend(std::move(there));
    transport_->AnswerSend(HttpResponse{201, R"({"kind":"Service","metadata":{"name":"public-entry"}})"});
    effect::Change change{.verb = effect::Verb::kCreate,
                          .object = kube::Object(kube::kService, "edge", "public-entry"),
                          .field_manager = "fleet"};
    change.owner_labels = {{"ingressfleet.io/fleet", "platform"}};
    return Perform(client_, {{{"entry", {change}}}});
  }

  std::shared_ptr<ScriptedTransport> transport_ = std::make_shared<ScriptedTransport>();
  Client client_{transport_};
};

TEST_F(CreateTest, WhatIsNotThereIsMade) {
  const effect::Outcome outcome = Create({404, R"({"kind":"Status","reason":"NotFound"})"});
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(transport_->Requests().back().method, "PATCH");
}

TEST_F(CreateTest, OurOwnThatTheWatchHasNotShownIsNotWrittenOver) {
  const effect::Outcome outcome =
      Create({200, R"({"kind":"Service","metadata":{"name":"public-entry","labels":{"ingressfleet.io/fleet":"platform"}}})"});
  ASSERT_EQ(outcome.failures.size(), 1U);
  EXPECT_EQ(outcome.failures[0].error.code, Code::kConflict) << "a look again, not a complaint";
  EXPECT_EQ(transport_->Requests().size(), 1U);
}

TEST_F(CreateTest, SomebodyElsesIsLeftAlone) {
  const effect::Outcome outcome = Create({200, R"({"kind":"Service","metadata":{"name":"public-entry"}})"});
  ASSERT_EQ(outcome.failures.size(), 1U);
  EXPECT_EQ(outcome.failures[0].error.code, Code::kForeign);
  EXPECT_EQ(transport_->Requests().size(), 1U);
}

}  // namespace
}  // namespace ingressfleet::io
