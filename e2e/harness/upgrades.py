"""A fleet of one tier whose controller is replaced, and what is seen of it meanwhile."""
import collections
import contextlib
import itertools
import json
import threading
import time
from pathlib import Path

from harness import apps
from harness.client import INTERNET
from harness.cluster import Cluster, Process
from harness.fleet import OWNER_LABEL
from harness.kube import ApiError, Unreachable, condition
from harness.metrics import Metrics
from harness.waiting import NotYet, wait_until
from harness.watch import Recorder

NAME = "shift"  # of the fleet, its namespace, its tier and its class
SPACE = "e2e-shift"
HOST = "shift.example.test"
APP = "shift"
ENTRY = f"{NAME}-entry"
FRONTENDS = ("web", "websecure")  # of HAProxy, and Traefik's entry points: not those that metrics are read from
# Every phase has its time, none is long: what is tested is the order of things.
REGISTRATION_SECONDS = 2  # our MetalLB is as fast as kube-proxy
TIMES = {"minReadySeconds": 2, "observeSeconds": 3, "retainSeconds": 2, "abortDelaySeconds": 0, "progressDeadlineSeconds": 120}

# Streams end within the drain time. What lasts longer is cut at its end: see test_long_connections.
MIX = "http-new=60,http-keep=120,https-new=20,https-keep=60,h2=60,stream=3"
STREAM_SECONDS = 4

_seconds = itertools.count(60 + int(time.time()) % 5000)  # what a run that was cut off has left has another one


def new_configuration(tier: dict) -> None:
    """One that no tier has had before."""
    tier["controller"]["config"] = {"timeoutClient": f"{next(_seconds)}s"}


def manifest(image: str, policy: str, pre_stop_seconds: int = 5) -> dict:
    return {
        "apiVersion": "ingressfleet.io/v1alpha1", "kind": "IngressFleet", "metadata": {"name": NAME},
        "spec": {
            "namespace": NAME, "deletionPolicy": "Force",
            "tiers": [{
                "name": NAME,
                "controller": {"engine": "HAProxy", "image": image},
                "workload": {"replicas": 2, "shutdown": {"preStopDelaySeconds": pre_stop_seconds, "drainSeconds": 6}},
                "publishing": {"type": "LoadBalancer", "externalTrafficPolicy": policy,
                               "loadBalancer": {"provider": "MetalLB", "scope": "External", "registrationSeconds": REGISTRATION_SECONDS}},
                # With policy Cluster the proxies see nodes, not clients: the balancer holds the list.
                "access": {"allowedSourceRanges": ["0.0.0.0/0"]},
                "upgrade": dict(TIMES),
            }],
        },
    }


