"""The client outside the cluster: single requests with a typed outcome, and steady load."""
import dataclasses
import itertools
import json
import queue
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from harness.cluster import BINARIES, Cluster
from harness.waiting import NotYet, wait_until

# Source addresses of the client (e2e/cluster): two public ones, and its own one inside 10.0.0.0/8.
INTERNET = "198.51.100.10"
OFFICE = "203.0.113.10"
INSIDE = "10.251.0.2"

REQUEST_SECONDS = 2.0


@dataclasses.dataclass(frozen=True)
class Answer:
    """An application answered."""

    app: str
    pod: str
    version: str
    status: int
    headers: dict
    body: str
    certificate: dict | None
    seconds: float
    at: float  # Unix time

    @property
    def echo(self) -> dict:
        """What the application saw of the request."""
        return json.loads(self.body)


@dataclasses.dataclass(frozen=True)
class Refusal:
    """No application answered: `kind` is timeout, refused, reset, closed, unreachable or tls, or the status the ingress itself gave ("404")."""

    kind: str
    detail: str
    certificate: dict | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    body: str = ""


class Client:
    """Requests run in one long-lived process in the client's network namespace. Safe for several threads."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue] = {}
        self._loads: list[Load] = []
        self._probe = subprocess.Popen(cluster.in_client(BINARIES / "probe"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        self._probe.stdin.close()
        self._probe.wait(timeout=30)

    # --- single requests ---

    def get(self, source: str, address: str, host: str, path: str = "/", **options) -> Answer | Refusal:
        """One GET. Options: https, sni (default: the host), port, headers, method, seconds."""
        return _outcome(self._ask(_question(source, address, host, path, **options), 10))

    def get_until(self, wanted: dict, source: str, address: str, host: str, path: str = "/", deadline: float = 30, every: float = 0.005, **options) -> Answer | Refusal:
        """Repeats a GET until the answer has what is wanted: {app, version, status, failure, fingerprint}. Fails at the deadline."""
        question = _question(source, address, host, path, **options)
        answer = self._ask({**question, "until": wanted, "deadlineSeconds": deadline, "everySeconds": every}, deadline + 10)
        outcome = _outcome(answer)
        if not answer["matched"]:
            # Through wait_until, so that the message shows the world.
            wait_until(lambda: _raise(NotYet(f"after {answer['tries']} tries: {outcome}")), f"{source} asks {address} for {host}{path} until {wanted}", 0)
        return outcome

    def _ask(self, question: dict, seconds: float) -> dict:
        number = next(self._numbers)
        mailbox = self._waiting[number] = queue.SimpleQueue()
        try:
            with self._lock:
                self._probe.stdin.write(json.dumps({**question, "id": number}) + "\n")
                self._probe.stdin.flush()
            return mailbox.get(timeout=seconds + question["timeoutSeconds"])
        except (queue.Empty, BrokenPipeError):
            raise AssertionError(f"the probe in the client's namespace gave no answer (exit code {self._probe.poll()})") from None
        finally:
            del self._waiting[number]

    def _read(self) -> None:
        for line in self._probe.stdout:
            answer = json.loads(line)
            mailbox = self._waiting.get(answer["id"])
            if mailbox is not None:
                mailbox.put(answer)

    # --- load ---

    def load(self, address: str, hosts: list[str], expect: list[str], mix: str, source: str = INTERNET, **options) -> "Load":
        self._loads.append(Load(self.cluster, address, hosts, expect, mix, source, **options))
        return self._loads[-1]

    def sent(self) -> int:
        """Requests of all loads that have ended."""
        return sum(load.summary.get("sent", 0) for load in self._loads)


def _raise(error: Exception):
    raise error


def _question(source: str, address: str, host: str, path: str, https: bool = False, sni: str | None = None, port: int | None = None,
              headers: dict | None = None, method: str = "GET", seconds: float = REQUEST_SECONDS) -> dict:
    return {"source": source, "connect": address, "port": port or (443 if https else 80), "tls": https, "sni": host if sni is None else sni,
            "host": host, "path": path, "method": method, "headers": headers or {}, "timeoutSeconds": seconds}


def _outcome(answer: dict) -> Answer | Refusal:
    if answer["failure"]:
        return Refusal(answer["failure"], answer["detail"], answer["certificate"])
    if not answer["app"]:
        return Refusal(str(answer["status"]), answer["body"].strip()[:200], answer["certificate"], answer["headers"], answer["body"])
    return Answer(answer["app"], answer["pod"], answer["version"], answer["status"], answer["headers"], answer["body"], answer["certificate"],
                  answer["seconds"], answer["at"])


class Load:
    """Steady traffic while the body of a `with` runs. It starts when every kind has been answered, so what the body does happens under load."""

    def __init__(self, cluster: Cluster, address: str, hosts: list[str], expect: list[str], mix: str, source: str, path: str = "/", connections: int = 16,
                 stream_seconds: int = 3600):
        self._folder = tempfile.TemporaryDirectory(prefix="ingressfleet-load-")
        self._progress = Path(self._folder.name, "progress")
        self.failures_file = Path(self._folder.name, "failures")
        self._words = cluster.in_client(
            BINARIES / "load", "--connect", address, "--source", source, "--hosts", ",".join(hosts), "--expect", ",".join(expect), "--mix", mix,
            "--path", path, "--connections", connections, "--stream-seconds", stream_seconds, "--progress", self._progress, "--failures", self.failures_file)
        self.kinds = [word.partition("=")[0] for word in mix.split(",")]
        self.summary: dict = {}

    def __enter__(self) -> "Load":
        self._output = Path(self._folder.name, "summary").open("w+")
        self._process = subprocess.Popen(self._words, stdout=self._output)
        try:
            # Streams are answered when they end, which is after the run.
            wait_until(lambda: all(self.answered().get(kind, 0) for kind in self.kinds if kind != "stream"), f"every kind of {self.kinds} is answered", 20)
        except AssertionError as error:
            self._end()
            raise AssertionError(f"{error}\n{self.describe() if self.summary else ''}") from None
        return self

    def __exit__(self, *_) -> None:
        self._end()

    def _end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.seek(0)
        text = self._output.read()
        self._output.close()
        self.summary = json.loads(text) if text else {}
        self.failures = [json.loads(line) for line in self.failures_file.read_text().splitlines()] if self.failures_file.exists() else []
        self._folder.cleanup()

    def progress(self) -> dict:
        lines = self._progress.read_text().splitlines() if self._progress.exists() else []
        # The last line may be half written.
        for line in reversed(lines[-2:]):
            try:
                return json.loads(line)
            except ValueError:
                continue
        return {"answered": {}, "failed": 0}

    def answered(self) -> dict:
        return self.progress()["answered"]

    def go_on(self, requests: int, seconds: float = 60) -> None:
        """Until that many more requests have been answered: long enough to notice a loss."""
        before = sum(self.answered().values())
        wait_until(lambda: sum(self.answered().values()) >= before + requests, f"{requests} more requests are answered", seconds)

    # --- afterwards ---

    def check(self) -> None:
        """Nothing failed."""
        assert self.summary, "the load client ended without a summary"
        assert self.summary["ok"], self.describe()

    def describe(self) -> str:
        summary = self.summary
        lines = [f"{summary['sent']} requests in {summary['seconds']:.1f} s: {summary['failed']} failed, {summary['skipped']} not sent because the client was too slow"]
        for name, kind in sorted(summary["kinds"].items()):
            lines.append(f"  {name}: {kind['ok']} of {kind['sent']}, ended by the application {kind['endedByApp']}, p99 {kind['latencyMs']['p99']} ms, longest {kind['latencyMs']['max']} ms")
            lines += [f"    {reason} × {failure['count']}, {failure['first']} … {failure['last']}: {failure['example'][:160]}" for reason, failure in kind["failures"].items()]
        lines += [f"  failed: {json.dumps(failure)[:400]}" for failure in self.failures[:5]]
        return "\n".join(lines)

    def longest_gap(self) -> float:
        """Seconds between the beginnings of the first and the last request that failed."""
        began = self._requests_that_failed()
        return began[-1] - began[0] if began else 0.0

    def outages(self) -> list[float]:
        """Seconds of each. Many requests begin in every second: a second in which none begins that fails is an end."""
        outages, last = [], None
        for at in self._requests_that_failed():
            if last is None or at - last > 1:
                outages.append(0.0)
                began = at
            outages[-1], last = at - began, at
        return outages

    def failures_since(self, moment: float) -> list[dict]:
        """Of what began after that moment (Unix time)."""
        return [failure for failure in self.failures if _began(failure) > moment]

    def _requests_that_failed(self) -> list[float]:
        """When they began. Streams take no part: a stream was answered until it failed."""
        return sorted(_began(failure) for failure in self.failures if failure["kind"] != "stream")


def _began(failure: dict) -> float:
    """When it was sent, not when it was given up."""
    return failure["at"] - failure["seconds"]
