"""What the scenarios measured: a table at the end of the run, and build/e2e-report.json (e2e-report-3.json for three nodes)."""
import dataclasses
import json
import platform
import time

from harness.cluster import ROOT

FOLDER = ROOT / "build"


@dataclasses.dataclass
class Measurement:
    name: str
    value: float
    unit: str
    remark: str = ""


class Report:
    """A pytest plugin; the fixture `measure` is its `add`."""

    def __init__(self, nodes: int = 1):
        self.file = FOLDER / f"e2e-report{'' if nodes == 1 else f'-{nodes}'}.json"
        self.started = time.time()
        self.measurements: dict[str, Measurement] = {}
        self.results: dict[str, dict] = {}

    def add(self, name: str, value: float, unit: str, remark: str = "") -> None:
        self.measurements[name] = Measurement(name, round(value, 3), unit, remark)

    def pytest_runtest_logreport(self, report) -> None:
        entry = self.results.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0})
        entry["seconds"] = round(entry["seconds"] + report.duration, 2)
        if report.outcome != "passed":
            entry["outcome"] = report.outcome

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if not self.results:
            return
        terminalreporter.section("scenarios")
        for name, result in self.results.items():
            terminalreporter.write_line(f"{result['outcome']:8}{result['seconds']:8.1f} s  {name.partition('scenarios/')[2] or name}")
        if self.measurements:
            terminalreporter.section("measured")
            width = max(map(len, self.measurements))
            for one in self.measurements.values():
                terminalreporter.write_line(f"{one.name:{width}}  {one.value:>10g} {one.unit:6}  {one.remark}".rstrip())
        self.write()
        terminalreporter.write_line(f"\n{self.file.relative_to(ROOT)} holds these figures")

    def write(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)), "seconds": round(time.time() - self.started, 1),
            "machine": {"processor": platform.machine(), "kernel": platform.release()},
            "measurements": {one.name: dataclasses.asdict(one) for one in self.measurements.values()},
            "scenarios": self.results,
        }, indent=1) + "\n")
