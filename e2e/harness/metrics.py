"""Prometheus' text format, as far as scenarios read it."""
import re

_LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """One page of metrics."""

    def __init__(self, page: str):
        self.samples = [(match[1], dict(_LABEL.findall(match[2] or "")), float(match[3]))
                        for match in map(_LINE.match, page.splitlines()) if match]

    def names(self) -> set[str]:
        return {name for name, _, _ in self.samples}

    def total(self, name: str, **labels: str) -> float:
        """Sum of all samples that have these labels; a value may be a regular expression. None at all is an error: missing is not zero."""
        found = [value for sample, have, value in self.samples if sample == name and all(re.fullmatch(want, have.get(key, "")) for key, want in labels.items())]
        assert found or name in self.names(), f"no metric {name}; there are {sorted(self.names())}"
        return sum(found)
