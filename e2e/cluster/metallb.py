"""Real MetalLB in layer-2 mode: its own manifests from its Go module, with our images in them."""
import json

import components
import controlplane
import images
import node
import settings
from report import ClusterError
from settings import Cluster
from shell import wait_until

NAMESPACE = "metallb-system"
MANIFESTS = "metallb-native.yaml"
DEFAULT_POOL_NAME = "default"
READY_SECONDS = 180


def pools(cluster: Cluster) -> dict[str, str]:
    return {DEFAULT_POOL_NAME: settings.DEFAULT_POOL, **cluster.options.pools}


def apply(cluster: Cluster) -> None:
    controlplane.apply(cluster, _manifests())


def _manifests() -> str:
    return adapted(components.binary(components.METALLB, MANIFESTS).read_text())


def adapted(manifests: str) -> str:
    """Our images for the ones of a registry, and probes that do not wait ten seconds before they first ask."""
    import yaml  # here, because `up` on a fresh machine installs it first

    documents = [document for document in yaml.load_all(manifests, yaml.CSafeLoader) if document]
    for document in documents:
        if document["kind"] in ("Deployment", "DaemonSet"):
            for container in document["spec"]["template"]["spec"]["containers"]:
                container["image"] = images.metallb_image(container["name"])
                container["imagePullPolicy"] = "IfNotPresent"
                container["readinessProbe"].update(initialDelaySeconds=1, periodSeconds=2)
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)


def wait_until_ready(cluster: Cluster) -> None:
    """The controller makes its webhook certificate, and the kubelet hands it over after a while: only taking a pool proves it."""
    node.wait_for_pods(cluster, NAMESPACE, READY_SECONDS)
    manifest = pool_manifests(pools(cluster))
    last = [""]

    def taken() -> bool:
        try:
            controlplane.apply(cluster, manifest)
            return True
        except ClusterError as error:
            last[0] = str(error)
            return False

    try:
        wait_until(taken, READY_SECONDS, "MetalLB does not take its pools")
    except ClusterError as error:
        raise ClusterError(f"{error}: {last[0]}") from None


def pool_manifests(addresses_by_name: dict[str, str]) -> str:
    """Only the default pool hands out addresses by itself; a Service asks for another one by annotation."""
    documents = [{
        "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"addresses": addresses.split(","), "autoAssign": name == DEFAULT_POOL_NAME},
    } for name, addresses in addresses_by_name.items()]
    documents.append({"apiVersion": "metallb.io/v1beta1", "kind": "L2Advertisement",
                      "metadata": {"name": "all", "namespace": NAMESPACE}, "spec": {}})
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
