"""The fleet of the sample (crds/samples/three-tiers.yaml): what was asked for, what exists of it, what its status says."""
import copy
import json
from pathlib import Path

from harness.cluster import ROOT, Cluster, Process
from harness.kube import ApiError, Kube, condition, label, load_manifests
from harness.metrics import Metrics
from harness.waiting import NotYet, wait_until

SAMPLE = ROOT / "crds" / "samples" / "three-tiers.yaml"
NAMESPACE = "ingress-fleet"
OWNER_LABEL = "ingressfleet.io/fleet"
TIERS = ("public", "private", "staging")
DEFAULT_MARK = "ingressclass.kubernetes.io/is-default-class"
# Kinds a fleet consists of. Pods, ReplicaSets and EndpointSlices follow from them.
OWNED_KINDS = ("Namespace", "Service", "ServiceAccount", "ConfigMap", "Secret", "Deployment", "DaemonSet", "ControllerRevision", "PodDisruptionBudget",
               "IngressClass", "NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
ADMIN_PORT = 8405


class Refused(Exception):
    """The API server does not take the fleet."""

    def __init__(self, error: ApiError):
        super().__init__(str(error))
        self.status, self.message = error.status, error.message


class Tier:
    """One tier. Everything is read anew at each question."""

    def __init__(self, fleet: "Fleet", name: str):
        self.fleet, self.name, self.kube = fleet, name, fleet.kube
        self.deployment_name = f"{name}-a"
        self.live_name = f"{name}-live"
        self.status_name = f"{name}-a-status"
        self.entry_name = f"{name}-entry"

    def entry(self) -> dict:
        return self._existing("Service", self.entry_name, NAMESPACE)

    def deployment(self) -> dict:
        return self._existing("Deployment", self.deployment_name, NAMESPACE)

    def ingress_class(self) -> dict:
        return self._existing("IngressClass", self.name, "")

    def _existing(self, kind: str, name: str, namespace: str) -> dict:
        found = self.kube.get(kind, name, namespace)
        if found is None:
            raise NotYet(f"{kind} {name} does not exist")
        return found

    @property
    def address(self) -> str:
        """Where the load balancer listens."""
        given = self.entry().get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        if "ip" not in given[0]:
            raise NotYet(f"Service {self.entry_name} has no address")
        return given[0]["ip"]

    def pods(self) -> list[dict]:
        return [pod for pod in self.kube.list("Pod", NAMESPACE, f"ingressfleet.io/tier={self.name},{OWNER_LABEL}={self.fleet.name}")
                if not pod["metadata"].get("deletionTimestamp")]

    def status(self) -> dict:
        return next((tier for tier in self.fleet.get().get("status", {}).get("tiers", []) if tier["name"] == self.name), {})

    # --- its proxies ---

    def agents(self) -> dict[str, list[Process]]:
        """Agents by pod."""
        return self._processes(lambda command: Path(command[0]).name == "ingressfleet-proxy" and "agent" in command[1:2])

    def haproxies(self) -> dict[str, list[Process]]:
        """HAProxy's processes by pod, the master first."""
        return self._processes(lambda command: Path(command[0]).name.startswith("haproxy"))

    def _processes(self, wanted) -> dict[str, list[Process]]:
        return {pod["metadata"]["name"]: [one for one in self.fleet.cluster.processes(pod) if wanted(one.command)] for pod in self.pods()}

    def workers(self) -> set[tuple]:
        """Identities of all HAProxy processes: a reload makes a new one, a restart too."""
        return {(pod, one.pid, one.started) for pod, found in self.haproxies().items() for one in found}

    def reloads(self) -> dict[str, int]:
        """As the agents count them, in the status ConfigMap: by pod."""
        data = self._existing("ConfigMap", self.status_name, NAMESPACE).get("data", {})
        return {pod: json.loads(text)["reloads"] for pod, text in data.items()}

    def proxy_metrics(self, pod: dict) -> Metrics:
        return Metrics(self.kube.pod_http(NAMESPACE, pod["metadata"]["name"], ADMIN_PORT, "/metrics"))

    def restarts(self) -> dict[str, int]:
        return {pod["metadata"]["uid"]: sum(one["restartCount"] for one in pod["status"].get("containerStatuses", [])) for pod in self.pods()}


class Fleet:
    """The fleet `platform`."""

    def __init__(self, cluster: Cluster, sample: Path = SAMPLE):
        self.cluster, self.kube = cluster, cluster.kube
        self.sample = load_manifests(sample)[0]
        self.name = self.sample["metadata"]["name"]
        self.tiers = {tier["name"]: Tier(self, tier["name"]) for tier in self.sample["spec"]["tiers"]}

    def __getitem__(self, tier: str) -> Tier:
        return self.tiers[tier]

    # --- the object ---

    def get(self) -> dict:
        found = self.kube.get("IngressFleet", self.name)
        if found is None:
            raise NotYet(f"IngressFleet {self.name} does not exist")
        return found

    def exists(self) -> bool:
        return self.kube.get("IngressFleet", self.name) is not None

    def apply(self, change=None) -> dict:
        """Makes the spec the sample's, changed by `change(spec)`. The whole spec is replaced, so that nothing of an earlier scenario stays in it."""
        wanted = copy.deepcopy(self.sample)
        if change:
            change(wanted["spec"])

        def written() -> dict:
            found = self.kube.get("IngressFleet", self.name)
            try:
                return self.kube.replace({**found, "spec": wanted["spec"]}) if found else self.kube.create(wanted)
            except ApiError as error:
                if error.status == 409:
                    raise NotYet(str(error)) from None
                raise Refused(error) from None

        return wait_until(written, "the fleet is written", 10)

    def condition(self, kind: str) -> dict:
        return condition(self.get(), kind)

    def wait_until_available(self, seconds: float = 120) -> dict:
        return wait_until(self.available, f"IngressFleet {self.name} is available and settled", seconds)

    def available(self) -> dict:
        """The object, once its status says about its present generation that all is well."""
        found = self.get()
        wanted = {"Accepted": "True", "Available": "True", "Progressing": "False", "Degraded": "False"}
        conditions = {kind: condition(found, kind) for kind in wanted}
        wrong = [f"{kind}={one.get('status')} ({one.get('reason')}: {one.get('message')})" for kind, one in conditions.items()
                 if one.get("status") != wanted[kind] or one.get("observedGeneration") != found["metadata"]["generation"]]
        if wrong or found.get("status", {}).get("observedGeneration") != found["metadata"]["generation"]:
            raise NotYet("; ".join(wrong) or "observedGeneration is old")
        return found

    # --- what it consists of ---

    def owned(self, *kinds: str) -> list[dict]:
        return [item for kind in kinds or OWNED_KINDS for item in self.kube.list(kind, selector=f"{OWNER_LABEL}={self.name}")]

    def versions(self) -> dict[str, tuple]:
        """Object → UID and resourceVersion: equal means that nobody wrote."""
        return {label(item): (item["metadata"]["uid"], item["metadata"]["resourceVersion"]) for item in self.owned()}

    def contents(self) -> dict[str, tuple]:
        """Object → UID and all that is decided about it, status left out: equal means that no operand was touched."""
        return {label(item): (item["metadata"]["uid"], _content(item)) for item in self.owned()}

    # --- for messages ---

    def describe(self) -> str:
        lines = []
        found = self.kube.get("IngressFleet", self.name)
        if found:
            lines.append(f"IngressFleet {self.name} generation {found['metadata']['generation']}, observed {found.get('status', {}).get('observedGeneration')}")
            lines += [f"  {_line(one)}" for one in found.get("status", {}).get("conditions", [])]
            for tier in found.get("status", {}).get("tiers", []):
                lines.append(f"  tier {tier['name']}: addresses {tier.get('addresses')}, ready {tier.get('readyReplicas')}/{tier.get('replicas')}")
                lines += [f"    {_line(one)}" for one in tier.get("conditions", []) if one["status"] != "True"]
        else:
            lines.append(f"IngressFleet {self.name} does not exist")
        for pod in self.kube.list("Pod", NAMESPACE):
            lines.append(describe_pod(pod))
            if condition(pod, "Ready").get("status") != "True":
                lines += _log_lines(self.kube, pod)
        return "\n".join(lines)


def _content(item: dict) -> str:
    """Without what the server and other controllers write."""
    metadata = {key: item["metadata"].get(key) for key in ("labels", "annotations")}
    rest = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    return json.dumps({"metadata": metadata, **rest}, sort_keys=True)


def _line(one: dict) -> str:
    return f"{one['type']}={one['status']} {one.get('reason')}: {one.get('message')}"


def describe_pod(pod: dict) -> str:
    statuses = pod["status"].get("containerStatuses", [])
    states = [f"{one['name']} {json.dumps(one.get('state', {}))[:200]} restarts {one['restartCount']}" for one in statuses]
    leaving = " (leaving)" if pod["metadata"].get("deletionTimestamp") else ""
    return f"Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}{leaving} {pod['status'].get('phase')}, Ready={condition(pod, 'Ready').get('status')}: {'; '.join(states)}"


def _log_lines(kube: Kube, pod: dict) -> list[str]:
    try:
        return ["    " + line for line in kube.logs(pod["metadata"]["namespace"], pod["metadata"]["name"], lines=15).splitlines()]
    except Exception as error:  # a container that has not started has no log
        return [f"    no log: {error}"]
