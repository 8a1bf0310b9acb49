"""A node: a network namespace, cgroups, own mounts and host name, and in them containerd, kubelet and kube-proxy.

All of it dies when the cgroup is killed, so a power failure is one call, and so is the orderly `down`.
"""
import datetime
import json
import shutil
from pathlib import Path

import cgroup
import components
import controlplane
import images
import network
import node_config
import pki
import process
import settings
from process import Launch
from report import ClusterError
from settings import Cluster, write_if_changed
from shell import run, succeeds, wait_until

# A machine of its own: /run, host name and machine id, and the folders that pods and plugins reach by fixed paths. The
# sleeping process holds the mount and host-name namespaces for the daemons that join them.
HOLD_NAMESPACES = """
mount --bind "$1/disk/kubelet" /var/lib/kubelet
mount --bind "$1/disk/cni" /var/lib/cni
mount --bind "$1/disk/srv" /srv
mount --bind "$1/machine-id" /etc/machine-id
mount -t tmpfs -o mode=755 tmpfs /run
mount --make-rshared /
hostname "$2"
exec sleep infinity
"""


def known_numbers(cluster: Cluster) -> list[int]:
    """Nodes that have a folder, also those that the next `up` shall not have any more."""
    return sorted(int(path.name[1:]) for path in cluster.folder.glob("n[0-9]"))


def names(numbers: list[int]) -> str:
    return ", ".join(f"node{number}" for number in numbers)


# --- launches --------------------------------------------------------------------------------------------------------

def launches(cluster: Cluster, number: int) -> list[Launch]:
    return [_containerd(cluster, number), _kubelet(cluster, number), _kube_proxy(cluster, number)]


def _holder(cluster: Cluster, number: int) -> Launch:
    folder = cluster.node_folder(number)
    return Launch(f"host-{number}", f"n{number}", [
        "unshare", "--mount", "--uts", "--propagation", "private",
        "sh", "-ec", HOLD_NAMESPACES, "host", folder, f"node{number}"], number)


def _containerd(cluster: Cluster, number: int) -> Launch:
    config = cluster.node_folder(number) / "containerd.toml"
    return Launch(f"containerd-{number}", f"n{number}", ["containerd", "--config", config], number)


def _kubelet(cluster: Cluster, number: int) -> Launch:
    folder = cluster.node_folder(number)
    return Launch(f"kubelet-{number}", f"n{number}", [
        components.binary(components.KUBERNETES, "kubelet"), f"--config={folder / 'kubelet.yaml'}",
        f"--kubeconfig={pki.kubeconfig(cluster, f'kubelet-{number}')}", f"--hostname-override=node{number}",
        f"--node-ip={settings.node_address(number)}", f"--root-dir={folder / 'kubelet'}",
        f"--cert-dir={folder / 'kubelet' / 'pki'}"], number)


def _kube_proxy(cluster: Cluster, number: int) -> Launch:
    config = cluster.node_folder(number) / "kube-proxy.yaml"
    return Launch(f"kube-proxy-{number}", f"n{number}", [
        components.binary(components.KUBERNETES, "kube-proxy"), f"--config={config}"], number)


# --- starting --------------------------------------------------------------------------------------------------------

def start_runtime(cluster: Cluster, number: int) -> None:
    """Everything below Kubernetes; does not wait for it. Without its holder the node is off, or the whole machine was meanwhile."""
    if not process.alive(cluster, f"host-{number}"):
        _end(cluster, number)
    cgroup.make(cluster, number)
    network.prepare_node(cluster, number)
    _hold_namespaces(cluster, number)
    folder = cluster.node_folder(number)
    if write_if_changed(folder / "containerd.toml", node_config.containerd(folder)):
        process.stop(cluster, f"containerd-{number}")  # its containers live on
    write_if_changed(folder / "cni" / "10-bridge.conflist", node_config.cni(cluster, number))
    process.start(cluster, _containerd(cluster, number))


def _hold_namespaces(cluster: Cluster, number: int) -> None:
    holder, folder = _holder(cluster, number), cluster.node_folder(number)
    if process.alive(cluster, holder.name):
        return
    for path in ("disk/kubelet", "disk/cni", "disk/srv", "cni-state", "volume-plugins"):
        (folder / path).mkdir(parents=True, exist_ok=True)
    for path in ("/var/lib/kubelet", "/var/lib/cni", "/srv"):
        Path(path).mkdir(parents=True, exist_ok=True)
    Path("/etc/machine-id").touch()
    if not (folder / "machine-id").exists():
        (folder / "machine-id").write_text(Path("/proc/sys/kernel/random/uuid").read_text().replace("-", ""))
    (folder / "booted").write_text(_now())
    process.start(cluster, holder)
    pid = process.pid_of(cluster, holder.name)
    host_name = ["nsenter", f"--uts=/proc/{pid}/ns/uts", "hostname"]
    wait_until(lambda: run(host_name, check=False).stdout.strip() == f"node{number}", 10, f"namespaces of node{number}",
               cluster.log(holder.name), give_up=lambda: not process.alive(cluster, holder.name))


