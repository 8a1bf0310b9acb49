"""A controller is replaced under load: nobody notices, whatever happens meanwhile. And two controls that must be noticed, so that the proof can fail."""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from harness import apps, install
from harness.client import INTERNET, OFFICE
from harness.cluster import ROOT, run
from harness.upgrades import APP, HOST, SPACE, Upgrades, Watched, new_configuration
from harness.waiting import wait_until

NEXT_IMAGE = "ingressfleet/proxy:next"  # the same proxy under another name: what matters is that everything is replaced
TRAEFIK_IMAGE = "docker.io/library/traefik:v3.7.12"
HARNESS = Path(apps.__file__).parent
OPERATOR = ROOT / "build" / "dev" / "operator" / "ingressfleet"


@pytest.fixture(scope="module")
def upgrades(cluster, operator):
    with Upgrades(cluster, install.PROXY_IMAGE) as upgrades:
        yield upgrades


@pytest.fixture
def settled(upgrades, client):
    """The tier at rest, answering."""
    upgrades.wait_until_settled()
    client.get_until({"app": APP}, INTERNET, upgrades.address, HOST)
    return upgrades


@pytest.fixture
def watched(settled, client, kube):
    return Watched(settled, client, kube)


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
    watched.check_conditions()
    watched.timeline.write(ROOT / "build" / "upgrade-timeline.json")
    measure("upgrade: writes to the API server", writes_of(operator) - writes, "", "objects, status and Events")


@pytest.mark.timeout(240)
def test_new_version(settled, watched, cluster, measure):
    before = settled.status()["serving"]
    install.build_proxy_image(NEXT_IMAGE)
    cluster.load_images(NEXT_IMAGE)
    with watched:
        settled.apply(lambda tier: tier["controller"].update(image=NEXT_IMAGE))
        after = settled.wait_until_settled(before["revision"])
    assert {pod["spec"]["containers"][0]["image"] for pod in settled.pods()} == {NEXT_IMAGE}
    assert after["serving"]["slot"] != before["slot"]
    watched.check(measure, "new version")
    watched.check_conditions()


@pytest.fixture(scope="module")
def traefik_image(cluster):
    run(ROOT / "e2e" / "build-engines", seconds=1500)
    cluster.load_images(TRAEFIK_IMAGE)
    return TRAEFIK_IMAGE


@pytest.mark.timeout(420)
def test_engine_switch(settled, watched, traefik_image, measure):
    """To Traefik and back: one class, one address, one run of the client."""
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: tier.update(controller={"engine": "Traefik", "image": traefik_image}))
        traefik = settled.wait_until_settled(before["revision"])
        assert {pod["spec"]["containers"][0]["image"] for pod in settled.pods()} == {traefik_image}
        watched.load.go_on(400)
        settled.apply(lambda tier: tier["controller"].update(config={}))
        after = settled.wait_until_settled(traefik["serving"]["revision"])
    assert after["serving"]["slot"] == before["slot"]
    watched.check(measure, "HAProxy → Traefik → HAProxy")
    watched.check_conditions()


@pytest.mark.timeout(240)
def test_long_connections_live_until_the_drain_limit(settled, client, kube, measure):
    """WebSockets of the old slot go on while the new one serves, and end only when its pods are told to."""
    before = settled.status()["serving"]
    with Watched(settled, client, kube, "http-new=20,ws=6") as watched:
        settled.apply(new_configuration)
        settled.wait_for("Drain", "Finalize", seconds=150)
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
def test_candidate_dies_after_the_switch(settled, client, kube, measure):
    """What was on its way through the killed pods is lost with them; everything after it is not."""
    before = settled.status()["serving"]
    with Watched(settled, client, kube, source=OFFICE) as watched:
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
        for phase in ("Warm", "Observe"):
            settled.wait_for(phase, seconds=120)
            for pod in operator.pods():
                for process in operator.cluster.processes(pod):
                    process.kill()
            kills += 1
        after = settled.wait_until_settled(before["revision"], seconds=240)
    assert after["serving"]["slot"] != before["slot"]
    watched.check(measure, f"operator killed {kills} times")
    operator.wait_until_ready()


