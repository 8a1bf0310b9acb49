"""docs/reference/upgrade-failures.md has a row for every way in which an upgrade can fail, and the tests that it names are there."""
import re

import pytest

from repository import ROOT

DOCUMENT = ROOT / "docs" / "reference" / "upgrade-failures.md"
CASES = [f"T{number}" for number in range(1, 46)]
LINK = re.compile(r"\[([^\[\]]+)\]\[([\w-]+)\]")
GAP = re.compile(r"\bnot (covered|built): \S")


def rows() -> list[list[str]]:
    """The cells of each case."""
    lines = re.findall(r"^\| T\d+ \|.*$", DOCUMENT.read_text(), re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def files() -> dict[str, str]:
    """What stands in brackets at the end of a link → file, relative to the document."""
    return dict(re.findall(r"^\[([\w-]+)\]: (\S+)$", DOCUMENT.read_text(), re.MULTILINE))


def is_there(test: str, text: str, suffix: str) -> bool:
    """`test` is "Suite.Name" or "test_name", with "/row" when it is about one row of the test's table."""
    name, _, row = test.partition("/")
    if row and f'"{row}"' not in text:
        return False
    if suffix == ".py":
        return re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE) is not None
    suite, _, case = name.partition(".")
    return re.search(rf"^TEST(_F|_P)?\({re.escape(suite)}, {re.escape(case)}\)", text, re.MULTILINE) is not None


def test_every_case_has_one_row():
    assert [row[0] for row in rows()] == CASES


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_row_says_what_happens_and_what_shows_it(row):
    assert len(row) == 4 and all(row), row
    assert LINK.search(row[3]) or GAP.search(row[3]), "names neither a test nor why there is none"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_tests_exist(row):
    lost = []
    for test, file in LINK.findall(row[3]):
        path = DOCUMENT.parent / files().get(file, "")
        if not path.is_file() or not is_there(test, path.read_text(), path.suffix):
            lost.append(f"{test} in {file}")
    assert not lost, lost


def test_files_exist_and_are_used():
    text, lost = DOCUMENT.read_text(), []
    for name, target in files().items():
        if not (DOCUMENT.parent / target).is_file() or f"][{name}]" not in text:
            lost.append(name)
    assert not lost, f"not there, or not named: {lost}"


def test_every_test_of_failure_cases_is_named():
    source = (ROOT / "tests" / "unit" / "plan" / "upgrade" / "failure_cases_test.cc").read_text()
    tests = re.findall(r"^TEST\(FailureCases, (T(\d+)\w+)\)", source, re.MULTILINE)
    tests += [(f"EndAsTheReferenceSays/{row}", number) for row, number in re.findall(r'^    \{"(T(\d+)\w+)"', source, re.MULTILINE)]
    by_case = {row[0]: row[3] for row in rows()}
    assert tests and not [name for name, number in tests if f"[FailureCases.{name}]" not in by_case[f"T{number}"]]
