"""What every cluster with nodes runs inside: the right of kube-proxy to watch Services, and CoreDNS."""
import string
from pathlib import Path

import controlplane
import images
import network
import node
import settings
from settings import Cluster
from shell import succeeds, wait_until

FOLDER = Path(__file__).resolve().parent
NAMESPACE = "kube-system"


def apply(cluster: Cluster) -> None:
    template = string.Template((FOLDER / "manifests" / "system.yaml").read_text())
    controlplane.apply(cluster, template.substitute(coredns_image=images.coredns_image(), dns_address=settings.DNS_SERVICE_ADDRESS))


def wait_for_dns(cluster: Cluster) -> None:
    """Pods first (their old state still says Running after a restart of the node), then a question from every node."""
    node.wait_for_pods(cluster, NAMESPACE, 120)
    for number in cluster.options.nodes:
        ask = network.enter(cluster, f"n{number}") + ["/usr/bin/python3", str(FOLDER / "dns_probe.py"),
                                                      settings.DNS_SERVICE_ADDRESS, settings.API_SERVICE_ADDRESS]
        wait_until(lambda: succeeds(ask), 60, f"DNS does not answer on node{number} ({' '.join(ask)})")