class Upgrades:
    """The fleet, and an application behind it, while the body of a `with` runs."""

    def __init__(self, cluster: Cluster, image: str, nodes: int):
        self.cluster, self.kube, self.image = cluster, cluster.kube, image
        # What every node's kube-proxy may need to follow, when all nodes together have two processors.
        self.pre_stop_seconds = 5 if nodes == 1 else 10
        self.policy = "Cluster"  # externalTrafficPolicy

    def __enter__(self) -> "Upgrades":
        for one in (apps.namespace(SPACE), apps.deployment(APP, SPACE, replicas=2), apps.service(APP, SPACE), apps.ingress(APP, SPACE, HOST, APP, NAME)):
            self.kube.apply(one)
        apps.wait_until_rolled_out(self.kube, APP, SPACE)
        self.apply()
        self.wait_until_settled()
        wait_until(lambda: self.address, "the entry has an address")
        return self

    def __exit__(self, *_) -> None:
        kube = self.kube
        kube.delete("IngressFleet", NAME)
        wait_until(lambda: not kube.list("Service", NAME, f"{OWNER_LABEL}={NAME}") and not kube.get("IngressFleet", NAME), "the fleet is gone", 120)
        kube.delete("Namespace", NAME)
        kube.delete("Namespace", SPACE)
        wait_until(lambda: not kube.get("Namespace", NAME) and not kube.get("Namespace", SPACE), "its namespaces are gone", 60)

    # --- orders ---

    def apply(self, change=None, others: tuple[dict, ...] = ()) -> None:
        """Makes the spec the one above, changed by `change(tier)`, but for the configuration, whose change would be an upgrade of its own, and with
        `others` as further tiers. Orders of an earlier scenario go."""
        wanted = manifest(self.image, self.policy, self.pre_stop_seconds)
        tier = wanted["spec"]["tiers"][0]
        present = self.kube.get("IngressFleet", NAME)
        if present:
            tier["controller"]["config"] = present["spec"]["tiers"][0]["controller"].get("config", {})
        if change:
            change(tier)
        wanted["spec"]["tiers"] += others

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
        """Stable, with nothing left of the other slot, and nothing in the specification that the operator has not seen."""
        def settled() -> dict:
            fleet = self.kube.get("IngressFleet", NAME)
            if fleet.get("status", {}).get("observedGeneration", 0) < fleet["metadata"]["generation"]:
                raise NotYet("the operator has not seen the newest specification")
            status = self.wait_for("Stable", seconds=0)
            # The record of intent is written at once, what else the status says within a second.
            if condition(fleet, "Available").get("status") != "True":
                raise NotYet(f"not Available: {condition(fleet, 'Available')}")
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
        return self.address_of(NAME)

    def address_of(self, tier: str) -> str:
        entry = self.kube.get("Service", f"{tier}-entry", NAME) or {}
        given = entry.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        if "ip" not in given[0]:
            raise NotYet(f"Service {tier}-entry has no address")
        return given[0]["ip"]

    def selected(self) -> str:
        """a, b, or ab."""
        return self.entry()["spec"]["selector"].get("ingressfleet.io/slot", "ab")

    def pods(self, slot: str = "") -> list[dict]:
        selector = f"ingressfleet.io/tier={NAME}" + (f",ingressfleet.io/slot={slot}" if slot else "")
        return self.kube.list("Pod", NAME, selector)

    def shape(self) -> dict:
        """Everything that the tier consists of and what is said of it, without what differs from one upgrade to the next: which slot, which revision, when."""
        objects = {}
        for kind in ("Service", "Deployment", "ConfigMap", "ServiceAccount", "Role", "RoleBinding", "PodDisruptionBudget"):
            for item in self.kube.list(kind, NAME, f"ingressfleet.io/fleet={NAME}"):
                body = {key: value for key, value in item.items() if key in ("spec", "rules", "subjects")}
                objects[f"{kind} {item['metadata']['name']}"] = {"labels": item["metadata"].get("labels", {}), **body}
        status = self.status()
        objects["status"] = {"upgrade": {key: value for key, value in status["upgrade"].items() if key in ("phase", "hold", "candidateSharePercent")},
                             "conditions": {one["type"]: [one["status"], one["reason"]] for one in status["conditions"]}}
        shape = _sorted_names(json.loads(_without_names(json.dumps(objects, sort_keys=True), status["serving"])))
        # What the other slot's pods read stays for a rollback, and is not there before the first upgrade.
        return {name: body for name, body in shape.items() if not name.startswith(f"ConfigMap {NAME}-OTHER")}

    def counts(self) -> dict:
        """What every ready pod has taken since it runs, by its own count: {pod: [slot, requests, connections]}. Traefik does not count connections."""
        counts = {}
        for pod in self.pods():
            labels, ports = pod["metadata"]["labels"], pod["spec"]["containers"][0]["ports"]
            port = next(one["containerPort"] for one in ports if one["name"] == "stats")
            try:
                page = Metrics(self.kube.pod_http(NAME, pod["metadata"]["name"], port, "/metrics"))
            except (ApiError, Unreachable):
                continue  # it does not run yet, or no longer
            requests = _of_clients(page, "haproxy_frontend_http_requests_total", "traefik_entrypoint_requests_total")
            counts[pod["metadata"]["name"]] = [labels["ingressfleet.io/slot"], requests, _of_clients(page, "haproxy_frontend_connections_total")]
        return counts

    def kill(self, slot: str) -> None:
        """All pods of a slot at once, and what runs in them."""
        for pod in self.pods(slot):
            processes: list[Process] = self.cluster.processes(pod)
            self.kube.delete("Pod", pod["metadata"]["name"], NAME, grace=0)
            for process in processes:
                with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                    process.kill()


def _of_clients(page: Metrics, *names: str) -> float:
    return sum(value for name, labels, value in page.samples if name in names and labels.get("proxy", labels.get("entrypoint")) in FRONTENDS)


def _without_names(text: str, serving: dict) -> str:
    text = text.replace(serving["revision"], "REVISION")
    for slot, name in ((serving["slot"], "SERVING"), ("b" if serving["slot"] == "a" else "a", "OTHER")):
        text = text.replace(f"{NAME}-{slot}", f"{NAME}-{name}").replace(f'"ingressfleet.io/slot": "{slot}"', f'"ingressfleet.io/slot": "{name}"')
    return text


