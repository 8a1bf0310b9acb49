"""A small Kubernetes client. kubectl would take 0.1 s of processor time per question; scenarios ask hundreds."""
import base64
import http.client
import json
import ssl
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import yaml

MANAGER = "e2e"
BUSY_SECONDS = 15

# Kind → (path of its group and version, plural, namespaced).
KINDS = {
    "Namespace": ("api/v1", "namespaces", False),
    "Node": ("api/v1", "nodes", False),
    "Pod": ("api/v1", "pods", True),
    "Service": ("api/v1", "services", True),
    "ServiceAccount": ("api/v1", "serviceaccounts", True),
    "ConfigMap": ("api/v1", "configmaps", True),
    "Secret": ("api/v1", "secrets", True),
    "Event": ("api/v1", "events", True),
    "Deployment": ("apis/apps/v1", "deployments", True),
    "DaemonSet": ("apis/apps/v1", "daemonsets", True),
    "ControllerRevision": ("apis/apps/v1", "controllerrevisions", True),
    "ReplicaSet": ("apis/apps/v1", "replicasets", True),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets", True),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices", True),
    "Ingress": ("apis/networking.k8s.io/v1", "ingresses", True),
    "IngressClass": ("apis/networking.k8s.io/v1", "ingressclasses", False),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies", True),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
    "ClusterRole": ("apis/rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "Lease": ("apis/coordination.k8s.io/v1", "leases", True),
    "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "IngressFleet": ("apis/ingressfleet.io/v1alpha1", "ingressfleets", False),
}

PATCHES = {"merge": "application/merge-patch+json", "json": "application/json-patch+json", "apply": "application/apply-patch+yaml"}


class ApiError(Exception):
    """An answer of the API server that is not a success."""

    def __init__(self, status: int, body: str):
        self.status = status
        try:
            self.details = json.loads(body)
        except ValueError:
            self.details = {}
        self.reason = self.details.get("reason", "")
        self.message = self.details.get("message", body)
        super().__init__(f"{status} {self.reason}: {self.message}")


class Unreachable(Exception):
    """No answer at all."""


