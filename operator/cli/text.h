#pragma once
// Lines of styled text: what is said and how it is meant, apart from how a terminal shows it. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace ingressfleet::cli {

enum class Tone { kPlain, kStrong, kQuiet, kGood, kBad, kBusy, kName };

struct Span {
  std::string text;
  Tone tone = Tone::kPlain;
};
using Line = std::vector<Span>;
using Lines = std::vector<Line>;

/// How the reader sees it. A pipe or a file gets plain ASCII without an end of the line.
struct Look {
  bool color = false;
  bool icons = false;  ///< characters outside of ASCII
  int width = 0;       ///< columns; 0 = no limit
};

/// The characters of trees and states.
struct Glyphs {
  std::string_view branch, last, bar, blank;  ///< of equal width
  std::string_view good, bad, unknown, busy, back, held, note;
  std::string_view ellipsis;
};
const Glyphs& GlyphsFor(const Look& look);

/// Columns that a UTF-8 text takes; every character that we print takes one.
int WidthOf(std::string_view text);
int WidthOf(const Line& line);
/// The line, cut where the columns end; the last one then says that something is missing.
Line Clip(const Line& line, const Look& look);
/// Breaks between words so that no line is longer than `width` (0 = never); a longer word stands alone.
Lines Wrap(const Line& line, int width);
/// One string, each line ended by a newline, without blanks at its end.
std::string Paint(const Lines& lines, const Look& look);

/// Columns as wide as their widest cell, two blanks apart; the first row is the heading.
Lines Table(const std::vector<Line>& rows, const Look& look);

}  // namespace ingressfleet::cli
