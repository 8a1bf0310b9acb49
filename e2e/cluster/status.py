"""What a cluster consists of and whether it runs."""
import json

import cgroup
import components
import lifecycle
import metallb
import network
import process
import settings
from report import say
from settings import Cluster


def collect(cluster: Cluster) -> dict:
    full = cluster.options.mode == settings.FULL
    return {
        "name": cluster.name,
        "mode": cluster.options.mode,
        "folder": str(cluster.folder),
        "kubeconfig": str(cluster.kubeconfig),
        "kubectl": str(components.kubectl()),
        "addresses": {"api": cluster.api_url, "apiInside": cluster.inner_api_url, "client": settings.CLIENT_ADDRESS,
                      "clientExtra": list(settings.CLIENT_EXTRA_ADDRESSES)},
        "namespaces": {member: cluster.namespace(member) for member in ["sw", *cluster.members] if network.member_exists(cluster, member)},
        "components": [_component(cluster, name) for name in lifecycle.launches(cluster)],
        "nodes": [_node(cluster, number) for number in cluster.options.nodes] if full else [],
        "pools": metallb.pools(cluster) if full and cluster.options.metallb else {},
    }


def _component(cluster: Cluster, name: str) -> dict:
    pid = process.pid_of(cluster, name)
    return {"name": name, "pid": pid or None, "alive": bool(pid), "log": str(cluster.log(name))}


def _node(cluster: Cluster, number: int) -> dict:
    return {"name": f"node{number}", "address": settings.node_address(number), "podRange": settings.pod_range(number),
            "on": cgroup.exists(cluster, number)}


def print_status(cluster: Cluster, as_json: bool) -> int:
    found = collect(cluster)
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        _print_text(found)
    return 0 if all(component["alive"] for component in found["components"]) else 1


def _print_text(found: dict) -> None:
    say(f"cluster {found['name']} ({found['mode']}), API {found['addresses']['api']}")
    say(f"kubeconfig {found['kubeconfig']}\nkubectl    {found['kubectl']}")
    for component in found["components"]:
        state = f"pid {component['pid']}" if component["alive"] else "DOWN"
        say(f"  {component['name']:<26} {state:<12} {component['log']}")
    for node in found["nodes"]:
        say(f"  {node['name']:<26} {'on' if node['on'] else 'OFF':<12} {node['address']}, pods {node['podRange']}")
    for name, addresses in found["pools"].items():
        say(f"  {'pool ' + name:<26} {addresses}")
