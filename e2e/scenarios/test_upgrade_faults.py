"""What goes wrong around an upgrade while it is under way; see docs/reference/upgrade-failures.md for all of it."""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from harness import apps
from harness.client import INTERNET, OFFICE
from harness.cluster import ROOT
from harness.fleet import OWNED_KINDS, OWNER_LABEL
from harness.kube import condition
from harness.upgrades import APP, ENTRY, HOST, NAME, SPACE, Watched, new_configuration
from harness.waiting import stays, wait_until

OUTAGE_SECONDS = 20  # more than the operators' lease lasts
LATER_HOST = "later.shift.example.test"
HARNESS = Path(apps.__file__).parent
OPERATOR = ROOT / "build" / "dev" / "operator" / "ingressfleet"


@pytest.mark.timeout(240)
def test_the_image_does_not_exist(settled, watched):
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: (tier["controller"].update(image="ingressfleet/proxy:missing"), tier["upgrade"].update(progressDeadlineSeconds=30)))
        revision = settled.wait_for("Warm")["candidate"]["revision"]
        after = settled.wait_until_settled()
    watched.check()
    assert after["serving"] == before
    assert after["failedRevisions"][-1] == revision
    assert after["upgrade"]["abort"]["reason"] == "WarmTimedOut"
    assert "ingressfleet/proxy:missing" in after["upgrade"]["abort"]["message"]


@pytest.mark.timeout(240)
def test_a_rolling_update_that_cannot_work_is_taken_back(settled, watched):
    before = settled.status()["serving"]
    with watched:
        settled.apply(lambda tier: (tier["controller"].update(image="ingressfleet/proxy:absent"),
                                    tier["upgrade"].update(strategy="RollingUpdate", progressDeadlineSeconds=30)))
        settled.wait_for("RollingBack")
        after = settled.wait_until_settled()
    watched.check()
    assert after["serving"] == before
    assert "ingressfleet/proxy:absent" in settled.rolled_out()["message"]


@pytest.mark.timeout(300)
def test_the_api_server_is_away(settled, watched, operator, cluster, measure):
    """Both slots are selected, and nobody can write or read for a while."""
    before = settled.status()["serving"]
    with watched:
        settled.apply(new_configuration)
        settled.wait_for("Expand")
        cluster.stop("kube-apiserver")
        try:
            stays(lambda: watched.load.progress()["failed"] == 0, "no request fails while the API server is away", OUTAGE_SECONDS)
        finally:
            cluster.start("kube-apiserver")
        after = settled.wait_until_settled(before["revision"])
    watched.check(measure, f"API server away for {OUTAGE_SECONDS} s")
    assert after["serving"]["slot"] != before["slot"]
    operator.wait_until_observed()
    operator.wait_until_ready()


@pytest.mark.timeout(240)
def test_other_hands(settled, watched, client, kube, made, measure):
    """While both slots are selected somebody adds an Ingress, deletes the class and writes another selector."""
    before, controller = settled.status()["serving"], kube.get("IngressClass", NAME)["spec"]["controller"]
    with watched:
        settled.apply(new_configuration)
        settled.wait_for("Expand")
        made(apps.ingress("later", SPACE, LATER_HOST, APP, NAME))
        for pod in settled.pods():
            port = next(one["containerPort"] for one in pod["spec"]["containers"][0]["ports"] if one["name"] == "http")
            client.get_until({"app": APP}, INTERNET, pod["status"]["podIP"], LATER_HOST, port=port)
        kube.delete("IngressClass", NAME)
        wait_until(lambda: kube.get("IngressClass", NAME), "the class is there again", 30)
        kube.patch("Service", ENTRY, NAME, {"spec": {"selector": {"ingressfleet.io/slot": before["slot"]}}})
        edited = time.monotonic()
        wait_until(lambda: settled.selected() == "ab", "both slots are selected again", 10)
        measure("foreign selector → put back", time.monotonic() - edited, "s")
        after = settled.wait_until_settled(before["revision"])
    assert kube.get("IngressClass", NAME)["spec"]["controller"] == controller
    assert after["serving"]["slot"] != before["slot"]
    watched.load.check()
    client.get_until({"app": APP}, INTERNET, settled.address, LATER_HOST)


@pytest.mark.timeout(300)
def test_the_entry_is_deleted(settled, client, kube, measure):
    """Its address is away for a moment, and the requests that this costs are counted against the candidate: nothing is promoted on a guess."""
    entry = settled.entry()
    with Watched(settled, client, kube, source=OFFICE) as watched:
        settled.apply(new_configuration)
        settled.wait_for("Expand")
        kube.delete("Service", ENTRY, NAME)
        wait_until(lambda: settled.entry().get("metadata", {}).get("uid", "") not in ("", entry["metadata"]["uid"]), "there is another entry", 30)
        client.get_until({"app": APP}, INTERNET, wait_until(lambda: settled.address, "it has an address"), HOST)
        after = settled.wait_until_settled()
    assert settled.selected() == after["serving"]["slot"]
    measure("entry deleted: from the first to the last request that failed", watched.load.longest_gap(), "s", f"{watched.load.summary['failed']} of {watched.load.summary['sent']}")
    assert condition(kube.get("IngressFleet", NAME), "Available")["status"] == "True"


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
        client.get_until({"app": APP}, OFFICE, settled.address, HOST)
        answered = time.time()
        after = settled.wait_until_settled(seconds=120)
    assert after["serving"] == before
    assert after["upgrade"]["abort"]["reason"] == "CandidateDead"
    watched.check_address()
    measure("candidate dead: from the first to the last request that failed", watched.load.longest_gap(), "s", f"{watched.load.summary['failed']} of {watched.load.summary['sent']}")
    assert not watched.load.failures_since(answered), watched.load.describe()


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
def test_the_fleet_is_deleted(settled, kube, upgrades):
    """Nothing stays but the namespace, whichever slot was on its way."""
    settled.apply(new_configuration)
    settled.wait_for("Expand")
    kube.delete("IngressFleet", NAME)

    def left() -> list[str]:
        return [f"{kind} {item['metadata']['name']}" for kind in OWNED_KINDS if kind != "Namespace"
                for item in kube.list(kind, selector=f"{OWNER_LABEL}={NAME}")]

    wait_until(lambda: kube.get("IngressFleet", NAME) is None, "the fleet is gone", 120)
    assert left() == []
    upgrades.apply()
    upgrades.wait_until_settled()
