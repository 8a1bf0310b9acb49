"""What no file may contain."""
import os
import re
import stat

from repository import ROOT, files, name, text

SELF = "tests/structure/forbidden_test.py"
FORBIDDEN = {
    "the path of this checkout": re.compile(re.escape(str(ROOT)) + r"\b"),
    "a home folder": re.compile(r"(?<![\w.])/(home|Users)/\w+"),
    "unfinished work; open an issue": re.compile(r"\b(TODO|FIXME|XXX)\b"),
    # buildah 1.28 (Debian 12) waits for itself when two stages lock one cache.
    "a locked build cache": re.compile(r"sharing=locked"),
    "a merge that was not finished": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
    "a pull policy that hides what runs": re.compile(r"\bimage:\s*\S+:latest\b"),
}


def test_no_file_contains_what_is_forbidden():
    found = []
    for path in files():
        if name(path) == SELF or path.is_symlink() or path.name == "go.sum" or (content := text(path)) is None:
            continue
        for what, pattern in FORBIDDEN.items():
            found += [f"{name(path)}:{content.count(chr(10), 0, match.start()) + 1}: {what}: {match.group(0)}" for match in pattern.finditer(content)]
    assert not found, "\n".join(found)


def test_text_files_end_with_a_newline_and_have_no_trailing_blanks():
    wrong = []
    for path in files():
        # A golden is what a program prints, blanks at the end of a line included.
        content = None if path.is_symlink() or path.is_relative_to(ROOT / "tests" / "golden") else text(path)
        if content and (not content.endswith("\n") or re.search(r"[ \t]+$", content, re.MULTILINE)):
            wrong.append(name(path))
    assert not wrong, wrong


def test_scripts_are_executable_and_nothing_else():
    wrong = []
    for path in files():
        starts = path.is_symlink() is False and (content := text(path)) is not None and content.startswith("#!")
        if not path.is_symlink() and bool(starts) != bool(os.stat(path).st_mode & stat.S_IXUSR):
            wrong.append(name(path))
    assert not wrong, f"a first line with #! and the executable bit go together: {wrong}"


def test_symbolic_links_stay_inside():
    assert not [name(path) for path in files() if path.is_symlink() and not path.resolve().is_relative_to(ROOT)]
