#include "cli/terminal.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>

namespace ingressfleet::cli {
namespace {

// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html: DECSET 1049 (second screen), 25 (cursor), CUP, ED, EL.
constexpr const char* kEnter = "\x1b[?1049h\x1b[?25l";
constexpr const char* kLeave = "\x1b[?25h\x1b[?1049l";
constexpr const char* kHome = "\x1b[H";
constexpr const char* kClearRest = "\x1b[J";
constexpr const char* kClearLine = "\x1b[K";

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

winsize SizeOf(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

bool IsTerminal(std::FILE* stream) { return isatty(fileno(stream)) != 0; }

Look LookOf(std::FILE* stream, bool no_color) {
  Look look;
  if (!IsTerminal(stream)) return look;
  const std::string terminal = Environment("TERM");
  std::setlocale(LC_CTYPE, "");
  look.icons = terminal != "dumb" && std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  look.color = !no_color && Environment("NO_COLOR").empty() && !terminal.empty() && terminal != "dumb";
  look.width = SizeOf(stream).ws_col;
  if (look.width == 0) look.width = std::max(0, std::atoi(Environment("COLUMNS").c_str()));
  return look;
}

Canvas::Canvas(std::FILE* stream) : stream_(stream), terminal_(IsTerminal(stream) && Environment("TERM") != "dumb") {}

Canvas::~Canvas() {
  if (!terminal_ || !drawn_) return;
  fmt::print(stream_, "{}{}", kLeave, picture_);
  std::fflush(stream_);
}

std::string Canvas::Cut(const std::string& picture) const {
  const int rows = SizeOf(stream_).ws_row;
  const auto lines = std::count(picture.begin(), picture.end(), '\n');
  std::string cut;
  int row = 0;
  for (std::size_t at = 0; at < picture.size(); ++row) {
    const std::size_t end = picture.find('\n', at);
    if (rows > 1 && lines >= rows && row == rows - 2) {
      return cut + fmt::format("({} more lines; a higher window shows them){}", lines - row, kClearLine);
    }
    cut += picture.substr(at, end - at) + kClearLine + "\r\n";
    at = end == std::string::npos ? picture.size() : end + 1;
  }
  return cut;
}

void Canvas::Show(const std::string& picture) {
  if (!terminal_) {
    if (picture == picture_) return;
    fmt::print(stream_, "{}{}", drawn_ ? "\n" : "", picture);
  } else {
    const std::string cut = Cut(picture);
    picture_ = picture;
    if (drawn_ && cut == shown_) return;
    fmt::print(stream_, "{}{}{}{}", drawn_ ? "" : kEnter, kHome, cut, kClearRest);
    shown_ = cut;
  }
  std::fflush(stream_);
  picture_ = picture;
  drawn_ = true;
}

}  // namespace ingressfleet::cli
