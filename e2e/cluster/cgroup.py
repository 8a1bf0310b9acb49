"""One parent cgroup per node, in every hierarchy the machine has: all of a node can be listed, frozen and killed by it."""
import functools
import os
import signal
import time
from pathlib import Path

from report import ClusterError
from settings import Cluster
from shell import wait_until

V2_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")  # those the kubelet insists on, where there are any


@functools.cache
def hierarchies() -> tuple[tuple[str, Path, frozenset[str]], ...]:
    return tuple(parse_hierarchies(Path("/proc/self/mountinfo").read_text()))


def parse_hierarchies(mountinfo: str) -> list[tuple[str, Path, frozenset[str]]]:
    """(filesystem type, mount point, super options) of every cgroup v1 and v2 hierarchy, each once."""
    found = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, super_options = after.split()[:3]
        if kind in ("cgroup", "cgroup2"):
            point = Path(before.split()[4])
            found.setdefault((kind, super_options), (kind, point, frozenset(super_options.split(","))))
    return list(found.values())


def make(cluster: Cluster, number: int) -> None:
    for kind, point, controllers in hierarchies():
        parent = point / cluster.cgroup(number)
        if kind == "cgroup2":
            _delegate(point)
        parent.mkdir(exist_ok=True)
        if kind == "cgroup2":
            _delegate(parent)
        (parent / "sys").mkdir(exist_ok=True)
        if "cpuset" in controllers:
            _copy_cpuset(point, parent)
            _copy_cpuset(parent, parent / "sys")


def _delegate(folder: Path) -> None:
    """Cgroup v2 gives children only the controllers that the parent passes on. The hybrid layout has none here."""
    offered = (folder / "cgroup.controllers").read_text().split()
    for controller in (name for name in V2_CONTROLLERS if name in offered):
        (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def _copy_cpuset(source: Path, target: Path) -> None:
    """A fresh v1 cpuset is empty and lets no process in."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        (target / name).write_text((source / name).read_text())


def daemon_procs_files(cluster: Cluster, number: int) -> list[Path]:
    return [point / cluster.cgroup(number) / "sys" / "cgroup.procs" for _, point, _ in hierarchies()]


def pids(cluster: Cluster, number: int) -> set[int]:
    """Everything of the node: daemons, shims, containers."""
    found: set[int] = set()
    for folder in _folders(cluster, number):
        for procs in folder.rglob("cgroup.procs"):
            try:
                found.update(int(word) for word in procs.read_text().split())
            except OSError:  # the cgroup went away, or is a threaded one
                continue
    return found - {0}


def freeze(cluster: Cluster, number: int, frozen: bool) -> None:
    """By the v1 freezer where it is mounted, else by v2, whose freeze file every cgroup but the root has."""
    for kind, point, controllers in hierarchies():
        if "freezer" in controllers:
            state = point / cluster.cgroup(number) / "freezer.state"
            state.write_text("FROZEN" if frozen else "THAWED")
            if frozen:
                wait_until(lambda: "FROZEN" in state.read_text(), 10, f"freezing node{number}")
            return
    for kind, point, _ in hierarchies():
        if kind == "cgroup2":
            events = point / cluster.cgroup(number) / "cgroup.events"
            (events.parent / "cgroup.freeze").write_text("1" if frozen else "0")
            if frozen:
                wait_until(lambda: "frozen 1" in events.read_text(), 10, f"freezing node{number}")
            return
    raise ClusterError("no cgroup hierarchy of this machine can freeze")


def kill(cluster: Cluster, number: int) -> None:
    """Ends everything in the node's cgroups; frozen members die when they are thawed."""
    for pid in pids(cluster, number):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def exists(cluster: Cluster, number: int) -> bool:
    return bool(_folders(cluster, number))


def remove(cluster: Cluster, number: int) -> None:
    wait_until(lambda: not pids(cluster, number), 10, f"processes of node{number} ending")
    deadline = time.monotonic() + 5
    while _folders(cluster, number):
        for folder in _folders(cluster, number):
            _remove_tree(folder)
        if time.monotonic() > deadline:
            raise ClusterError(f"cgroups {cluster.cgroup(number)} cannot be removed")


def _remove_tree(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(path)
        except OSError:
            time.sleep(0.02)


def _folders(cluster: Cluster, number: int) -> list[Path]:
    folders = [point / cluster.cgroup(number) for _, point, _ in hierarchies()]
    return [folder for folder in folders if folder.is_dir()]
