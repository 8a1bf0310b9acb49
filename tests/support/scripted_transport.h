#pragma once
// A Transport that plays a script: what each request is answered with, byte by byte where it matters. It has no
// semantics of its own (nothing is stored), so that it cannot drift away from the real server.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "io/transport.h"

namespace ingressfleet::testing {

class ScriptedTransport final : public io::Transport {
 public:
  /// How one watch stream goes: the chunks as they arrive, then how it ends.
  struct StreamScript {
    enum class End { kEof, kBreak, kSilence, kHang };
    int status = 200;                    ///< another one: `chunks` joined are the body of the refusal
    std::vector<std::string> chunks;     ///< may cut lines anywhere
    End end = End::kEof;                 ///< kHang waits until it is stopped
    std::chrono::milliseconds delay{0};  ///< before the end
  };

  /// Each answer is used once, in order, whatever is asked. Without one a call is refused with 503, a stream hangs.
  void AnswerSend(base::Result<io::HttpResponse> answer);
  void AnswerStream(StreamScript script);
  /// Instead of the script: decides by the request. Set before the first use.
  std::function<base::Result<io::HttpResponse>(const io::HttpRequest&)> on_send;

  std::vector<io::HttpRequest> Requests() const;

  base::Result<io::HttpResponse> Send(const io::HttpRequest& request, std::stop_token stop) override;
  base::Status Stream(const io::HttpRequest& request, const std::function<void(std::string_view line)>& on_line,
                      std::stop_token stop) override;

 private:
  mutable std::mutex mutex_;
  std::deque<base::Result<io::HttpResponse>> answers_;
  std::deque<StreamScript> streams_;
  std::vector<io::HttpRequest> requests_;
};

}  // namespace ingressfleet::testing
