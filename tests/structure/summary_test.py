"""The last line of `make test` is believed by people and by CI: what scripts/step and scripts/summary make of what happened."""
import subprocess
from pathlib import Path

from repository import ROOT

PASSED = '<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>'
FAILED = '<testsuites><testsuite><testcase classname="c" name="a"/><testcase classname="c" name="b"><failure/></testcase></testsuite></testsuites>'


def summary(folder: Path, steps: str, **results: str) -> tuple[int, str, str]:
    (folder / "steps").write_text(steps)
    for name, text in results.items():
        stem, _, suffix = name.partition("__")
        (folder / f"{stem.replace('_', '-')}.{suffix}").write_text(text)
    run = subprocess.run([ROOT / "scripts" / "summary", folder], capture_output=True, text=True)
    return run.returncode, run.stdout, run.stdout.splitlines()[-1]


def step(folder: Path, *words: str) -> tuple[int, str, str]:
    run = subprocess.run([ROOT / "scripts" / "step", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "STEPS_FILE": str(folder / "steps")})
    return run.returncode, run.stdout, (folder / "steps").read_text()


def test_sums_over_all_suites(tmp_path):
    code, _, last = summary(tmp_path, "build 0 3.1\nunit 0 1.0\nchart 1 2.0\n", unit__xml=PASSED, chart_a__xml=FAILED, chart_b__xml=PASSED)
    assert (code, last) == (1, "3 passed, 1 failed, 2 skipped")


def test_all_passed(tmp_path):
    assert summary(tmp_path, "unit 0 1.0\n", unit__xml='<testsuite><testcase name="a"/></testsuite>')[::2] == (0, "1 passed, 0 failed")


def test_failed_tests_are_named(tmp_path):
    assert "✘ chart: c b" in summary(tmp_path, "chart 1 2.0\n", chart__xml=FAILED)[1]


def test_a_step_that_ends_badly_fails_even_when_its_tests_passed(tmp_path):
    code, text, last = summary(tmp_path, "build 1 3.0\nunit 124 9.0\n", unit__xml=PASSED)
    assert (code, last) == (1, "1 passed, 2 failed, 1 skipped")
    assert "exit code 124" in text


def test_results_that_break_off_fail(tmp_path):
    assert summary(tmp_path, "unit 0 1.0\n", unit__xml=PASSED[:30])[2] == "0 passed, 1 failed"


def test_go_tests_count_and_a_package_that_does_not_compile_fails(tmp_path):
    lines = ('{"Action":"pass","Package":"p","Test":"A"}\n{"Action":"pass","Package":"p"}\n'
             '{"Action":"fail","Package":"q","Test":"B"}\n{"Action":"fail","Package":"q"}\n{"Action":"fail","Package":"r"}\n')
    code, text, last = summary(tmp_path, "tools 1 1.0\n", tools_load__gotest=lines)
    assert (code, last) == (1, "1 passed, 2 failed")
    assert "✘ tools: q B" in text and "✘ tools: r" in text


def test_step_ends_at_its_limit(tmp_path):
    code, text, steps = step(tmp_path, "slow", "0.2s", "sleep", "30")
    assert code == 124 and "ended at its limit of 0.2s" in text
    assert steps.startswith("slow 124 ")


def test_step_passes_the_exit_code_on(tmp_path):
    code, text, steps = step(tmp_path, "broken", "5s", "sh", "-c", "exit 3")
    assert code == 3 and "✘ broken: ended with 3" in text and steps.startswith("broken 3 ")
