"""Running other programs, and waiting for what they bring about."""
import concurrent.futures
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterable

from report import ClusterError


def run(argv: list, *, check: bool = True, log: Path | None = None, **options) -> subprocess.CompletedProcess:
    """Runs a command to its end. Its output is returned, or appended to `log` where it is long."""
    argv = [str(word) for word in argv]
    if log is None:
        result = subprocess.run(argv, capture_output=True, text=True, **options)
    else:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as sink:
            result = subprocess.run(argv, stdout=sink, stderr=subprocess.STDOUT, **options)
    if check and result.returncode != 0:
        reason = "" if log else f": {result.stderr.strip() or result.stdout.strip()}"
        raise ClusterError(f"{' '.join(argv[:6])} … ended with {result.returncode}{reason}", log)
    return result


def output(argv: list, **options) -> str:
    return run(argv, **options).stdout.strip()


def succeeds(argv: list, **options) -> bool:
    return run(argv, check=False, **options).returncode == 0


def wait_until(condition: Callable[[], bool], seconds: float, what: str, log: Path | None = None,
               give_up: Callable[[], bool] = lambda: False) -> None:
    """Polls `condition`; ends early when `give_up` says that it can no longer come true (its process has ended)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if give_up():
            raise ClusterError(f"{what}: the process ended", log)
        if time.monotonic() > deadline:
            raise ClusterError(f"{what}: not after {seconds:.0f} s", log)
        time.sleep(0.1)


def in_parallel(work: Callable[[int], None], items: Iterable[int]) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for outcome in [pool.submit(work, item) for item in items]:
            outcome.result()
