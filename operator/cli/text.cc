#include "cli/text.h"

#include <algorithm>

namespace ingressfleet::cli {
namespace {

constexpr Glyphs kIcons{"├─ ", "└─ ", "│  ", "   ", "✔", "✖", "?", "◐", "◁", "‖", "•", "…"};
constexpr Glyphs kAscii{"|- ", "`- ", "|  ", "   ", "ok", "FAIL", "?", "~", "<", "=", "-", "..."};
constexpr std::size_t kGap = 2;

/// SGR parameters (ECMA-48): the eight colours that every terminal has, in the user's own scheme.
std::string_view CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "";
    case Tone::kStrong: return "1";
    case Tone::kQuiet: return "2";
    case Tone::kGood: return "32";
    case Tone::kBad: return "31";
    case Tone::kBusy: return "33";
    case Tone::kName: return "1;36";
  }
  return "";
}

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The first `columns` characters.
std::string_view Head(std::string_view text, int columns) {
  std::size_t end = 0;
  while (end < text.size() && columns > 0) {
    ++end;
    while (end < text.size() && IsContinuation(text[end])) ++end;
    --columns;
  }
  return text.substr(0, end);
}

void TrimRight(Line& line) {
  while (!line.empty()) {
    std::string& text = line.back().text;
    text.erase(text.find_last_not_of(' ') + 1);
    if (!text.empty()) return;
    line.pop_back();
  }
}

/// Control characters in what others wrote must not reach the terminal.
std::string Printable(std::string_view text) {
  std::string safe(text);
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return safe;
}

}  // namespace

const Glyphs& GlyphsFor(const Look& look) { return look.icons ? kIcons : kAscii; }

int WidthOf(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char byte) { return !IsContinuation(byte); }));
}

int WidthOf(const Line& line) {
  int width = 0;
  for (const Span& span : line) width += WidthOf(span.text);
  return width;
}

Line Clip(const Line& line, const Look& look) {
  if (look.width <= 0 || WidthOf(line) <= look.width) return line;
  const std::string_view mark = GlyphsFor(look).ellipsis;
  int left = std::max(0, look.width - WidthOf(mark));
  Line clipped;
  for (const Span& span : line) {
    if (left <= 0) break;
    clipped.push_back({std::string(Head(span.text, left)), span.tone});
    left -= WidthOf(clipped.back().text);
  }
  clipped.push_back({std::string(mark), Tone::kQuiet});
  return clipped;
}

Lines Wrap(const Line& line, int width) {
  if (width <= 0) return {line};
  Lines lines(1);
  int used = 0;
  for (const Span& span : line) {
    std::string_view rest = span.text;
    while (!rest.empty()) {
      // A word with the blanks before it.
      const std::size_t start = rest.find_first_not_of(' ');
      const std::size_t end = start == std::string_view::npos ? rest.size() : std::min(rest.find(' ', start), rest.size());
      std::string_view word = rest.substr(0, end);
      rest.remove_prefix(end);
      if (used > 0 && used + WidthOf(word) > width) {
        lines.emplace_back();
        used = 0;
        word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
      }
      lines.back().push_back({std::string(word), span.tone});
      used += WidthOf(word);
    }
  }
  return lines;
}

std::string Paint(const Lines& lines, const Look& look) {
  std::string text;
  for (Line line : lines) {
    TrimRight(line);
    for (const Span& span : line) {
      const std::string_view code = look.color && !span.text.empty() ? CodeOf(span.tone) : std::string_view();
      if (code.empty()) {
        text += Printable(span.text);
      } else {
        text.append("\x1b[").append(code).append("m").append(Printable(span.text)).append("\x1b[0m");
      }
    }
    text += '\n';
  }
  return text;
}

Lines Table(const std::vector<Line>& rows, const Look& look) {
  std::vector<std::size_t> widths;
  for (const Line& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], static_cast<std::size_t>(WidthOf(row[i].text)));
  }
  Lines lines;
  for (const Line& row : rows) {
    Line line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(row[i]);
      line.push_back({std::string(widths[i] - static_cast<std::size_t>(WidthOf(row[i].text)) + kGap, ' ')});
    }
    TrimRight(line);
    lines.push_back(Clip(line, look));
  }
  return lines;
}

}  // namespace ingressfleet::cli
