"""Daemons of a cluster: started into a namespace and a cgroup, recorded as pid and start time, signalled by nothing else."""
import dataclasses
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import cgroup
import network
from report import ClusterError
from settings import Cluster

# Joins the cgroups given before "--", then becomes the command: the pid and its start time stay the same.
JOIN_THEN_EXEC = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@"'

# Nothing of the caller's environment: proxies, Go and Kubernetes settings would make clusters differ.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}


@dataclasses.dataclass(frozen=True)
class Launch:
    """How one component is started."""

    name: str
    member: str
    argv: list
    node: int = 0  # its cgroup and, once `host-<node>` holds them, its mount and host-name namespaces


def start(cluster: Cluster, launch: Launch) -> None:
    """Starts it if it does not run; restarts it if it runs with another command line (other options, another version)."""
    if alive(cluster, launch.name):
        if _command_digest(launch) == _recorded_digest(cluster, launch.name):
            return
        stop(cluster, launch.name)
    log = cluster.log(launch.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    procs = cgroup.daemon_procs_files(cluster, launch.node) if launch.node else []
    command = ["/bin/sh", "-c", JOIN_THEN_EXEC, launch.name, *procs, "--", *_namespaces(cluster, launch), *launch.argv]
    with log.open("a") as sink:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=sink,
                                 stderr=subprocess.STDOUT, start_new_session=True, cwd="/", env=ENVIRONMENT)
    child.returncode = 0  # it outlives this command; Popen would warn about that
    _record(cluster, launch.name).parent.mkdir(parents=True, exist_ok=True)
    _record(cluster, launch.name).write_text(f"{child.pid} {_start_time(child.pid)} {_command_digest(launch)}\n")


def _namespaces(cluster: Cluster, launch: Launch) -> list[str]:
    words = network.enter(cluster, launch.member)
    holder = pid_of(cluster, f"host-{launch.node}")
    if holder:
        words[1:1] = [f"--mount=/proc/{holder}/ns/mnt", f"--uts=/proc/{holder}/ns/uts"]
    return words


def pid_of(cluster: Cluster, name: str) -> int:
    """The pid if the recorded process still runs, else 0. A reused pid has another start time, a zombie does not run."""
    try:
        pid, started = map(int, _record(cluster, name).read_text().split()[:2])
    except (FileNotFoundError, ValueError):
        return 0
    return pid if _start_time(pid) == started else 0


def alive(cluster: Cluster, name: str) -> bool:
    return pid_of(cluster, name) != 0


def stop(cluster: Cluster, name: str, patience_seconds: float = 10) -> None:
    if signal_recorded(cluster, name, signal.SIGTERM) and not _ends_within(cluster, name, patience_seconds):
        signal_recorded(cluster, name, signal.SIGKILL)
        if not _ends_within(cluster, name, 5):
            raise ClusterError(f"{name} (pid {pid_of(cluster, name)}) does not end on KILL", cluster.log(name))
    forget(cluster, name)


def signal_recorded(cluster: Cluster, name: str, number: signal.Signals) -> bool:
    pid = pid_of(cluster, name)
    if not pid:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def forget(cluster: Cluster, name: str) -> None:
    _record(cluster, name).unlink(missing_ok=True)


def recorded(cluster: Cluster) -> list[str]:
    return sorted(path.name for path in (cluster.folder / "pid").glob("*"))


def _record(cluster: Cluster, name: str) -> Path:
    return cluster.folder / "pid" / name


def _command_digest(launch: Launch) -> str:
    return hashlib.sha256("\0".join(str(word) for word in launch.argv).encode()).hexdigest()[:16]


def _recorded_digest(cluster: Cluster, name: str) -> str:
    return _record(cluster, name).read_text().split()[2]


def _ends_within(cluster: Cluster, name: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(cluster, name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _start_time(pid: int) -> int:
    """Clock ticks from boot to the start of the process, 0 if it does not run."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return start_time_of(stat.read())
    except (FileNotFoundError, ProcessLookupError):
        return 0


def start_time_of(stat: str) -> int:
    """Field 22 of /proc/PID/stat; the command name before it may hold blanks and brackets."""
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])
