"""A controller is replaced under load: nobody notices, whatever happens meanwhile. And two controls that must be noticed, so that the proof can fail."""
import time

import pytest

from harness import apps, install
from harness.client import INTERNET
from harness.fleet import OWNER_LABEL
from harness.upgrades import APP, ENTRY, HOST, NAME, SPACE, Timeline, Upgrades
from harness.waiting import wait_until
from harness.watch import Recorder

# Streams end within the drain time. What lasts longer is cut at its end: see test_long_connections.
MIX = "http-new=60,http-keep=60,https-new=20,https-keep=40,h2=40,stream=3"
STREAM_SECONDS = 8


@pytest.fixture(scope="module")
def upgrades(cluster, operator, kube, client):
    upgrades = Upgrades(cluster, install.PROXY_IMAGE)
    for manifest in (apps.namespace(SPACE), apps.deployment(APP, SPACE, replicas=2), apps.service(APP, SPACE), apps.ingress(APP, SPACE, HOST, APP, NAME)):
        kube.apply(manifest)
    apps.wait_until_rolled_out(kube, APP, SPACE)
    upgrades.apply()
    upgrades.wait_until_settled()
    wait_until(lambda: upgrades.address, "the entry has an address")
    yield upgrades
    kube.delete("IngressFleet", NAME)
    wait_until(lambda: not kube.list("Service", NAME, f"{OWNER_LABEL}={NAME}") and not kube.get("IngressFleet", NAME), "the fleet is gone", 120)
    kube.delete("Namespace", NAME)
    kube.delete("Namespace", SPACE)


@pytest.fixture
def settled(upgrades, client):
    """The tier at rest, answering."""
    upgrades.wait_until_settled()
    client.get_until({"app": APP}, INTERNET, upgrades.address, HOST)
    return upgrades


class Watched:
    """Load and witnesses around what the body of a `with` does; `check` says that nobody has noticed anything."""

    def __init__(self, upgrades: Upgrades, client, kube, mix: str = MIX):
        self.upgrades, self.kube = upgrades, kube
        self.before = upgrades.entry()
        self.load = client.load(upgrades.address, [HOST], [APP], mix, stream_seconds=STREAM_SECONDS)
        self.recorder = Recorder(kube, ("Service", NAME), ("Ingress", SPACE))
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


@pytest.fixture
def watched(settled, client, kube):
    return Watched(settled, client, kube)


def new_configuration(tier: dict) -> None:
    tier["controller"]["config"] = {"timeoutClient": f"{40 + time.time_ns() % 20}s"}


def writes_of(operator) -> float:
    """All that the replicas ever wrote to the API server but renewals of the lease, which are the only PUTs, and Events."""
    return sum(value for pod in operator.pods() for name, labels, value in operator.metrics(pod).samples
               if name == "rest_client_requests_total" and labels.get("method") in ("POST", "PATCH", "DELETE"))


@pytest.mark.timeout(240)
def test_new_configuration(settled, watched, operator, measure):
    before = settled.status()["serving"]
    writes = writes_of(operator)
    with watched:
        settled.apply(new_configuration)
        after = settled.wait_until_settled(before["revision"])
    assert after["serving"]["slot"] != before["slot"]
    assert [phase for phase in ("Warm", "Expand", "Observe", "Retain") if phase not in watched.timeline.phases()] == []
    watched.check(measure, "new configuration")
    measure("upgrade: writes of objects", writes_of(operator) - writes, "", "status not counted")


@pytest.mark.timeout(240)
def test_long_connections_live_until_the_drain_limit(settled, client, kube, measure):
    """WebSockets of the old slot go on while the new one serves, and end only when its pods are told to."""
    before = settled.status()["serving"]
    with Watched(settled, client, kube, "http-new=20,ws=6") as watched:
        settled.apply(new_configuration)
        settled.wait_for("Drain", "Finalize", "Stable", seconds=150)
        assert not watched.load.progress()["failed"], "nothing is cut before the old slot drains"
        settled.wait_until_settled(before["revision"])
    cut = watched.load.summary["kinds"]["ws"]["sent"] - watched.load.summary["kinds"]["ws"]["ok"]
    measure("WebSocket messages lost at the drain limit", cut, "", "of connections that outlived it")
    assert not [failure for failure in watched.load.failures if failure["kind"] != "ws"], watched.load.describe()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("phase", ["Warm", "Approve", "Expand", "Observe"])
