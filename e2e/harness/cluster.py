"""The local cluster the scenarios run on, and its processes: a pod's processes are processes of this machine."""
import dataclasses
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from harness.kube import Kube

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "e2e" / "cluster" / "cluster"
BINARIES = ROOT / "build" / "e2e" / "bin"


class CommandFailed(Exception):
    """A command of the repository ended badly; its output is the message."""


def run(*words, seconds: float = 600, **options) -> str:
    words = [str(word) for word in words]
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, **options)
    if result.returncode != 0:
        raise CommandFailed(f"{' '.join(words)} ended with {result.returncode}:\n{result.stdout}")
    return result.stdout


@dataclasses.dataclass(frozen=True)
class Process:
    """A process of a container. Two are the same only if they started at the same time."""

    pid: int
    parent: int
    started: int  # clock ticks after boot
    command: tuple[str, ...]
    resident_bytes: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class Cluster:
    """Made by the cluster's own command line; this only asks."""

    def __init__(self, name: str):
        self.name = name
        self.status = json.loads(subprocess.run([CLI, "status", "--name", name, "-o", "json"], stdout=subprocess.PIPE, text=True, check=False).stdout)
        self.kubeconfig = Path(self.status["kubeconfig"])
        self.kubectl = self.status["kubectl"]
        self.kube = Kube(self.kubeconfig)

    @staticmethod
    def up(name: str) -> "Cluster":
        run(CLI, "up", "--name", name, seconds=2400)
        return Cluster(name)

    @property
    def inside_address(self) -> str:
        """The client's own address, within the private range of the sample."""
        return self.status["addresses"]["client"]

    def in_client(self, *words) -> list[str]:
        """The words of a command that runs outside the cluster, where its users are."""
        return ["nsenter", f"--net=/run/netns/{self.status['namespaces']['client']}", "--", *map(str, words)]

    def load_images(self, *names: str) -> None:
        run(CLI, "image", "load", "--name", self.name, *names)

    def stop(self, component: str) -> None:
        run(CLI, "stop-component", "--name", self.name, component)

    def start(self, component: str) -> None:
        run(CLI, "start-component", "--name", self.name, component)

    # --- processes of pods ---

    def processes(self, pod: dict) -> list[Process]:
        """Every process in a pod with a command line, oldest first."""
        uid = pod["metadata"]["uid"]
        found = [_process(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _in_pod(folder, uid)]
        return sorted(filter(None, found), key=lambda process: (process.started, process.pid))

    def log_tail(self, component: str, lines: int = 20) -> str:
        return "\n".join(Path(self.status["folder"], "log", f"{component}.log").read_text(errors="replace").splitlines()[-lines:])


def _in_pod(folder: Path, uid: str) -> bool:
    try:
        return uid in (folder / "cgroup").read_text()
    except OSError:
        return False


def _process(folder: Path) -> Process | None:
    """None for one that has ended meanwhile."""
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        command = tuple((folder / "cmdline").read_text().rstrip("\0").split("\0"))
    except OSError:
        return None
    if fields[0] in "ZX" or not command[0]:
        return None
    return Process(int(folder.name), int(fields[1]), int(fields[19]), command, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started
