"""What a cluster is: its addresses, its folders and the options it was started with."""
import dataclasses
import ipaddress
import json
import os
import re
from pathlib import Path

SEGMENT = ipaddress.ip_network("10.251.0.0/24")
API_ADDRESS = "10.251.0.10"
CLIENT_ADDRESS = "10.251.0.2"
# Further addresses of the outside client, so that source ranges have something to allow and something to refuse.
CLIENT_EXTRA_ADDRESSES = ("198.51.100.10", "203.0.113.10")
POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_SERVICE_ADDRESS = "10.96.0.10"
DEFAULT_POOL = "10.251.0.100-10.251.0.140"
API_PORT = 6443
MAX_NODES = 3

PROXY_MODES = ("iptables", "nftables")
FULL, CONTROL_PLANE = "full", "control-plane"


def cache_folder() -> Path:
    """Binaries, image storage and everything else that may be deleted and made again."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(os.environ.get("INGRESSFLEET_CACHE") or os.path.join(home, "ingressfleet"))


def clusters_folder() -> Path:
    """State of the clusters: on a disk, because containerd's overlay snapshots do not work on every tmpfs."""
    return Path(os.environ.get("INGRESSFLEET_STATE") or "/var/lib/ingressfleet") / "clusters"


def node_address(number: int) -> str:
    """node1 is .1, the client is .2, node2 is .3, node3 is .4."""
    return str(SEGMENT[1] if number == 1 else SEGMENT[number + 1])


def pod_range(number: int) -> str:
    return f"10.244.{number - 1}.0/24"


@dataclasses.dataclass
class Options:
    """What `up` was asked for; kept, so that the next `up` without options means the same cluster."""

    mode: str = FULL
    nodes: list[int] = dataclasses.field(default_factory=lambda: [1])
    proxy_mode: str = "iptables"
    metallb: bool = True
    pools: dict[str, str] = dataclasses.field(default_factory=dict)
    node_monitor_grace_period: str = ""


class Cluster:
    """One named cluster. Everything it owns on the machine carries its name."""

    def __init__(self, name: str):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?", name):
            raise ValueError(f"cluster name {name!r}: lower-case letters, digits and dashes, at most 20")
        self.name = name
        self.folder = clusters_folder() / name
        self.index = 0
        self.options = Options()

    # --- what is remembered between two commands ---

    @property
    def exists(self) -> bool:
        return (self.folder / "cluster.json").exists()

    def load(self) -> "Cluster":
        if self.exists:
            saved = json.loads((self.folder / "cluster.json").read_text())
            self.index = saved.pop("index")
            self.options = Options(**saved)
        return self

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        record = {"index": self.index, **dataclasses.asdict(self.options)}
        write_if_changed(self.folder / "cluster.json", json.dumps(record, indent=1) + "\n")

    # --- names and places ---

    def namespace(self, member: str) -> str:
        """Network namespace of `sw`, `cp`, `client` or `n<number>`."""
        return f"ingressfleet-{self.name}-{member}"

    def cgroup(self, number: int) -> str:
        """Parent cgroup of a node: `sys` below it holds the daemons, `kubepods` the pods."""
        return f"ingressfleet-{self.name}-n{number}"

    def node_folder(self, number: int) -> Path:
        return self.folder / f"n{number}"

    def log(self, component: str) -> Path:
        return self.folder / "log" / f"{component}.log"

    @property
    def members(self) -> list[str]:
        return ["cp", "client"] + [f"n{number}" for number in self.options.nodes]

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    # The /30 between the machine's own namespace and the control plane: its index makes it unique per cluster.

    @property
    def host_address(self) -> str:
        return f"10.250.{self.index}.1"

    @property
    def api_host_address(self) -> str:
        return f"10.250.{self.index}.2"

    @property
    def api_url(self) -> str:
        return f"https://{self.api_host_address}:{API_PORT}"

    @property
    def inner_api_url(self) -> str:
        return f"https://{API_ADDRESS}:{API_PORT}"


def all_clusters() -> list[Cluster]:
    folders = sorted(clusters_folder().glob("*/cluster.json"))
    return [Cluster(path.parent.name).load() for path in folders]


def write_if_changed(path: Path, text: str, mode: int = 0o644) -> bool:
    """Atomic; leaves an equal file alone, because kube-proxy exits when its file is rewritten even with equal content."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode)
    fresh.chmod(mode)
    fresh.write_text(text)
    fresh.replace(path)
    return True
