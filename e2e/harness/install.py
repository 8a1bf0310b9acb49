"""The operator on the cluster: images, chart, its pods and what they say about themselves."""
import os
import subprocess

from harness.cluster import CLI, ROOT, Cluster, run
from harness.kube import condition
from harness.metrics import Metrics
from harness.waiting import NotYet, wait_until

NAMESPACE = "ingressfleet-system"
NAME = "ingressfleet"
PORT = 8081
VERSION = (ROOT / "VERSION").read_text().strip()
OPERATOR_IMAGE = f"ingressfleet/operator:{VERSION}"
PROXY_IMAGE = f"ingressfleet/proxy:{VERSION}"
ECHO_IMAGE = "ingressfleet/echo:1"
TRAEFIK_IMAGE = "docker.io/library/traefik:v3.7.12"


def build_echo_image() -> None:
    run(ROOT / "e2e" / "build", seconds=900)


def build_product_images() -> None:
    """INGRESSFLEET_E2E_BUILD=no takes the ones that are there."""
    if os.environ.get("INGRESSFLEET_E2E_BUILD") != "no":
        run(ROOT / "scripts" / "build-images", seconds=3000)


def build_proxy_image(name: str) -> None:
    """The proxy's image under another name."""
    run(CLI, "image", "build", ROOT, "-f", ROOT / "proxy-image" / "Dockerfile", "-t", name, seconds=3000)


def image_mark(name: str) -> str:
    """Differs when an image was built anew under the same name."""
    return run("/usr/bin/python3", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import images; print(images.image_id(sys.argv[2])[:16])",
               CLI.parent, name).strip()


class Operator:
    """The installed operator."""

    name, namespace = NAME, NAMESPACE

    def __init__(self, cluster: Cluster):
        self.cluster, self.kube = cluster, cluster.kube

    def helm(self, *words) -> str:
        return run(ROOT / "scripts" / "helm", *words, "--namespace", NAMESPACE, seconds=900, env={**os.environ, "KUBECONFIG": str(self.cluster.kubeconfig)})

    def install(self, **values: str) -> None:
        settings = [f"--set={key}={value}" for key, value in {"podAnnotations.image": f"id-{image_mark(OPERATOR_IMAGE)}", **values}.items()]
        self.helm("upgrade", "--install", "ingressfleet", ROOT / "charts" / "ingressfleet", "--create-namespace",
                  "--force-conflicts", *settings)  # a run that was cut off may have scaled it
        self.wait_until_ready()

    def wait_until_ready(self, seconds: float = 90) -> None:
        def ready() -> bool:
            deployment = self.kube.get("Deployment", NAME, NAMESPACE) or {}
            status, wanted = deployment.get("status", {}), deployment.get("spec", {}).get("replicas")
            counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")]
            if status.get("observedGeneration") != deployment.get("metadata", {}).get("generation") or counts != [wanted] * 3:
                raise NotYet(f"replicas, updated, ready {counts}, wanted {wanted}: {condition(deployment, 'Available').get('message')}")
            return bool(self.leader())

        wait_until(ready, "the operator is ready and has a leader", seconds)

    def wait_until_observed(self, seconds: float = 120) -> None:
        """The cluster's own controllers see Deployments again. While an API server is away they retry at longer and longer intervals, up to a minute."""
        limit = self.kube.get("Deployment", NAME, NAMESPACE)["spec"]["revisionHistoryLimit"]
        wanted = self.kube.patch("Deployment", NAME, NAMESPACE, {"spec": {"revisionHistoryLimit": limit + 1}})["metadata"]["generation"]

        def observed() -> bool:
            seen = self.kube.get("Deployment", NAME, NAMESPACE)["status"].get("observedGeneration", 0)
            if seen < wanted:
                raise NotYet(f"generation {wanted}, observed {seen}")
            return True

        wait_until(observed, "the Deployment controller works", seconds)
        self.kube.patch("Deployment", NAME, NAMESPACE, {"spec": {"revisionHistoryLimit": limit}})

    def pods(self) -> list[dict]:
        return [pod for pod in self.kube.list("Pod", NAMESPACE, f"app.kubernetes.io/name={NAME}") if not pod["metadata"].get("deletionTimestamp")]

    def lease(self) -> dict:
        leases = [lease for lease in self.kube.list("Lease", NAMESPACE)]
        assert len(leases) == 1, f"leases in {NAMESPACE}: {[lease['metadata']['name'] for lease in leases]}"
        return leases[0]

    def leader(self) -> dict:
        """The pod that leads."""
        holder = self.lease()["spec"].get("holderIdentity") or ""
        found = [pod for pod in self.pods() if pod["metadata"]["name"] in holder]
        if len(found) != 1:
            raise NotYet(f"the lease is held by {holder!r}; pods are {[pod['metadata']['name'] for pod in self.pods()]}")
        return found[0]

    def metrics(self, pod: dict | None = None) -> Metrics:
        return Metrics(self.page("/metrics", pod))

    def page(self, path: str, pod: dict | None = None) -> str:
        pod = pod or self.leader()
        return self.kube.pod_http(NAMESPACE, pod["metadata"]["name"], PORT, path)

    def writes(self, pod: dict) -> float:
        """Requests of a replica that change something, renewals of the lease among them."""
        return sum(value for name, labels, value in self.metrics(pod).samples
                   if name == "rest_client_requests_total" and labels.get("method") in ("POST", "PUT", "PATCH", "DELETE"))

    def resident_bytes(self, pod: dict) -> int:
        return sum(process.resident_bytes for process in self.cluster.processes(pod))

    def command(self, *words: str, text: str = "") -> subprocess.CompletedProcess:
        """The operator's own command line in its container, with `text` as standard input."""
        pod = self.pods()[0]
        return subprocess.run([self.cluster.kubectl, f"--kubeconfig={self.cluster.kubeconfig}", "-n", NAMESPACE, "exec", "-i", pod["metadata"]["name"], "--",
                               "ingressfleet", *words], input=text, capture_output=True, text=True, timeout=60)

    def log_tail(self, lines: int = 15) -> str:
        return "\n".join(f"{pod['metadata']['name']}:\n{self.kube.logs(NAMESPACE, pod['metadata']['name'], lines=lines)}" for pod in self.pods())
