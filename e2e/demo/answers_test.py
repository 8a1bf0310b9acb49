"""How the demo reads an answer, and what it takes as expected."""
import subprocess

import pytest

import answers


def result(code: int, text: str = "") -> subprocess.CompletedProcess:
    return subprocess.CompletedProcess([], code, stdout=text, stderr="")


@pytest.mark.parametrize("code, text, answer", [
    (0, "200 shop", "200 shop"),
    (0, "404 ", "404"),
    (0, "404 shop", "404 shop"),  # the application's own 404 is an answer of the application
    (0, "403 ", "refused (403)"),
    (0, "403 shop", "403 shop"),
    (0, "503 ", "503"),
    (7, "000 ", "refused (no answer)"),
    (28, "000 ", "refused (no answer)"),
    (6, "", "curl ended with 6"),
])
def test_read(code, text, answer):
    assert answers.read(result(code, text)) == answer


@pytest.mark.parametrize("expected, actual, good", [
    ("shop", "200 shop", True),
    ("shop", "200 wiki", False),
    ("shop", "503", False),
    (answers.NO_ROUTE, "404", True),
    (answers.NO_ROUTE, "404 shop", False),
    (answers.NO_ROUTE, "refused (no answer)", False),
    (answers.REFUSED, "refused (403)", True),
    (answers.REFUSED, "refused (no answer)", True),
    (answers.REFUSED, "200 wiki", False),
    (answers.REFUSED, "404", False),  # whoever gets a 404 has got through the access list
    (answers.REFUSED, "curl ended with 6", False),
])
def test_as_expected(expected, actual, good):
    assert answers.as_expected(expected, actual) is good


def test_every_tier_is_asked_by_someone_whom_it_lets_in_and_by_someone_whom_it_does_not():
    for tier in ("private", "staging"):
        assert {request.expected == answers.REFUSED for request in answers.REQUESTS if request.tier == tier} == {True, False}


def test_table_counts_what_is_not_as_expected(capsys):
    requests = list(answers.REQUESTS[:3])
    wrong = answers.print_table(requests, ["200 shop", "503", "refused (403)"], {"public": "192.0.2.1", "private": "192.0.2.2"}, lambda client: client)
    printed = capsys.readouterr().out
    assert wrong == 1
    assert printed.count("✓") == 2 and printed.count("✗") == 1
