"""A fleet of one tier whose controller is replaced, and what is seen of it meanwhile."""
import json
import threading
import time

from harness.cluster import Cluster, Process
from harness.kube import ApiError
from harness.waiting import NotYet, wait_until

NAME = "shift"  # of the fleet, its namespace, its tier and its class
SPACE = "e2e-shift"
HOST = "shift.example.test"
APP = "shift"
ENTRY = f"{NAME}-entry"
ADMIN_PORT = 9101
# Every phase has its time, none is long: what is tested is the order of things.
TIMES = {"minReadySeconds": 2, "observeSeconds": 6, "retainSeconds": 4, "abortDelaySeconds": 0, "progressDeadlineSeconds": 120}


def manifest(image: str, policy: str = "Cluster") -> dict:
    return {
        "apiVersion": "ingressfleet.io/v1alpha1", "kind": "IngressFleet", "metadata": {"name": NAME},
        "spec": {
            "namespace": NAME, "deletionPolicy": "Force",
            "tiers": [{
                "name": NAME,
                "controller": {"engine": "HAProxy", "image": image},
                "workload": {"replicas": 2, "shutdown": {"preStopDelaySeconds": 5, "drainSeconds": 20}},
                "publishing": {"type": "LoadBalancer", "loadBalancer": {"provider": "MetalLB", "scope": "External"}, "externalTrafficPolicy": policy},
                # With policy Cluster the proxies see nodes, not clients: the balancer holds the list.
                "access": {"allowedSourceRanges": ["0.0.0.0/0"]},
                "upgrade": dict(TIMES),
            }],
        },
    }


class Upgrades:
    def __init__(self, cluster: Cluster, image: str):
        self.cluster, self.kube, self.image = cluster, cluster.kube, image

    # --- orders ---

    def apply(self, change=None, policy: str = "Cluster") -> None:
        """Makes the spec the one above, changed by `change(tier)`, but for the configuration, whose change would be an upgrade of its own. Orders
        of an earlier scenario go."""
        wanted = manifest(self.image, policy)
        tier = wanted["spec"]["tiers"][0]
        present = self.kube.get("IngressFleet", NAME)
        if present:
            tier["controller"]["config"] = present["spec"]["tiers"][0]["controller"].get("config", {})
        if change:
            change(tier)

        def written() -> dict:
            found = self.kube.get("IngressFleet", NAME)
            if found is None:
                return self.kube.create(wanted)
            try:
                return self.kube.replace({**found, "metadata": {**found["metadata"], "annotations": {}}, "spec": wanted["spec"]})
            except ApiError as error:
                if error.status == 409:
                    raise NotYet(str(error)) from None
                raise

        wait_until(written, "the fleet is written", 10)

    def order(self, verb: str, revision: str = "-") -> None:
        """As kubectl ingressfleet and GitOps do it."""
        text = f"{revision} by e2e, {time.time_ns()}"
        self.kube.patch("IngressFleet", NAME, "", {"metadata": {"annotations": {f"ingressfleet.io/{verb}-{NAME}": text}}})

    # --- what the status says ---

    def status(self) -> dict:
        found = self.kube.get("IngressFleet", NAME) or {}
        tiers = found.get("status", {}).get("tiers", [])
        if not tiers or "upgrade" not in tiers[0]:
            raise NotYet(f"no status yet: {json.dumps(found.get('status', {}))[:300]}")
        return tiers[0]

    def phase(self) -> str:
        return self.status()["upgrade"]["phase"]

    def wait_for(self, *phases: str, seconds: float = 90) -> dict:
        def there() -> dict:
            status = self.status()
            if status["upgrade"]["phase"] not in phases:
                raise NotYet(f"{status['upgrade']['phase']}: {status['upgrade'].get('message', '')}; {json.dumps(status['upgrade'].get('hold', {}))}")
            return status

        return wait_until(there, f"the tier reaches {' or '.join(phases)}", seconds)

    def wait_until_settled(self, revision_differs_from: str = "", seconds: float = 180) -> dict:
        """Stable, with nothing left of the other slot."""
        def settled() -> dict:
            status = self.wait_for("Stable", seconds=0)
            if status["serving"]["revision"] == revision_differs_from:
                raise NotYet(f"{revision_differs_from} still serves: {self.rolled_out()}")
            slots = {pod["metadata"]["labels"]["ingressfleet.io/slot"] for pod in self.pods()}
            if slots != {status["serving"]["slot"]}:
                raise NotYet(f"pods of slots {slots}, serving {status['serving']['slot']}")
            return status

        return wait_until(settled, "the upgrade is over", seconds)

    def rolled_out(self) -> dict:
        return next((one for one in self.status().get("conditions", []) if one["type"] == "RolledOut"), {})

    # --- what exists ---

    def entry(self) -> dict:
        return self.kube.get("Service", ENTRY, NAME) or {}

    @property
    def address(self) -> str:
        given = self.entry().get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        if "ip" not in given[0]:
            raise NotYet(f"Service {ENTRY} has no address")
        return given[0]["ip"]

    def selected(self) -> str:
        """a, b, or ab."""
        return self.entry()["spec"]["selector"].get("ingressfleet.io/slot", "ab")

    def pods(self, slot: str = "") -> list[dict]:
        selector = f"ingressfleet.io/tier={NAME}" + (f",ingressfleet.io/slot={slot}" if slot else "")
        return self.kube.list("Pod", NAME, selector)

    def kill(self, slot: str) -> None:
        """All pods of a slot at once, and what runs in them."""
        for pod in self.pods(slot):
            processes: list[Process] = self.cluster.processes(pod)
            self.kube.delete("Pod", pod["metadata"]["name"], NAME, grace=0)
            for process in processes:
                process.kill()


class Timeline:
    """Samples phase, selector and failures while the body of a `with` runs: what the plot in the docs is made of."""

    def __init__(self, upgrades: Upgrades, load):
        self.upgrades, self.load = upgrades, load
        self.samples: list[dict] = []
        self._stop = threading.Event()

    def __enter__(self) -> "Timeline":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        started = time.monotonic()
        while not self._stop.wait(0.25):
            try:
                progress = self.load.progress()
                self.samples.append({"at": round(time.monotonic() - started, 2), "phase": self.upgrades.phase(), "selected": self.upgrades.selected(),
                                     "answered": sum(progress["answered"].values()), "failed": progress["failed"]})
            except Exception:  # an API server under load answers late: a gap in the picture
                continue

    def phases(self) -> list[str]:
        seen: list[str] = []
        for sample in self.samples:
            if not seen or seen[-1] != sample["phase"]:
                seen.append(sample["phase"])
        return seen
