"""The operator as its chart installs it."""
import re

import pytest

from harness.cluster import ROOT
from harness.fleet import SAMPLE, TIERS
from harness.kube import condition
from harness.waiting import wait_until


def test_two_replicas_and_one_leader(operator):
    assert len(operator.pods()) == 2
    assert all(condition(pod, "Ready")["status"] == "True" for pod in operator.pods())
    lease = operator.lease()
    assert lease["metadata"]["name"] == operator.name and lease["spec"]["leaseDurationSeconds"] == 15
    renewed = lease["spec"]["renewTime"]
    wait_until(lambda: operator.lease()["spec"]["renewTime"] != renewed, "the lease is renewed", 15)


def test_health_of_every_replica(operator):
    for pod in operator.pods():
        assert "ok" in operator.page("/healthz", pod)
        verbose = operator.page("/readyz?verbose", pod)
        assert re.search(r"\[\+\]\s*\w+", verbose), f"no named checks: {verbose!r}"


def test_metrics_have_the_usual_names(fleet, operator):
    leader = operator.metrics()
    for name in ("controller_runtime_reconcile_total", "controller_runtime_reconcile_errors_total", "controller_runtime_reconcile_time_seconds_bucket",
                 "workqueue_depth", "workqueue_adds_total", "workqueue_queue_duration_seconds_bucket", "workqueue_retries_total",
                 "rest_client_requests_total", "leader_election_master_status", "process_resident_memory_bytes"):
        assert name in leader.names(), f"{name} is missing; there are {sorted(leader.names())}"
    assert leader.total("leader_election_master_status") == 1
    standby = next(pod for pod in operator.pods() if pod["metadata"]["name"] != operator.leader()["metadata"]["name"])
    assert operator.metrics(standby).total("leader_election_master_status") == 0
    for tier in TIERS:
        assert leader.total("ingressfleet_tier_ready_replicas", tier=tier) == 2
    assert leader.total("ingressfleet_fleet_condition", condition="Available") == 1


def test_pods_hold_the_restricted_standard(operator, kube):
    """By the API server's own judgement: a dry run of the label on the namespace lists every pod that would violate it."""
    answer = kube.call("PATCH", f"api/v1/namespaces/{operator.namespace}?dryRun=All&fieldManager=e2e",
                       {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}, "application/merge-patch+json")
    assert answer["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in operator.pods():
        context = pod["spec"]["containers"][0]["securityContext"]
        assert context["readOnlyRootFilesystem"] and context["capabilities"]["drop"] == ["ALL"] and not context["allowPrivilegeEscalation"]


def test_people_read_the_fleet(fleet, cluster):
    """What someone sees who has never seen the product."""
    from harness.cluster import run
    table = run(cluster.kubectl, f"--kubeconfig={cluster.kubeconfig}", "get", "ingressfleet", "platform", "-o", "wide")
    head, row = table.strip().splitlines()
    for column in ("NAME", "ACCEPTED", "AVAILABLE", "PROGRESSING", "DEGRADED", "DEFAULT", "AGE", "TIERS", "ADDRESSES", "VERSIONS"):
        assert column in head
    for value in ("platform", "True", "private", *(fleet[tier].address for tier in TIERS)):
        assert value in row


def test_check_in_the_image(operator):
    good = operator.command("check", "-f", "-", text=SAMPLE.read_text())
    assert good.returncode == 0 and "valid" in good.stdout, good
    bad = operator.command("check", "-f", "-", text=SAMPLE.read_text().replace("10.0.0.0/8", "10.0.0.300/8"))
    assert bad.returncode == 1 and "spec.tiers[1].access.allowedSourceRanges[0]" in bad.stdout + bad.stderr, bad


def test_plan_in_the_image(operator):
    planned = operator.command("plan", "-f", "-", text=SAMPLE.read_text())
    assert planned.returncode == 0, planned
    position = {word: planned.stdout.find(word) for word in ("ConfigMap ingress-fleet/public-live", "Service ingress-fleet/public-entry", "Deployment ingress-fleet/public-a")}
    assert -1 not in position.values(), f"{position}\n{planned.stdout}"
    # The access list exists before anything that could be reached.
    assert position["ConfigMap ingress-fleet/public-live"] < position["Service ingress-fleet/public-entry"]


def test_plan_is_what_exists(fleet, operator):
    """Every object that `plan` announces for an empty cluster is there, and none besides."""
    planned = operator.command("plan", "-f", "-", text=SAMPLE.read_text())
    announced = set(re.findall(r"^\s+\w+ ([A-Z]\w+) (?:\S+/)?(\S+)$", planned.stdout, re.MULTILINE))
    there = {(item["kind"], item["metadata"]["name"]) for item in fleet.owned()}
    assert announced == there, f"announced only: {announced - there}; there only: {there - announced}"


@pytest.mark.timeout(300)
def test_upgrade_of_the_release_changes_nothing(fleet, operator, client):
    """helm upgrade with the same values: no operand is written."""
    before = fleet.contents()
    operator.install()
    assert fleet.contents() == before
    assert (ROOT / "charts" / "ingressfleet" / "files" / "ingressfleet.yaml").exists()
