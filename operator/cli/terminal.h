#pragma once
// The terminal: what it can show, and redrawing a picture on it. The edge of the plugin towards its reader.

#include <cstdio>
#include <string>

#include "cli/text.h"

namespace ingressfleet::cli {

/// Colours and icons on a terminal that can show them: not with NO_COLOR (https://no-color.org), TERM=dumb, or, as for icons,
/// a character set other than UTF-8. Width from the terminal, else from COLUMNS, else no limit.
Look LookOf(std::FILE* stream, bool no_color);
bool IsTerminal(std::FILE* stream);

/// A picture that is drawn again in place, on the terminal's second screen; what it showed last is left on the first one.
/// On anything else than a terminal each picture follows the one before.
class Canvas {
 public:
  explicit Canvas(std::FILE* stream);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  /// Nothing is written when it looks as before.
  void Show(const std::string& picture);

 private:
  std::string Cut(const std::string& picture) const;

  std::FILE* stream_;
  bool terminal_;
  bool drawn_ = false;
  std::string shown_;  ///< as it was cut to the screen
  std::string picture_;
};

}  // namespace ingressfleet::cli