def _sorted_names(value):
    """Lists of names in one order, whichever slot they begin with."""
    if isinstance(value, dict):
        return {key: _sorted_names(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(value) if all(isinstance(item, str) for item in value) else [_sorted_names(item) for item in value]
    return value


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
        self.started = time.monotonic()
        while not self._stop.wait(0.25):
            try:
                progress, upgrade = self.load.progress(), self.upgrades.status()["upgrade"]
                self.samples.append({"at": round(time.monotonic() - self.started, 2), "phase": upgrade["phase"], "step": upgrade["step"],
                                     "share": upgrade["candidateSharePercent"], "selected": self.upgrades.selected(),
                                     "answered": sum(progress["answered"].values()), "failed": progress["failed"], "pods": self.upgrades.counts()})
            except Exception:  # an API server under load answers late: a gap in the picture
                continue

    def write(self, file: Path) -> None:
        """What scripts/plot-upgrade draws."""
        file.write_text(json.dumps(self.samples) + "\n")

    def last_connection(self, slot: str) -> float:
        """When a pod of the slot was last seen to have taken another one, by the monotonic clock."""
        last, known = 0.0, {}
        for sample in self.samples:
            for pod, (of, _, connections) in sample["pods"].items():
                if of == slot and connections > known.get(pod, 0.0):
                    known[pod], last = connections, sample["at"]
        return self.started + last

    def share(self, step: int, slot: str) -> float:
        """Of all connections that were opened in that step of a canary, the part that the slot took."""
        taken = collections.Counter()
        for before, after in itertools.pairwise(self.of_step(step)):
            for pod, (of, _, connections) in after["pods"].items():
                if pod in before["pods"]:
                    taken[of] += connections - before["pods"][pod][2]
        return taken[slot] / sum(taken.values())

    def of_step(self, step: int) -> list[dict]:
        return [sample for sample in self.samples if (sample["phase"], sample["step"]) == ("Shift", step)]

    def phases(self) -> list[str]:
        seen: list[str] = []
        for sample in self.samples:
            if not seen or seen[-1] != sample["phase"]:
                seen.append(sample["phase"])
        return seen


class Watched:
    """Load and witnesses around what the body of a `with` does; `check` says that nobody has noticed anything.

    Whoever kills pods asks from an address of its own. Nodes remember the connections of dead pods for minutes (conntrack, FIN_WAIT), and a client that
    gets the same port again is sent where nobody is: the next scenario would pay for it.
    """

    def __init__(self, upgrades: Upgrades, client, kube, mix: str = MIX, source: str = INTERNET):
        self.upgrades, self.kube = upgrades, kube
        self.before = upgrades.entry()
        self.load = client.load(upgrades.address, [HOST], [APP], mix, source, stream_seconds=STREAM_SECONDS)
        self.recorder = Recorder(kube, ("Service", NAME), ("Ingress", SPACE), ("IngressFleet", ""))
        self.timeline = Timeline(upgrades, self.load)

    def __enter__(self) -> "Watched":
        self.load.__enter__()
        self.recorder.__enter__()
        self.timeline.__enter__()
        return self

    def __exit__(self, *error) -> None:
        if error[0] is None:
            self.load.go_on(400)
        self.timeline.__exit__(*error)
        self.recorder.__exit__(*error)
        self.load.__exit__(*error)

    def check(self, measure=None, name: str = "") -> None:
        self.load.check()
        self.check_address()
        if measure:
            measure(f"{name}: requests", self.load.summary["sent"], "", f"{self.load.summary['failed']} failed; {' → '.join(self.timeline.phases())}")

    def check_conditions(self) -> None:
        """An upgrade that goes well is progress, and nothing that anybody must be woken for."""
        wanted = {"Available": "True", "Degraded": "False"}
        for seen in self.recorder.events("IngressFleet"):
            wrong = [one for one in seen.item.get("status", {}).get("conditions", []) if one["status"] != wanted.get(one["type"], one["status"])]
            assert not wrong, f"{seen}: {wrong}"

    def check_address(self) -> None:
        """The address and everything that names it stayed as it was, event by event."""
        after = self.upgrades.entry()
        assert after["metadata"]["uid"] == self.before["metadata"]["uid"]
        assert after["status"]["loadBalancer"] == self.before["status"]["loadBalancer"]
        for seen in self.recorder.events("Service"):
            if seen.item["metadata"]["name"] == ENTRY:
                assert seen.type != "DELETED"
                assert seen.item["status"]["loadBalancer"] == self.before["status"]["loadBalancer"]
        assert not [seen for seen in self.recorder.events("Ingress") if seen.type not in ("SEEN", "ADDED")], "no Ingress is touched"
