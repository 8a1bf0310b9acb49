#pragma once
// Cuts a byte stream that arrives in arbitrary pieces into lines. Shared by the transport and its scripted twin, so
// that both treat split chunks and a half line at the end alike.

#include <functional>
#include <string>
#include <string_view>

namespace ingressfleet::io {

class LineSplitter {
 public:
  /// `on_line` gets each line without its newline; the view lives only for the call. Empty lines are skipped.
  explicit LineSplitter(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}

  void Feed(std::string_view chunk);
  /// A line has begun and its newline has not come.
  bool InsideLine() const { return !partial_.empty(); }

 private:
  void Emit(std::string_view line) const;

  const std::function<void(std::string_view)>& on_line_;
  std::string partial_;
};

}  // namespace ingressfleet::io
