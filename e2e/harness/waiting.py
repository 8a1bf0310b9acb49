"""Waiting for a condition with a deadline. A scenario never sleeps to let something happen."""
import contextlib
import time
from typing import Callable

from harness.kube import ApiError, Unreachable

DEFAULT_SECONDS = 30.0
EVERY_SECONDS = 0.1


class NotYet(Exception):
    """Raised by a condition that does not hold; its text is what the failure message shows as the last state."""


class DeadlinePassed(AssertionError):
    """A condition did not come true in time."""


# What is added to the message of a missed deadline: the state of the world, set by whoever knows it.
describe_world: Callable[[], str] = lambda: ""


def wait_until(condition: Callable, what: str, seconds: float = DEFAULT_SECONDS, every: float = EVERY_SECONDS):
    """Polls until `condition` returns something true, and returns that. Errors of the API server and failed assertions count as "not yet"."""
    __tracebackhide__ = True  # the message says it all
    deadline = time.monotonic() + seconds
    while True:
        last = ""
        try:
            result = condition()
            if result:
                return result
            last = f"it returned {result!r}"
        except (NotYet, ApiError, Unreachable, AssertionError) as error:
            last = str(error) or type(error).__name__
        if time.monotonic() > deadline:
            raise DeadlinePassed(f"{what}: not after {seconds:.0f} s\nlast state: {last}\n{_world()}") from None
        time.sleep(every)


def stays(condition: Callable, what: str, seconds: float, every: float = EVERY_SECONDS) -> None:
    """Polls for `seconds` and fails at the first moment in which `condition` does not hold: the only proof of "nothing happens" is to look."""
    __tracebackhide__ = True
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            holds = condition()
        except NotYet as error:
            raise AssertionError(f"{what}: {error}\n{_world()}") from None
        assert holds, f"{what}: no longer\n{_world()}"
        time.sleep(every)


def _world() -> str:
    with contextlib.suppress(Exception):
        return describe_world()
    return "(the state of the world could not be read)"
