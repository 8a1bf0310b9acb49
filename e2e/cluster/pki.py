"""Certificates and kubeconfigs: one authority per cluster, one certificate per component and node."""
import base64
import tempfile
from pathlib import Path

import settings
from settings import Cluster, write_if_changed
from shell import run

DAYS = "3650"
API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost")
CONTROL_PLANE_USERS = {
    "admin": "/O=system:masters/CN=admin",
    "kube-controller-manager": "/CN=system:kube-controller-manager",
    "kube-scheduler": "/CN=system:kube-scheduler",
    "kube-proxy": "/CN=system:kube-proxy",
}


def folder(cluster: Cluster) -> Path:
    return cluster.folder / "pki"


def certificate(cluster: Cluster, name: str) -> Path:
    return folder(cluster) / f"{name}.crt"


def key(cluster: Cluster, name: str) -> Path:
    return folder(cluster) / f"{name}.key"


def kubeconfig(cluster: Cluster, user: str) -> Path:
    """For components inside the cluster's namespaces."""
    return cluster.folder / "kubeconfigs" / user


def make_control_plane(cluster: Cluster) -> None:
    folder(cluster).mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_authority(cluster)
    _make_service_account_key(cluster)
    addresses = ("127.0.0.1", settings.API_SERVICE_ADDRESS, settings.API_ADDRESS, cluster.api_host_address)
    _make_certificate(cluster, "kube-apiserver", "/CN=kube-apiserver", API_NAMES, addresses)
    _make_certificate(cluster, "apiserver-kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client")
    for user, subject in CONTROL_PLANE_USERS.items():
        _make_certificate(cluster, user, subject)
        _write_kubeconfig(cluster, user, kubeconfig(cluster, user), cluster.inner_api_url)
    _write_kubeconfig(cluster, "admin", cluster.kubeconfig, cluster.api_url)


def make_node(cluster: Cluster, number: int) -> None:
    name = f"kubelet-{number}"
    addresses = (settings.node_address(number), "127.0.0.1")
    _make_certificate(cluster, name, f"/O=system:nodes/CN=system:node:node{number}", (f"node{number}",), addresses)
    _write_kubeconfig(cluster, name, kubeconfig(cluster, name), cluster.inner_api_url)


def _make_authority(cluster: Cluster) -> None:
    if certificate(cluster, "ca").exists():
        return
    _make_key(key(cluster, "ca"))
    run(["openssl", "req", "-x509", "-new", "-key", key(cluster, "ca"), "-subj", f"/CN={cluster.name}-ca", "-days", DAYS,
         "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
         "-out", certificate(cluster, "ca")])


def _make_service_account_key(cluster: Cluster) -> None:
    public = folder(cluster) / "service-account.pub"
    if not public.exists():
        _make_key(key(cluster, "service-account"))
        run(["openssl", "ec", "-in", key(cluster, "service-account"), "-pubout", "-out", public])


def _make_certificate(cluster: Cluster, name: str, subject: str, names=(), addresses=()) -> None:
    if certificate(cluster, name).exists():
        return
    extensions = ["keyUsage=critical,digitalSignature,keyEncipherment", "extendedKeyUsage=serverAuth,clientAuth"]
    alternatives = [f"DNS:{text}" for text in names] + [f"IP:{text}" for text in addresses]
    if alternatives:
        extensions.append("subjectAltName=" + ",".join(alternatives))
    _make_key(key(cluster, name))
    with tempfile.TemporaryDirectory() as scratch:
        request, extension_file = Path(scratch, "csr"), Path(scratch, "extensions")
        extension_file.write_text("\n".join(extensions) + "\n")
        run(["openssl", "req", "-new", "-key", key(cluster, name), "-subj", subject, "-out", request])
        run(["openssl", "x509", "-req", "-in", request, "-CA", certificate(cluster, "ca"), "-CAkey", key(cluster, "ca"),
             "-CAserial", Path(scratch, "serial"), "-CAcreateserial", "-days", DAYS, "-extfile", extension_file,
             "-out", certificate(cluster, name)])


def _make_key(path: Path) -> None:
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])
    path.chmod(0o600)


def _write_kubeconfig(cluster: Cluster, user: str, path: Path, server: str) -> None:
    """Self-contained, in the form kubectl itself writes, so that any client reads it."""
    write_if_changed(path, f"""\
apiVersion: v1
kind: Config
clusters:
- name: {cluster.name}
  cluster:
    server: {server}
    certificate-authority-data: {_encoded(certificate(cluster, "ca"))}
users:
- name: {user}
  user:
    client-certificate-data: {_encoded(certificate(cluster, user))}
    client-key-data: {_encoded(key(cluster, user))}
contexts:
- name: {cluster.name}
  context:
    cluster: {cluster.name}
    user: {user}
current-context: {cluster.name}
""", mode=0o600)


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
