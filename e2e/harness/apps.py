"""Applications behind the tiers: the sample application under different names."""
import base64
import subprocess
import tempfile
from pathlib import Path

from harness.kube import Kube, condition
from harness.waiting import NotYet, wait_until

IMAGE = "ingressfleet/echo:1"
LABELS = {"app.kubernetes.io/part-of": "ingressfleet-e2e"}


def namespace(name: str, **labels: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**LABELS, **labels}}}


def deployment(app: str, space: str, replicas: int = 1, version: str = "1") -> dict:
    def field(path: str) -> dict:
        return {"valueFrom": {"fieldRef": {"fieldPath": path}}}

    container = {
        "name": "echo", "image": IMAGE,
        "env": [{"name": "APP", "value": app}, {"name": "VERSION", "value": version}, {"name": "SHUTDOWN_DELAY", "value": "4s"},
                {"name": "POD_NAME", **field("metadata.name")}, {"name": "NODE_NAME", **field("spec.nodeName")}],
        "ports": [{"name": "http", "containerPort": 8080}],
        # A machine that has far too much to do is no reason to take an application away.
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1, "timeoutSeconds": 5, "failureThreshold": 5},
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app, "namespace": space, "labels": LABELS},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": app}},
                 "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                 "template": {"metadata": {"labels": {"app": app}},
                              "spec": {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 30, "containers": [container],
                                       "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}}},
    }


def service(app: str, space: str, name: str = "") -> dict:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name or app, "namespace": space, "labels": LABELS},
            "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}


def ingress(name: str, space: str, host: str, app: str, tier: str = "", path: str = "/", secret: str = "") -> dict:
    """`tier` "" names no class."""
    spec = {"rules": [{"host": host, "http": {"paths": [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": app, "port": {"name": "http"}}}}]}}]}
    if tier:
        spec["ingressClassName"] = tier
    if secret:
        spec["tls"] = [{"hosts": [host], "secretName": secret}]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": space, "labels": LABELS}, "spec": spec}


def certificate(name: str, space: str, host: str) -> tuple[dict, str]:
    """A Secret with a fresh self-signed certificate, and the certificate's SHA-256 fingerprint."""
    with tempfile.TemporaryDirectory() as folder:
        key, crt = Path(folder, "key"), Path(folder, "crt")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                        "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", crt], check=True, capture_output=True)
        printed = subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True, text=True).stdout
        data = {"tls.crt": base64.b64encode(crt.read_bytes()).decode(), "tls.key": base64.b64encode(key.read_bytes()).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": name, "namespace": space, "labels": LABELS}, "data": data}
    return secret, printed.strip().partition("=")[2].replace(":", "").lower()


def wait_until_rolled_out(kube: Kube, app: str, space: str, seconds: float = 60) -> None:
    def rolled_out() -> bool:
        found = kube.get("Deployment", app, space)
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        counts = {key: status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")}
        if status.get("observedGeneration", 0) < found["metadata"]["generation"] or set(counts.values()) != {wanted}:
            raise NotYet(f"{wanted} wanted, {counts}; {condition(found, 'Progressing').get('message', '')}")
        return True

    wait_until(rolled_out, f"Deployment {space}/{app} is rolled out", seconds)
