"""The local cluster the scenarios run on, and its processes: a pod's processes are processes of this machine."""
import dataclasses
import json
import os
import re
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
    def up(name: str, nodes: int = 1) -> "Cluster":
        run(CLI, "up", "--name", name, "--nodes", nodes, *(["--node-monitor-grace-period", "20s"] if nodes > 1 else []), seconds=2400)
        return Cluster(name)

    @property
    def inside_address(self) -> str:
        """The client's own address, within the private range of the sample."""
        return self.status["addresses"]["client"]

    def in_client(self, *words) -> list[str]:
        """The words of a command that runs outside the cluster, where its users are."""
        return ["nsenter", f"--net=/run/netns/{self.status['namespaces']['client']}", "--", *map(str, words)]

    def in_pod(self, pod: dict, *words) -> list[str]:
        """The words of a command that runs in a pod's network."""
        return ["nsenter", f"--net=/proc/{self.processes(pod)[0].pid}/ns/net", "--", *map(str, words)]

    def load_images(self, *names: str) -> None:
        run(CLI, "image", "load", "--name", self.name, *names)

    def stop(self, component: str) -> None:
        run(CLI, "stop-component", "--name", self.name, component)

    def start(self, component: str) -> None:
        run(CLI, "start-component", "--name", self.name, component)

    # --- nodes ---

    def node(self, action: str, name: str) -> None:
        """off, on, cut, plug, pause or resume."""
        run(CLI, "node", "--name", self.name, action, name.removeprefix("node"))

    def kubectl_run(self, *words) -> str:
        return run(self.kubectl, f"--kubeconfig={self.kubeconfig}", *words)

    def forget_neighbour(self, address: str) -> None:
        """So that the client asks anew who has it."""
        subprocess.run(self.in_client("ip", "neigh", "del", address, "dev", "eth0"), stderr=subprocess.DEVNULL, check=False)

    def answering_node(self, address: str) -> str:
        """The node whose link the client's neighbour table has for an address: where MetalLB announces it. "" if there is none."""
        known = _json(self.in_client("ip", "-json", "neigh", "show", address))
        links = {_json(["nsenter", f"--net=/run/netns/{space}", "--", "ip", "-json", "link", "show", "eth0"])[0]["address"]: member
                 for member, space in self.status["namespaces"].items() if re.fullmatch(r"n\d", member) and Path("/run/netns", space).exists()}
        member = links.get(known[0].get("lladdr", ""), "") if known else ""
        return member and f"node{member[1:]}"

    # --- processes of pods ---

    def processes(self, pod: dict) -> list[Process]:
        """Every process in a pod with a command line, oldest first."""
        uid = pod["metadata"]["uid"]
        found = [_process(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _in_pod(folder, uid)]
        return sorted(filter(None, found), key=lambda process: (process.started, process.pid))

    def log_tail(self, component: str, lines: int = 20) -> str:
        return "\n".join(Path(self.status["folder"], "log", f"{component}.log").read_text(errors="replace").splitlines()[-lines:])


def _json(words: list[str]):
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout or "[]")


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