def finish_runtime(cluster: Cluster, number: int) -> None:
    name = f"containerd-{number}"
    wait_until(lambda: images.ctr(cluster, number, "version", check=False).returncode == 0, 30, f"{name} does not answer",
               cluster.log(name), give_up=lambda: not process.alive(cluster, name))
    images.load_all_into_node(cluster, number)


def start_services(cluster: Cluster, number: int) -> None:
    """kube-proxy before the kubelet: a pod that meets no rules for the API's Service address waits half a minute for its first answer."""
    _make_node_object(cluster, number)
    start_proxy(cluster, number)
    proxy = f"kube-proxy-{number}"
    api = network.enter(cluster, f"n{number}") + ["curl", "-sk", "--max-time", "1", f"https://{settings.API_SERVICE_ADDRESS}/livez"]
    wait_until(lambda: succeeds(api), 60, f"{proxy} does not make Services reachable", cluster.log(proxy),
               give_up=lambda: not process.alive(cluster, proxy))
    start_kubelet(cluster, number)


def _make_node_object(cluster: Cluster, number: int) -> None:
    """The Node exists before its kubelet: its pod range is fixed by its number, and kube-proxy waits for its address."""
    name = f"node{number}"
    if controlplane.kubectl(cluster, "get", "node", name, check=False).returncode == 0:
        return
    controlplane.apply(cluster, json.dumps({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"podCIDR": settings.pod_range(number), "podCIDRs": [settings.pod_range(number)]}}))
    status = {"status": {"addresses": [{"type": "InternalIP", "address": settings.node_address(number)}]}}
    controlplane.kubectl(cluster, "patch", "node", name, "--subresource=status", "--patch", json.dumps(status))


def delete_surplus_objects(cluster: Cluster) -> None:
    """Nodes that an `up` with fewer nodes has taken away."""
    names = controlplane.kubectl(cluster, "get", "nodes", "-o", "name").stdout.split()
    surplus = [name for name in names if name not in [f"node/node{number}" for number in cluster.options.nodes]]
    if surplus:
        controlplane.kubectl(cluster, "delete", *surplus)


def start_kubelet(cluster: Cluster, number: int) -> None:
    pki.make_node(cluster, number)
    launch, folder = _kubelet(cluster, number), cluster.node_folder(number)
    write_if_changed(folder / "resolv.conf", f"nameserver {settings.CLIENT_ADDRESS}\n")
    if write_if_changed(folder / "kubelet.yaml", node_config.kubelet(cluster, number)):
        process.stop(cluster, launch.name)
    if not process.alive(cluster, launch.name):
        (folder / "kubelet-started").write_text(_now())
    process.start(cluster, launch)


def start_proxy(cluster: Cluster, number: int) -> None:
    """kube-proxy leaves the rules of its old mode behind, unless told to clean them up."""
    launch, config = _kube_proxy(cluster, number), cluster.node_folder(number) / "kube-proxy.yaml"
    wanted = node_config.kube_proxy(cluster, number)
    if config.exists() and config.read_text() != wanted:
        process.stop(cluster, launch.name)
        run(network.enter(cluster, f"n{number}") + [*launch.argv, "--cleanup"], check=False)
    write_if_changed(config, wanted)
    process.start(cluster, launch)


# --- waiting ---------------------------------------------------------------------------------------------------------

def wait_until_ready(cluster: Cluster, number: int) -> None:
    kubelet = f"kubelet-{number}"
    wait_until(lambda: _is_ready(cluster, number), 90, f"node{number} is not Ready", cluster.log(kubelet),
               give_up=lambda: not process.alive(cluster, kubelet))


def _is_ready(cluster: Cluster, number: int) -> bool:
    """Ready, and said so since its kubelet was started: after a restart the old word stands for a while."""
    answer = controlplane.kubectl(cluster, "get", "node", f"node{number}", "-o", "json", check=False)
    if answer.returncode != 0:
        return False
    started = (cluster.node_folder(number) / "kubelet-started").read_text()
    conditions = json.loads(answer.stdout).get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" and condition["lastHeartbeatTime"] >= started
               for condition in conditions)


