"""When nothing happens the operator writes nothing."""
import time

import pytest

from harness.fleet import TIERS
from harness.kube import KINDS
from harness.metrics import Metrics
from harness.waiting import wait_until
from harness.watch import Recorder

IDLE_SECONDS = 60
# Resources the operator and the agents write. Leases and nodes are renewed by everyone all the time.
RESOURCES = {KINDS[kind][1] for kind in KINDS} - {"leases", "nodes", "pods", "events", "endpointslices"}
WRITES = {"APPLY", "PATCH", "PUT", "POST", "DELETE"}


def writes_by_resource(kube) -> dict[str, float]:
    """As the API server counts them, by whomever."""
    counts: dict[str, float] = {}
    for name, labels, value in Metrics(kube.text("GET", "metrics")).samples:
        if name == "apiserver_request_total" and labels["verb"] in WRITES and labels["resource"] in RESOURCES and not labels["dry_run"]:
            key = f"{labels['verb']} {labels['group']}/{labels['resource']} {labels['subresource']} {labels['code']}"
            counts[key] = counts.get(key, 0) + value
    return counts


@pytest.mark.timeout(240)
def test_idle(fleet, operator, kube, measure):
    # Quiet first: what the scenario before has set off comes to its end.
    quiet = {"counts": None, "since": time.monotonic()}

    def settled() -> bool:
        counts = writes_by_resource(kube)
        if counts != quiet["counts"]:
            quiet.update(counts=counts, since=time.monotonic())
        return time.monotonic() - quiet["since"] > 10

    wait_until(settled, "10 s without a write", 90, every=1)
    versions, counts = fleet.versions(), writes_by_resource(kube)
    leader = operator.leader()
    with Recorder(kube, ("Lease", operator.namespace)) as recorder:
        own = operator.writes(leader)
        time.sleep(IDLE_SECONDS)  # the subject of the test is that nothing happens in this time
        own = operator.writes(leader) - own
    after = writes_by_resource(kube)
    written = {key: value - counts.get(key, 0) for key, value in after.items() if value != counts.get(key, 0)}
    measure("writes of the idle operator in 60 s", sum(written.values()), "", "renewals of its lease left out")
    assert not written
    assert fleet.versions() == versions
    # Its own count agrees: all it sent were renewals of the lease.
    renewals = len(recorder.events("Lease", type="MODIFIED"))
    assert abs(own - renewals) <= 1, f"{own} writes of the operator, {renewals} renewals of the lease"


def test_memory(fleet, operator, measure):
    """Resident memory of an idle fleet of three tiers."""
    for pod in operator.pods():
        role = "leader" if pod["metadata"]["name"] == operator.leader()["metadata"]["name"] else "standby"
        measure(f"operator resident memory, {role}", operator.resident_bytes(pod) / 2**20, "MiB")
        assert operator.resident_bytes(pod) < 128 * 2**20
    for name, read in (("agent", lambda tier: tier.agents()), ("HAProxy", lambda tier: tier.haproxies())):
        largest = max(process.resident_bytes for tier in TIERS for found in read(fleet[tier]).values() for process in found)
        measure(f"{name} resident memory, largest process", largest / 2**20, "MiB")
        assert largest < 200 * 2**20
