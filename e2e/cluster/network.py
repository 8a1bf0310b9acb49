"""Network namespaces and links of a cluster: a switch, and on it the control plane, the outside client and the nodes."""
import contextlib
import fcntl
import ipaddress
import json
from pathlib import Path

import settings
from report import ClusterError
from settings import Cluster
from shell import output, run, succeeds

NETNS_FOLDER = Path("/run/netns")
# A node that boots routes packets for its pods back until it has its bridge, and tells the sender to ask the router instead; for
# five minutes afterwards the control plane would not find these pods.
NO_REDIRECTS = "sysctl -qw " + " ".join(
    f"net.ipv4.conf.{where}.{what}_redirects=0" for where in ("all", "default", "eth0") for what in ("accept", "send"))
NO_FORWARDING = "sysctl -qw net.ipv4.ip_forward=0"  # else inherited from the machine
FIRST_INDEX, LAST_INDEX = 1, 250


def enter(cluster: Cluster, member: str) -> list[str]:
    """Words to put before a command. Not `ip netns exec`: that remounts /sys, and the kubelet then finds no cgroups."""
    return ["nsenter", f"--net={NETNS_FOLDER / cluster.namespace(member)}", "--"]


def member_exists(cluster: Cluster, member: str) -> bool:
    return (NETNS_FOLDER / cluster.namespace(member)).exists()


# --- the per-cluster index -----------------------------------------------------------------------------------------

def claim_index(cluster: Cluster) -> None:
    """Gives a new cluster a number whose 10.250.<index>.0/30 nobody uses, neither a cluster nor the machine itself."""
    if cluster.index:
        return
    with _lock(settings.clusters_folder().parent / "index.lock"):
        taken = {other.index for other in settings.all_clusters()}
        routes = json.loads(output(["ip", "-json", "-4", "route", "show", "table", "all"]) or "[]")
        cluster.index = free_index(taken, [route["dst"] for route in routes if "dst" in route])
        cluster.save()


def free_index(taken: set[int], destinations: list[str]) -> int:
    used = [ipaddress.ip_network(text, strict=False) for text in destinations if text != "default"]
    for index in range(FIRST_INDEX, LAST_INDEX + 1):
        link = ipaddress.ip_network(f"10.250.{index}.0/30")
        if index not in taken and not any(link.overlaps(network) for network in used if network.prefixlen > 8):
            return index
    raise ClusterError("no free network 10.250.<index>.0/30 is left for another cluster")


@contextlib.contextmanager
def _lock(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- building --------------------------------------------------------------------------------------------------------

def make_base(cluster: Cluster) -> None:
    """Switch, control plane and client; the nodes plug themselves in."""
    _make_switch(cluster)
    plug(cluster, "cp", settings.API_ADDRESS)
    plug(cluster, "client", settings.CLIENT_ADDRESS)
    _inside(cluster, "cp", f"ip route replace default via {settings.CLIENT_ADDRESS}", NO_FORWARDING)
    extra = [f"ip addr replace {address}/32 dev lo" for address in settings.CLIENT_EXTRA_ADDRESSES]
    _inside(cluster, "client", *extra, NO_FORWARDING)
    _link_host(cluster)


def _make_switch(cluster: Cluster) -> None:
    if member_exists(cluster, "sw"):
        return
    _add_namespace(cluster, "sw")
    _inside(cluster, "sw", "ip link set lo up", "ip link add br0 type bridge", "ip link set br0 up")
    # Frames through the switch must not meet iptables, as they would not in a real switch.
    if succeeds(enter(cluster, "sw") + ["test", "-e", "/proc/sys/net/bridge/bridge-nf-call-iptables"]):
        _inside(cluster, "sw", "sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-arptables=0")


def plug(cluster: Cluster, member: str, address: str) -> None:
    """Namespace with eth0 on the switch; the switch port carries the member's name."""
    if member_exists(cluster, member) and succeeds(enter(cluster, member) + ["ip", "link", "show", "eth0"]):
        return
    _add_namespace(cluster, member)
    run(["ip", "link", "add", "eth0", "netns", cluster.namespace(member),
         "type", "veth", "peer", "name", member, "netns", cluster.namespace("sw")])
    _inside(cluster, "sw", f"ip link set {member} master br0 up")
    _inside(cluster, member, "ip link set lo up", f"ip addr add {address}/{settings.SEGMENT.prefixlen} dev eth0", NO_REDIRECTS,
            "ip link set eth0 up")


def _link_host(cluster: Cluster) -> None:
    """A veth pair so that an ordinary kubeconfig works on the machine itself. Nothing is forwarded over it."""
    port = f"ifleet{cluster.index}"
    if succeeds(["ip", "link", "show", port]):
        return
    run(["ip", "link", "add", port, "type", "veth", "peer", "name", "host", "netns", cluster.namespace("cp")])
    run(["ip", "addr", "add", f"{cluster.host_address}/30", "dev", port])
    run(["ip", "link", "set", port, "up"])
    _inside(cluster, "cp", f"ip addr add {cluster.api_host_address}/30 dev host", "ip link set host up")


def prepare_node(cluster: Cluster, number: int) -> None:
    member = f"n{number}"
    plug(cluster, member, settings.node_address(number))
    _inside(cluster, member, f"ip route replace default via {settings.CLIENT_ADDRESS}",
            "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1",
            # Without it a pod does not get answers back from a Service whose endpoint is on the same bridge.
            "if test -e /proc/sys/net/bridge/bridge-nf-call-iptables;"
            " then sysctl -qw net.bridge.bridge-nf-call-iptables=1; fi")


def set_routes(cluster: Cluster) -> None:
    """Every member knows every node's pod range; a node's own range is its bridge."""
    for member in filter(lambda name: member_exists(cluster, name), cluster.members):
        others = [number for number in cluster.options.nodes if member != f"n{number}"]
        _inside(cluster, member, *[f"ip route replace {settings.pod_range(number)} via {settings.node_address(number)}"
                                   for number in others])
    if cluster.options.nodes:
        first = settings.node_address(cluster.options.nodes[0])
        _inside(cluster, "client", f"ip route replace default via {first}")


# --- cables ----------------------------------------------------------------------------------------------------------

def set_cable(cluster: Cluster, number: int, plugged: bool) -> None:
    _inside(cluster, "sw", f"ip link set n{number} {'up' if plugged else 'down'}")


# --- removing ----------------------------------------------------------------------------------------------------------

def remove_member(cluster: Cluster, member: str) -> None:
    """The switch port goes by hand: sockets of killed processes keep a namespace, and its link, for up to two minutes."""
    if member != "sw" and member_exists(cluster, "sw"):
        run(enter(cluster, "sw") + ["ip", "link", "del", member], check=False)
    if member_exists(cluster, member):
        run(["ip", "netns", "del", cluster.namespace(member)])


def remove_base(cluster: Cluster) -> None:
    run(["ip", "link", "del", f"ifleet{cluster.index}"], check=False)
    for member in ("cp", "client", "sw"):
        remove_member(cluster, member)


def _add_namespace(cluster: Cluster, member: str) -> None:
    if not member_exists(cluster, member):
        run(["ip", "netns", "add", cluster.namespace(member)])


def _inside(cluster: Cluster, member: str, *commands: str) -> None:
    if commands:
        run(enter(cluster, member) + ["sh", "-ec", "\n".join(commands)])