def test_abort(settled, watched, phase, measure):
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(promotion="Manual" if phase == "Approve" else "Automatic", observeSeconds=60)))
        settled.wait_for(phase)
        settled.order("abort")
        ordered = time.monotonic()
        wait_until(lambda: settled.selected() == before["slot"] and settled.phase() in ("AbortPre", "Stable"), "only the old slot is selected", 60)
        measure(f"abort in {phase} → selector back", time.monotonic() - ordered, "s")
        after = settled.wait_until_settled()
    assert after["serving"] == before
    assert after["upgrade"]["abort"]["reason"] == "Requested"
    watched.check()


@pytest.mark.timeout(300)
def test_rollback_after_promotion(settled, watched, measure):
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(retainSeconds=120)))
        settled.wait_for("Retain", seconds=120)
        settled.order("rollback", before["revision"])
        ordered = time.monotonic()
        wait_until(lambda: settled.selected() == before["slot"], "only the old slot is selected", 60)
        measure("rollback → selector back", time.monotonic() - ordered, "s", "through both slots, so that nothing is lost")
        after = settled.wait_until_settled()
    assert after["serving"]["revision"] == before["revision"]
    watched.check()


@pytest.mark.timeout(300)
def test_candidate_dies_after_the_switch(settled, watched, measure):
    """What was on its way through the killed pods is lost with them; everything after it is not."""
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(observeSeconds=120)))
        settled.wait_for("Observe", seconds=120)
        candidate = settled.status()["candidate"]["slot"]
        settled.kill(candidate)
        killed = time.monotonic()
        wait_until(lambda: before["slot"] in settled.selected(), "the old slot is selected again", 30)
        measure("candidate dead → old slot selected", time.monotonic() - killed, "s")
        after = settled.wait_until_settled(seconds=120)
    assert after["serving"] == before
    assert after["upgrade"]["abort"]["reason"] == "CandidateDead"
    watched.check_address()
    measure("candidate dead: longest time with failures", watched.load.longest_gap(), "s", f"{watched.load.summary['failed']} of {watched.load.summary['sent']}")
    assert watched.load.longest_gap() < 30


@pytest.mark.timeout(420)
def test_operator_is_killed_again_and_again(settled, watched, operator, measure):
    before = settled.status()["serving"]
    kills = 0
    with watched:
        settled.apply(new_configuration)
        for phase in ("Warm", "Expand", "Observe", "Retain"):
            settled.wait_for(phase, *(["Stable"] if phase == "Retain" else []), seconds=120)
            for pod in operator.pods():
                for process in operator.cluster.processes(pod):
                    process.kill()
            kills += 1
        after = settled.wait_until_settled(before["revision"], seconds=240)
    assert after["serving"]["slot"] != before["slot"]
    watched.check(measure, f"operator killed {kills} times")
    operator.wait_until_ready()


@pytest.mark.timeout(240)
def test_control_a_flip_without_draining_is_noticed(settled, watched):
    """The same client sees a loss where there is one."""
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(observeSeconds=0, retainSeconds=0), tier["publishing"].update(cutover="Flip"),
                                    tier["workload"].update(shutdown={"preStopDelaySeconds": 0, "drainSeconds": 0})))
        settled.wait_for("Observe", "Retain", "Drain", "Finalize", "Stable", seconds=120)
        settled.kill(before["slot"])
        settled.wait_until_settled(before["revision"], seconds=180)
    assert watched.load.summary["failed"] > 0, watched.load.describe()
