#include "io/line_splitter.h"

namespace ingressfleet::io {

void LineSplitter::Emit(std::string_view line) const {
  if (!line.empty()) on_line_(line);
}

void LineSplitter::Feed(std::string_view chunk) {
  for (auto newline = chunk.find('\n'); newline != std::string_view::npos; newline = chunk.find('\n')) {
    if (partial_.empty()) {
      Emit(chunk.substr(0, newline));
    } else {
      const std::string line = std::exchange(partial_, {}).append(chunk.substr(0, newline));
      Emit(line);
    }
    chunk.remove_prefix(newline + 1);
  }
  partial_.append(chunk);
}

}  // namespace ingressfleet::io
