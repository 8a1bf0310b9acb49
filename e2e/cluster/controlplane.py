"""etcd, API server, controller manager and scheduler: plain processes in a namespace of their own.

That namespace has no kube-proxy, so any node may die without the API noticing. --enable-aggregator-routing makes webhook calls go to the
pods behind a Service instead of its address.
"""
import ssl
import urllib.error
import urllib.request

import components
import network
import pki
import process
import settings
from process import Launch
from settings import Cluster
from shell import run, succeeds, wait_until

ETCD_URL = "http://127.0.0.1:2379"


def launches(cluster: Cluster) -> list[Launch]:
    """In the order in which they start."""
    found = [etcd(cluster), apiserver(cluster), controller_manager(cluster)]
    return found if cluster.options.mode == settings.CONTROL_PLANE else found + [scheduler(cluster)]


def etcd(cluster: Cluster) -> Launch:
    return Launch("etcd", "cp", [
        components.binary(components.ETCD, "etcd"), f"--data-dir={cluster.folder / 'etcd'}",
        f"--listen-client-urls={ETCD_URL}", f"--advertise-client-urls={ETCD_URL}", "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync", "--log-level=warn"])


def apiserver(cluster: Cluster) -> Launch:
    def certificate(flag: str, name: str) -> list[str]:
        key_flag = {"tls-cert-file": "tls-private-key-file", "kubelet-client-certificate": "kubelet-client-key"}[flag]
        return [f"--{flag}={pki.certificate(cluster, name)}", f"--{key_flag}={pki.key(cluster, name)}"]

    return Launch("kube-apiserver", "cp", [
        components.binary(components.KUBERNETES, "kube-apiserver"), f"--etcd-servers={ETCD_URL}",
        f"--secure-port={settings.API_PORT}", "--bind-address=0.0.0.0", f"--advertise-address={settings.API_ADDRESS}",
        *certificate("tls-cert-file", "kube-apiserver"), f"--client-ca-file={pki.certificate(cluster, 'ca')}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki.folder(cluster) / 'service-account.pub'}",
        f"--service-account-signing-key-file={pki.key(cluster, 'service-account')}",
        f"--service-cluster-ip-range={settings.SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
        *certificate("kubelet-client-certificate", "apiserver-kubelet-client"),
        f"--kubelet-certificate-authority={pki.certificate(cluster, 'ca')}", "--kubelet-preferred-address-types=InternalIP",
        "--enable-aggregator-routing=true", "--shutdown-watch-termination-grace-period=1s", "--allow-privileged=true", "--profiling=false"])


def controller_manager(cluster: Cluster) -> Launch:
    """Pod ranges are fixed by node number and set by us, so nothing allocates them. The default 20 requests a second would let the
    first service account of a new cluster wait for five seconds."""
    grace = cluster.options.node_monitor_grace_period
    return Launch("kube-controller-manager", "cp", [
        components.binary(components.KUBERNETES, "kube-controller-manager"), *_own_kubeconfig(cluster, "kube-controller-manager"),
        f"--service-account-private-key-file={pki.key(cluster, 'service-account')}",
        f"--root-ca-file={pki.certificate(cluster, 'ca')}",
        f"--cluster-signing-cert-file={pki.certificate(cluster, 'ca')}", f"--cluster-signing-key-file={pki.key(cluster, 'ca')}",
        f"--cluster-cidr={settings.POD_RANGE}", "--allocate-node-cidrs=false",
        f"--service-cluster-ip-range={settings.SERVICE_RANGE}", "--use-service-account-credentials=true",
        "--kube-api-qps=500", "--kube-api-burst=1000", "--leader-elect=false", "--profiling=false",
        *([f"--node-monitor-grace-period={grace}"] if grace else [])])


def scheduler(cluster: Cluster) -> Launch:
    return Launch("kube-scheduler", "cp", [
        components.binary(components.KUBERNETES, "kube-scheduler"), *_own_kubeconfig(cluster, "kube-scheduler"),
        "--leader-elect=false", "--profiling=false"])


def _own_kubeconfig(cluster: Cluster, user: str) -> list[str]:
    path = pki.kubeconfig(cluster, user)
    flags = [f"--{flag}={path}" for flag in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")]
    return [*flags, "--bind-address=127.0.0.1"]


# --- waiting ---------------------------------------------------------------------------------------------------------

def wait_for_etcd(cluster: Cluster) -> None:
    curl = network.enter(cluster, "cp") + ["curl", "-sf", f"{ETCD_URL}/health"]
    _wait(cluster, "etcd", lambda: succeeds(curl), 30)


def wait_for_apiserver(cluster: Cluster) -> None:
    _wait(cluster, "kube-apiserver", lambda: answers(cluster, "/readyz"), 90)


def wait_for_controller_manager(cluster: Cluster) -> None:
    """It works once the default namespace has its service account; without one no pod can be made. In a cluster that has been up
    before that account is no proof, so its own word is asked too."""
    health = network.enter(cluster, "cp") + ["curl", "-skf", "https://127.0.0.1:10257/healthz"]
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    _wait(cluster, "kube-controller-manager", lambda: succeeds(health) and answers(cluster, account), 60)


def _wait(cluster: Cluster, name: str, condition, seconds: float) -> None:
    wait_until(condition, seconds, f"{name} of cluster {cluster.name} does not work", cluster.log(name),
               give_up=lambda: not process.alive(cluster, name))


def answers(cluster: Cluster, path: str) -> bool:
    """GET as admin from the machine's own namespace."""
    context = ssl.create_default_context(cafile=str(pki.certificate(cluster, "ca")))
    context.load_cert_chain(pki.certificate(cluster, "admin"), pki.key(cluster, "admin"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(cluster.api_url + path, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


# --- kubectl ---------------------------------------------------------------------------------------------------------

def kubectl(cluster: Cluster, *words: str, **options):
    own = [f"--kubeconfig={cluster.kubeconfig}", f"--cache-dir={cluster.folder / 'kubectl-cache'}"]
    return run([components.kubectl(), *own, *words], **options)


def apply(cluster: Cluster, manifest: str) -> None:
    kubectl(cluster, "apply", "--server-side", "--force-conflicts", "-f", "-", input=manifest)
