"""The fleet is deleted: everything of it goes, in order, and nothing else."""
import pytest

from harness import apps
from harness.client import INTERNET, Refusal
from harness.cluster import Stopwatch
from harness.fleet import DEFAULT_MARK, NAMESPACE, OWNED_KINDS, OWNER_LABEL, TIERS
from harness.kube import label
from harness.sites import SHOP, SPACE
from harness.waiting import NotYet, stays, wait_until
from harness.watch import Recorder

# What others make and drop as they like.
TRANSIENT = ("ingress-fleet/", "kube-root-ca.crt")


def everything_else(kube, fleet) -> dict:
    """UIDs of all objects that are not the fleet's. One that is being deleted does not count as there, nor does what is in such a namespace: scenarios
    before may have left some, and what the fleet's deletion takes along is missing afterwards."""
    kinds = [*OWNED_KINDS, "Ingress", "CustomResourceDefinition"]
    found = [item for kind in kinds for item in kube.list(kind)]
    leaving = {item["metadata"]["name"] for item in found if item["kind"] == "Namespace" and "deletionTimestamp" in item["metadata"]}
    return {label(item): item["metadata"]["uid"] for item in found
            if item["metadata"].get("labels", {}).get(OWNER_LABEL) != fleet.name and not any(word in label(item) for word in TRANSIENT)
            and "deletionTimestamp" not in item["metadata"] and item["metadata"].get("namespace") not in leaving}


@pytest.fixture
def foreign(kube):
    """In the middle of the fleet's own namespace, with names like theirs."""
    made = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "public-notes", "namespace": NAMESPACE, "labels": {"app.kubernetes.io/managed-by": "somebody"}}, "data": {"kept": "yes"}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "public-other"}, "spec": {"controller": "example.test/other"}},
        {**apps.service("nobody", NAMESPACE, "public-entry-2")},
    ]
    for manifest in made:
        kube.apply(manifest)
    yield [(one["kind"], one["metadata"]["name"], one["metadata"].get("namespace", "")) for one in made]
    for manifest in made:
        kube.delete(manifest["kind"], manifest["metadata"]["name"], manifest["metadata"].get("namespace", ""))


def in_order(recorder, tier: str) -> bool:
    """Default mark, workload, entry Service, class."""
    unmarked = next(seen for seen in recorder.events("IngressClass", "private")
                    if seen.type == "DELETED" or seen.item["metadata"].get("annotations", {}).get(DEFAULT_MARK) != "true")
    steps = [unmarked, recorder.first("Deployment", f"{tier}-a", "DELETED"), recorder.first("Service", f"{tier}-entry", "DELETED"),
             recorder.first("IngressClass", tier, "DELETED")]
    revisions = [seen.revision for seen in steps]
    return revisions == sorted(revisions)


@pytest.mark.timeout(300)
def test_delete(fleet, kube, client, sites, foreign, measure):
    address = fleet["public"].address
    before, mine = everything_else(kube, fleet), {label(item) for item in fleet.owned()}
    assert len(mine) > 20
    watched = [("IngressClass", ""), *((kind, NAMESPACE) for kind in ("Deployment", "Service", "ConfigMap", "PodDisruptionBudget"))]
    with Recorder(kube, *watched) as recorder:
        # While Ingresses use its classes it says so and serves on.
        kube.delete("IngressFleet", fleet.name)
        wait_until(lambda: says_who_uses_it(fleet), "the fleet's status names an Ingress that keeps it")
        stays(lambda: getattr(client.get(INTERNET, address, SHOP.host), "app", None) == SHOP.app, "the site is served", 3)
        assert not recorder.events("Deployment", type="DELETED") and not recorder.events("Service", type="DELETED")

        sites.remove_ingresses()
        watch = Stopwatch()
        wait_until(lambda: kube.get("IngressFleet", fleet.name) is None, "the fleet is gone", 120)
        measure("last Ingress of a deleted fleet gone → fleet gone", watch.seconds, "s")
    leftover = [label(item) for item in fleet.owned() if item["kind"] != "Namespace" and not item["metadata"].get("deletionTimestamp")]
    assert not leftover, f"left behind: {leftover}"
    wait_until(lambda: not kube.list("Pod", NAMESPACE, f"{OWNER_LABEL}={fleet.name}"), "its pods are gone", 90)

    # Nothing else is gone, not even in its own namespace, which therefore stays.
    after = everything_else(kube, fleet)
    assert not {name for name, uid in before.items() if after.get(name) != uid and not name.startswith("Ingress ")}
    for kind, name, space in foreign:
        assert kube.get(kind, name, space), f"{kind} {name} went with the fleet"
    assert isinstance(client.get(INTERNET, address, SHOP.host, seconds=1), Refusal)
    for tier in TIERS:
        assert in_order(recorder, tier), [str(seen) for seen in recorder.events() if seen.type != "SEEN"]


def says_who_uses_it(fleet) -> bool:
    text = " ".join(one.get("message", "") for one in fleet.get()["status"]["conditions"])
    if f"{SPACE}/{SHOP.app}" not in text:
        raise NotYet(text)
    return True


@pytest.mark.timeout(180)
def test_forced_delete_does_not_wait_for_ingresses(fleet, kube, sites):
    def force(spec):
        spec["deletionPolicy"] = "Force"

    fleet.apply(force)
    kube.delete("IngressFleet", fleet.name)
    wait_until(lambda: kube.get("IngressFleet", fleet.name) is None, "the fleet is gone", 120)
    assert kube.get("Ingress", SHOP.app, SPACE), "Ingresses are not the fleet's"