def wait_for_pods(cluster: Cluster, namespace: str, seconds: float) -> None:
    booted = {f"node{number}": (cluster.node_folder(number) / "booted").read_text() for number in known_numbers(cluster)}

    def complete() -> bool:
        answer = controlplane.kubectl(cluster, "-n", namespace, "get", "deployments,daemonsets,pods", "-o", "json", check=False)
        return answer.returncode == 0 and pods_complete(json.loads(answer.stdout)["items"], booted)

    try:
        wait_until(complete, seconds, f"pods of {namespace} do not run")
    except ClusterError as error:
        shown = [controlplane.kubectl(cluster, "-n", namespace, *words, check=False).stdout for words in (
            ("get", "pods", "-o", "wide"), ("get", "events", "--field-selector=type=Warning", "--sort-by=.lastTimestamp"))]
        raise ClusterError("\n".join([str(error), *shown]), cluster.log("kubelet-1")) from None


def pods_complete(objects: list[dict], booted: dict[str, str]) -> bool:
    """Every Deployment and DaemonSet has the pods it wants, Ready, and all started since their node was switched on."""
    wanted = 0
    for workload in (found for found in objects if found["kind"] != "Pod"):
        state = workload.get("status", {})
        if state.get("observedGeneration") != workload["metadata"]["generation"]:
            return False
        wanted += workload["spec"]["replicas"] if workload["kind"] == "Deployment" else state["desiredNumberScheduled"]
    return sum(_pod_runs(found, booted) for found in objects if found["kind"] == "Pod") >= wanted


def _pod_runs(pod: dict, booted: dict[str, str]) -> bool:
    if "deletionTimestamp" in pod["metadata"]:
        return False
    since = booted.get(pod["spec"].get("nodeName", ""))
    containers = pod.get("status", {}).get("containerStatuses", [])
    return since is not None and bool(containers) and all(
        container["ready"] and container["state"].get("running", {}).get("startedAt", "") >= since for container in containers)


def _now() -> str:
    """As Kubernetes writes it: such texts compare like the times."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- stopping --------------------------------------------------------------------------------------------------------

def shut_down(cluster: Cluster, number: int) -> None:
    """The kubelet ends first, so that it does not restart what is being ended; the rest needs no farewell. The cable stays in:
    the API server then sees the connections end, and ends quickly itself."""
    process.stop(cluster, f"kubelet-{number}")
    _end(cluster, number)


def power_off(cluster: Cluster, number: int) -> None:
    """Cable out, then everything frozen and killed at once. Killing processes alone would leave the kernel forwarding packets and
    answering ARP."""
    if network.member_exists(cluster, f"n{number}"):
        network.set_cable(cluster, number, plugged=False)
    _end(cluster, number)


def _end(cluster: Cluster, number: int) -> None:
    if cgroup.exists(cluster, number):
        cgroup.freeze(cluster, number, True)
        cgroup.kill(cluster, number)
        cgroup.freeze(cluster, number, False)
        cgroup.remove(cluster, number)
    _forget_running_state(cluster, number)
    network.remove_member(cluster, f"n{number}")


def _forget_running_state(cluster: Cluster, number: int) -> None:
    """What a reboot clears: mounts, sockets, tasks, pod addresses."""
    folder = cluster.node_folder(number)
    _unmount_below(folder)
    for path in ("cni-state", "containerd-state"):
        shutil.rmtree(folder / path, ignore_errors=True)
    for path in folder.glob("containerd.sock*"):
        path.unlink()
    for name in (f"host-{number}", *(launch.name for launch in launches(cluster, number))):
        process.forget(cluster, name)


def _unmount_below(folder: Path) -> None:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True):
        run(["umount", "--lazy", point], check=False)


# --- actions of the command line ---------------------------------------------------------------------------------------

def switch_on(cluster: Cluster, number: int) -> None:
    """Boots the node, or adds it to the cluster."""
    if number not in cluster.options.nodes:
        cluster.options.nodes = sorted([*cluster.options.nodes, number])
        cluster.save()
    start_runtime(cluster, number)
    network.set_routes(cluster)
    finish_runtime(cluster, number)
    start_services(cluster, number)
    wait_until_ready(cluster, number)


ACTIONS = {
    "off": power_off,
    "on": switch_on,
    "cut": lambda cluster, number: network.set_cable(cluster, number, plugged=False),
    "plug": lambda cluster, number: network.set_cable(cluster, number, plugged=True),
    "pause": lambda cluster, number: cgroup.freeze(cluster, number, True),
    "resume": lambda cluster, number: cgroup.freeze(cluster, number, False),
}
