"""The kubelet changes settings of the whole machine while it runs; the last cluster that goes down puts them back."""
from pathlib import Path

import settings
from settings import Cluster

CHANGED_BY_KUBELET = (
    "kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes")
ROOT = Path("/proc/sys")


def _saved() -> Path:
    return settings.clusters_folder().parent / "sysctls.saved"


def _users() -> Path:
    return settings.clusters_folder().parent / "sysctls.users"


def save(cluster: Cluster) -> None:
    _users().mkdir(parents=True, exist_ok=True)
    (_users() / cluster.name).touch()
    if not _saved().exists():
        present = [name for name in CHANGED_BY_KUBELET if (ROOT / name).exists()]
        _saved().write_text("".join(f"{name} {(ROOT / name).read_text().strip()}\n" for name in present))


def restore(cluster: Cluster) -> None:
    (_users() / cluster.name).unlink(missing_ok=True)
    if not _saved().exists() or any(_users().iterdir()):
        return
    for line in _saved().read_text().splitlines():
        name, value = line.split(None, 1)
        if (ROOT / name).read_text().strip() != value:
            (ROOT / name).write_text(value)
    _saved().unlink()
