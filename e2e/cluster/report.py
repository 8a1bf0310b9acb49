"""What the user sees: one line per step with its seconds, and errors that say which piece failed and where its log is."""
import contextlib
import sys
import threading
import time
from pathlib import Path

LOG_LINES_SHOWN = 20
STILL_RUNNING_EVERY = 30.0


class ClusterError(Exception):
    """Something the user can act on; printed without a traceback."""

    def __init__(self, message: str, log: Path | None = None):
        super().__init__(message)
        self.log = log


@contextlib.contextmanager
def step(title: str):
    """Prints the title at once and the seconds at the end; long steps show that they are still going on."""
    started = time.monotonic()
    ended = threading.Event()
    print(f"  {title} … ", end="", flush=True)
    ticker = threading.Thread(target=_tick, args=(ended, started), daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        _end(ended, ticker)
        print("NOT DONE", flush=True)
        raise
    _end(ended, ticker)
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def _end(ended: threading.Event, ticker: threading.Thread) -> None:
    ended.set()
    ticker.join()


def _tick(ended: threading.Event, started: float) -> None:
    while not ended.wait(STILL_RUNNING_EVERY):
        print(f"{time.monotonic() - started:.0f} s … ", end="", flush=True)


def say(text: str) -> None:
    print(text, flush=True)


def print_error(error: ClusterError) -> None:
    print(f"error: {error}", file=sys.stderr)
    if error.log is not None:
        print(f"log: {error.log}; its last lines:", file=sys.stderr)
        for line in tail(error.log):
            print(f"    {line}", file=sys.stderr)


def tail(path: Path, lines: int = LOG_LINES_SHOWN) -> list[str]:
    if not path.exists():
        return ["(no log written)"]
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 64 * 1024))
        return log.read().decode(errors="replace").splitlines()[-lines:]