@pytest.fixture
def mortal(operator, cluster, tmp_path):
    """Instead of the installed operator one that dies at every write. The writes, {what, made, status}."""
    log = tmp_path / "writes"
    log.touch()
    kube = operator.kube
    kube.scale(operator.name, operator.namespace, 0)
    wait_until(lambda: not operator.pods(), "the installed operator is gone", 60)
    # It borrows the network of a pod: the address that it probes from has to be nobody else's.
    host = next(pod for pod in kube.list("Pod", SPACE) if not pod["metadata"].get("deletionTimestamp"))
    process = subprocess.Popen(cluster.in_pod(host, HARNESS / "mortal.py", cluster.kubeconfig, cluster.status["addresses"]["apiInside"], log, OPERATOR, "operator",
                                               "--leader-elect=false", f"--pod-address={host['status']['podIP']}", "--health-port=18081", "--log-level=warn"),
                               env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    yield lambda: [json.loads(line) for line in log.read_text().splitlines()]
    process.terminate()
    process.wait(timeout=30)
    kube.scale(operator.name, operator.namespace, 2)
    operator.wait_until_ready()


@pytest.mark.timeout(900)
def test_operator_is_killed_at_every_write(settled, watched, mortal, measure):
    """Before the API server has seen it, and before the operator knows that it has. It ends where an undisturbed upgrade ends."""
    before, shape = settled.status()["serving"], settled.shape()
    with watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(minReadySeconds=0, observeSeconds=0, retainSeconds=0)))
        after = settled.wait_until_settled(before["revision"], seconds=800)
    watched.check(measure, "operator killed at every write")
    assert after["serving"]["slot"] != before["slot"]
    # The last things go after the last word of the status.
    wait_until(lambda: set(settled.shape()) == set(shape), f"nothing is there but {sorted(shape)}", 30)
    ended = settled.shape()
    for name, body in shape.items():
        assert ended[name] == body, name
    writes = mortal()
    twice = {write["what"] for write in writes if write["made"] == 2}
    assert twice == {write["what"] for write in writes}, "each was made again after the death that came before it"
    measure("operator killed at every write: writes", len(twice), "", f"{sum(write['made'] < 3 for write in writes)} deaths")
    assert 20 <= len(twice) <= 60


@pytest.mark.timeout(240)
def test_control_a_flip_without_draining_is_noticed(settled, client, kube):
    """The same client sees a loss where there is one."""
    before = settled.status()["serving"]
    with Watched(settled, client, kube, source=OFFICE) as watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(observeSeconds=0, retainSeconds=0), tier["publishing"].update(cutover="Flip"),
                                    tier["workload"].update(shutdown={"preStopDelaySeconds": 0, "drainSeconds": 0})))
        settled.wait_for("Observe", "Retain", "Drain", "Finalize", "Stable", seconds=120)
        settled.kill(before["slot"])
        settled.wait_until_settled(before["revision"], seconds=180)
    assert watched.load.summary["failed"] > 0, watched.load.describe()


@pytest.mark.timeout(240)
def test_control_a_rolling_update_without_draining_is_noticed(settled, client, kube):
    """What a Deployment does by itself when nobody waits for balancers and connections."""
    before = settled.status()["serving"]
    with Watched(settled, client, kube, source=OFFICE) as watched:
        settled.apply(lambda tier: (new_configuration(tier), tier["upgrade"].update(strategy="RollingUpdate", observeSeconds=0),
                                    tier["workload"].update(shutdown={"preStopDelaySeconds": 0, "drainSeconds": 0})))
        settled.wait_until_settled(before["revision"], seconds=180)
    assert watched.load.summary["failed"] > 0, watched.load.describe()
