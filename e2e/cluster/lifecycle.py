"""Up and down: which pieces in which order. Every step may be repeated; what runs already is left alone."""
import contextlib
import fcntl
import shutil

import addons
import components
import controlplane
import images
import metallb
import network
import node
import packages
import pki
import process
import settings
import sysctls
from report import ClusterError, step
from settings import Cluster
from shell import in_parallel


@contextlib.contextmanager
def locked(cluster: Cluster):
    """One command at a time changes a cluster."""
    settings.clusters_folder().mkdir(parents=True, exist_ok=True)
    with (settings.clusters_folder() / f"{cluster.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("another command on this cluster ends"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield cluster.load()


# --- preparing -------------------------------------------------------------------------------------------------------

def install_packages() -> None:
    missing = packages.missing()
    if missing:
        with step(f"Debian packages {' '.join(missing)}"):
            packages.install(missing)


def build(mode: str = settings.FULL, with_metallb: bool = True) -> None:
    install_packages()
    for component in components.needed(mode, with_metallb):
        components.build(component)
    if mode == settings.FULL:
        images.build_system(with_metallb)


# --- up --------------------------------------------------------------------------------------------------------------

def up(cluster: Cluster) -> None:
    options = cluster.options
    build(options.mode, options.metallb)
    network.claim_index(cluster)
    _remove_surplus_nodes(cluster)
    cluster.save()
    with step("certificates and kubeconfigs"):
        pki.make_control_plane(cluster)
    with step("network namespaces"):
        network.make_base(cluster)
    if options.mode == settings.CONTROL_PLANE:
        _start_control_plane(cluster)
        return
    sysctls.save(cluster)
    _start_runtimes(cluster, options.nodes)
    _start_control_plane(cluster)
    node.delete_surplus_objects(cluster)
    with step("manifests of the system" + (" and of MetalLB" if options.metallb else "")):
        addons.apply(cluster)
        if options.metallb:
            metallb.apply(cluster)
    _start_nodes(cluster, options.nodes)
    with step("CoreDNS answers"):
        addons.wait_for_dns(cluster)
    if options.metallb:
        with step("MetalLB takes address pools"):
            metallb.wait_until_ready(cluster)


def _remove_surplus_nodes(cluster: Cluster) -> None:
    """`up --nodes 1` of a cluster that had three."""
    for number in node.known_numbers(cluster):
        if number not in cluster.options.nodes:
            with step(f"node{number} is removed"):
                node.power_off(cluster, number)
                shutil.rmtree(cluster.node_folder(number))


def _start_control_plane(cluster: Cluster) -> None:
    waits = {"etcd": controlplane.wait_for_etcd, "kube-apiserver": controlplane.wait_for_apiserver,
             "kube-controller-manager": controlplane.wait_for_controller_manager}
    for launch in controlplane.launches(cluster):
        with step(launch.name):
            process.start(cluster, launch)
            waits.get(launch.name, lambda _: None)(cluster)


def _start_runtimes(cluster: Cluster, numbers: list[int]) -> None:
    with step(f"containerd and images on {node.names(numbers)}"):
        for number in numbers:
            node.start_runtime(cluster, number)
        network.set_routes(cluster)
        in_parallel(lambda number: node.finish_runtime(cluster, number), numbers)


def _start_nodes(cluster: Cluster, numbers: list[int]) -> None:
    with step(f"kubelet and kube-proxy on {node.names(numbers)}"):
        in_parallel(lambda number: node.start_services(cluster, number), numbers)
        in_parallel(lambda number: node.wait_until_ready(cluster, number), numbers)


# --- down ------------------------------------------------------------------------------------------------------------

def down(cluster: Cluster, wipe: bool) -> None:
    """Keeps certificates, images and the cluster's state for the next up, unless they are to be wiped."""
    numbers = node.known_numbers(cluster)
    if numbers:
        with step(f"pods and daemons of {node.names(numbers)}"):
            in_parallel(lambda number: node.shut_down(cluster, number), numbers)
    with step("control plane"):
        for name in ("kube-scheduler", "kube-controller-manager"):
            process.stop(cluster, name)
        process.stop(cluster, "kube-apiserver", patience_seconds=5)  # it would wait for watches of dead nodes
        process.stop(cluster, "etcd")
    with step("namespaces, system settings"):
        network.remove_base(cluster)
        sysctls.restore(cluster)
    if wipe:
        with step("state on disk"):
            shutil.rmtree(cluster.folder)


# --- one component ---------------------------------------------------------------------------------------------------

ALIASES = {"apiserver": "kube-apiserver", "controller-manager": "kube-controller-manager", "scheduler": "kube-scheduler"}


def launches(cluster: Cluster) -> dict[str, process.Launch]:
    """Every component that `up` keeps running."""
    found = controlplane.launches(cluster)
    if cluster.options.mode == settings.FULL:
        found += [launch for number in cluster.options.nodes for launch in node.launches(cluster, number)]
    return {launch.name: launch for launch in found}


def component(cluster: Cluster, name: str) -> process.Launch:
    known = launches(cluster)
    try:
        return known[ALIASES.get(name, name)]
    except KeyError:
        raise ClusterError(f"no component {name!r} in cluster {cluster.name}; it has: {', '.join(known)}") from None
