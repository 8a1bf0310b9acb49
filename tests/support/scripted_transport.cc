#include "support/scripted_transport.h"

#include "io/line_splitter.h"
#include "io/wait.h"
#include "kube/api_status.h"

namespace ingressfleet::testing {

using base::Code;
using base::Fail;

void ScriptedTransport::AnswerSend(base::Result<io::HttpResponse> answer) {
  const std::scoped_lock lock(mutex_);
  answers_.push_back(std::move(answer));
}

void ScriptedTransport::AnswerStream(StreamScript script) {
  const std::scoped_lock lock(mutex_);
  streams_.push_back(std::move(script));
}

std::vector<io::HttpRequest> ScriptedTransport::Requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

base::Result<io::HttpResponse> ScriptedTransport::Send(const io::HttpRequest& request, std::stop_token stop) {
  if (stop.stop_requested()) return Fail(Code::kCanceled, "stopped");
  std::unique_lock lock(mutex_);
  requests_.push_back(request);
  if (on_send) {
    lock.unlock();
    return on_send(request);
  }
  if (answers_.empty()) return io::HttpResponse{503, "the script has no more answers"};
  auto answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

base::Status ScriptedTransport::Stream(const io::HttpRequest& request,
                                       const std::function<void(std::string_view line)>& on_line, std::stop_token stop) {
  StreamScript script{.end = StreamScript::End::kHang};
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    if (!streams_.empty()) {
      script = std::move(streams_.front());
      streams_.pop_front();
    }
  }
  if (script.status != 200) {
    std::string body;
    for (const std::string& chunk : script.chunks) body += chunk;
    return Fail(kube::ErrorFromResponse(script.status, body));
  }
  io::LineSplitter splitter(on_line);
  for (const std::string& chunk : script.chunks) {
    if (stop.stop_requested()) return Fail(Code::kCanceled, "stopped");
    splitter.Feed(chunk);
  }
  const auto wait = script.end == StreamScript::End::kHang ? std::chrono::hours(1) : script.delay;
  if (!io::SleepFor(wait, stop)) return Fail(Code::kCanceled, "stopped");
  switch (script.end) {
    case StreamScript::End::kBreak: return Fail(Code::kUnavailable, "the connection broke");
    case StreamScript::End::kSilence: return Fail(Code::kTimeout, "no answer in time");
    default: break;
  }
  if (splitter.InsideLine()) return Fail(Code::kUnavailable, "the stream ended inside a line");
  return {};
}

}  // namespace ingressfleet::testing