class Kube:
    """Safe for several threads; each has a connection of its own."""

    def __init__(self, kubeconfig: Path):
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server = urllib.parse.urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile("w") as pair:  # the ssl module takes files only
            pair.write(base64.b64decode(user["client-certificate-data"]).decode() + base64.b64decode(user["client-key-data"]).decode())
            pair.flush()
            self._tls.load_cert_chain(pair.name)
        self._local = threading.local()

    # --- objects ---

    def get(self, kind: str, name: str, namespace: str = "") -> dict | None:
        """The object, or None if there is none."""
        try:
            return self.call("GET", path(kind, name, namespace))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, kind: str, namespace: str = "", selector: str = "") -> list[dict]:
        query = f"?labelSelector={urllib.parse.quote(selector)}" if selector else ""
        answer = self.call("GET", path(kind, "", namespace) + query)
        return [{"kind": kind, **item} for item in answer["items"]]

    def apply(self, manifest: dict, force: bool = True, manager: str = MANAGER) -> dict:
        """Server-side apply."""
        query = f"?fieldManager={manager}&fieldValidation=Strict&force={str(force).lower()}"
        return self.call("PATCH", path_of(manifest) + query, manifest, PATCHES["apply"])

    def create(self, manifest: dict) -> dict:
        return self.call("POST", path_of({**manifest, "metadata": {**manifest["metadata"], "name": ""}}) + f"?fieldManager={MANAGER}&fieldValidation=Strict", manifest)

    def patch(self, kind: str, name: str, namespace: str, body, how: str = "merge", subresource: str = "") -> dict:
        target = path(kind, name, namespace) + (f"/{subresource}" if subresource else "")
        return self.call("PATCH", f"{target}?fieldManager={MANAGER}", body, PATCHES[how])

    def replace(self, manifest: dict) -> dict:
        return self.call("PUT", f"{path_of(manifest)}?fieldManager={MANAGER}&fieldValidation=Strict", manifest)

    def delete(self, kind: str, name: str, namespace: str = "", grace: int | None = None) -> bool:
        """Whether there was something to delete."""
        options = {"propagationPolicy": "Background", **({} if grace is None else {"gracePeriodSeconds": grace})}
        try:
            self.call("DELETE", path(kind, name, namespace), options)
            return True
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    def scale(self, name: str, namespace: str, replicas: int) -> None:
        self.patch("Deployment", name, namespace, {"spec": {"replicas": replicas}}, subresource="scale")

    # --- pods ---

    def logs(self, namespace: str, pod: str, container: str = "", lines: int = 30, previous: bool = False) -> str:
        query = {"tailLines": lines, "previous": str(previous).lower(), **({"container": container} if container else {})}
        return self.text("GET", f"{path('Pod', pod, namespace)}/log?{urllib.parse.urlencode(query)}")

    def pod_http(self, namespace: str, pod: str, port: int, target: str) -> str:
        """A page of a pod, through the API server."""
        return self.text("GET", f"{path('Pod', pod, namespace)}:{port}/proxy{target}")

    # --- requests ---

    def call(self, method: str, target: str, body=None, content_type: str = "application/json") -> dict:
        return json.loads(self.text(method, target, body, content_type))

    def text(self, method: str, target: str, body=None, content_type: str = "application/json") -> str:
        """As every client of Kubernetes, asks again when the server says when: so it does while a changed CustomResourceDefinition is taken in."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return self._text(method, target, body, content_type)
            except ApiError as error:
                if error.status != 429 or "retryAfterSeconds" not in error.details.get("details", {}) or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _text(self, method: str, target: str, body, content_type: str) -> str:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type} if data else {}
        for fresh in (False, True):
            connection = self._connection(fresh)
            try:
                connection.request(method, f"/{target}", data, headers)
                answer = connection.getresponse()
                content = answer.read().decode(errors="replace")
            except (http.client.RemoteDisconnected, http.client.CannotSendRequest, BrokenPipeError, ConnectionResetError) as error:
                if fresh:
                    self._forget()
                    raise Unreachable(f"{method} {target}: {error!r}") from None
                continue  # the kept connection had died; requests of tests may be sent twice
            except (OSError, http.client.HTTPException) as error:
                self._forget()
                raise Unreachable(f"{method} {target}: {error!r}") from None
            if answer.status >= 300:
                raise ApiError(answer.status, content)
            return content
        raise AssertionError("not reached")

    def _connection(self, fresh: bool) -> http.client.HTTPSConnection:
        if fresh:
            self._forget()
        if not hasattr(self._local, "connection"):
            self._local.connection = self.connect(timeout=15)
        return self._local.connection

    def _forget(self) -> None:
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection

    def connect(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.server.hostname, self.server.port, context=self._tls, timeout=timeout)


def path(kind: str, name: str = "", namespace: str = "") -> str:
    prefix, plural, namespaced = KINDS[kind]
    place = f"/namespaces/{namespace}" if namespaced and namespace else ""
    return f"{prefix}{place}/{plural}" + (f"/{name}" if name else "")


def path_of(manifest: dict) -> str:
    metadata = manifest["metadata"]
    return path(manifest["kind"], metadata["name"], metadata.get("namespace", "default"))


def load_manifests(file: Path) -> list[dict]:
    return [document for document in yaml.safe_load_all(file.read_text()) if document]


def label(item: dict) -> str:
    """How an object is called in messages."""
    metadata = item["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{item.get('kind', '?')} {place}{metadata['name']}"


def condition(item: dict, kind: str) -> dict:
    """A condition of status, {} if it is not there."""
    return next((one for one in item.get("status", {}).get("conditions", []) if one["type"] == kind), {})
