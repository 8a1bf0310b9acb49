"""What someone changes by hand comes back; what is not the fleet's stays as it is."""
import time

import pytest

from harness import apps
from harness.client import INTERNET, Refusal
from harness.fleet import DEFAULT_MARK, NAMESPACE, OWNER_LABEL
from harness.kube import condition, label
from harness.sites import SHOP, WIKI
from harness.waiting import NotYet, stays, wait_until
from harness.watch import Recorder


@pytest.fixture
def entries(fleet, kube):
    """Records every version of the entry Services: their UID and address must not change, whatever happens."""
    before = {name: (tier.entry()["metadata"]["uid"], tier.address) for name, tier in fleet.tiers.items()}
    with Recorder(kube, ("Service", NAMESPACE)) as recorder:
        yield recorder
        for name, identity in before.items():
            seen = recorder.values("Service", fleet[name].entry_name, lambda item: (
                item["metadata"]["uid"], (item["status"]["loadBalancer"].get("ingress") or [{}])[0].get("ip")))
            assert seen == {identity}, f"the entry of {name} was {seen}"


def test_a_deleted_deployment_comes_back(entries, fleet, kube, client, measure):
    uid = fleet["public"].deployment()["metadata"]["uid"]
    kube.delete("Deployment", "public-a", NAMESPACE)
    deleted = time.monotonic()

    def back() -> bool:
        found = kube.get("Deployment", "public-a", NAMESPACE)
        if not found or found["metadata"]["uid"] == uid:
            raise NotYet("not yet back")
        return True

    wait_until(back, "the Deployment is back", 15)
    measure("deleted Deployment → back", time.monotonic() - deleted, "s")
    fleet.wait_until_available()
    client.get_until({"app": SHOP.app}, INTERNET, fleet["public"].address, SHOP.host)


def test_a_deleted_class_comes_back_with_its_mark(entries, fleet, kube):
    before = fleet["private"].ingress_class()
    kube.delete("IngressClass", "private")

    def back() -> bool:
        found = fleet["private"].ingress_class()
        assert found["metadata"]["uid"] != before["metadata"]["uid"], "not yet deleted"
        assert found["spec"]["controller"] == before["spec"]["controller"]
        assert found["metadata"]["annotations"][DEFAULT_MARK] == "true"
        return True

    wait_until(back, "the class is back", 15)
    fleet.wait_until_available()


def own_annotation(entry: dict) -> tuple[str, str]:
    """One that the operator has set: the field manager says so."""
    for entry_of_manager in entry["metadata"]["managedFields"]:
        if entry_of_manager["manager"].startswith("ingressfleet") and entry_of_manager.get("subresource", "") == "":
            for field in entry_of_manager["fieldsV1"].get("f:metadata", {}).get("f:annotations", {}):
                if field.startswith("f:"):
                    return field[2:], entry["metadata"]["annotations"][field[2:]]
    pytest.skip("the operator sets no annotation on this Service")


def test_a_changed_service_annotation_comes_back(entries, fleet, kube):
    def annotate(spec):
        spec["tiers"][0]["publishing"]["loadBalancer"]["annotations"] = {"e2e.example.test/owner": "fleet"}

    fleet.apply(annotate)
    fleet.wait_until_available()
    key, value = own_annotation(fleet["public"].entry())
    for wrong in (None, "changed by hand"):
        kube.patch("Service", "public-entry", NAMESPACE, {"metadata": {"annotations": {key: wrong}}})
        wait_until(lambda: fleet["public"].entry()["metadata"]["annotations"].get(key) == value, f"annotation {key} is back", 10)


def test_a_removed_annotation_of_the_spec_is_removed(entries, fleet):
    def annotate(spec):
        spec["tiers"][0]["publishing"]["loadBalancer"]["annotations"] = {"e2e.example.test/owner": "fleet"}

    fleet.apply(annotate)
    wait_until(lambda: fleet["public"].entry()["metadata"].get("annotations", {}).get("e2e.example.test/owner") == "fleet", "the annotation is there")
    fleet.apply()
    wait_until(lambda: "e2e.example.test/owner" not in fleet["public"].entry()["metadata"].get("annotations", {}), "the annotation is gone")


def ranges(tier) -> list[str]:
    return tier.entry()["spec"].get("loadBalancerSourceRanges", [])


def test_an_opened_load_balancer_is_closed_again(entries, fleet, kube, client, measure):
    address, before = fleet["private"].address, ranges(fleet["private"])
    kube.patch("Service", "private-entry", NAMESPACE, {"spec": {"loadBalancerSourceRanges": ["0.0.0.0/0"]}})
    opened = time.monotonic()
    wait_until(lambda: ranges(fleet["private"]) == before, "the ranges are back", 10)
    measure("opened source ranges → closed", time.monotonic() - opened, "s")
    client.get_until({"failure": "timeout"}, INTERNET, address, WIKI.host, deadline=15, seconds=0.5)


def test_removed_ranges_come_back(entries, fleet, kube):
    before = ranges(fleet["private"])
    kube.patch("Service", "private-entry", NAMESPACE, {"spec": {"loadBalancerSourceRanges": None}})
    wait_until(lambda: ranges(fleet["private"]) == before, "the ranges are back", 10)


def test_the_live_settings_come_back(entries, fleet, kube):
    before = kube.get("ConfigMap", "private-live", NAMESPACE)["data"]
    assert any("10.0.0.0/8" in value for value in before.values()), before
    opened = {key: value.replace("10.0.0.0/8", "0.0.0.0/0") for key, value in before.items()}
    kube.patch("ConfigMap", "private-live", NAMESPACE, {"data": opened})
    wait_until(lambda: kube.get("ConfigMap", "private-live", NAMESPACE)["data"] == before, "the live settings are back", 10)
    kube.delete("ConfigMap", "private-live", NAMESPACE)
    wait_until(lambda: (kube.get("ConfigMap", "private-live", NAMESPACE) or {}).get("data") == before, "the live settings are there again", 10)
    fleet.wait_until_available()


def test_deleted_live_settings_fail_closed(entries, fleet, kube, client):
    """Not for a moment does a proxy without a list let everyone in."""
    pod = fleet["private"].pods()[0]
    port = next(one["containerPort"] for one in pod["spec"]["containers"][0]["ports"] if one["name"] == "http")
    kube.delete("ConfigMap", "private-live", NAMESPACE)
    stays(lambda: isinstance(client.get(INTERNET, pod["status"]["podIP"], WIKI.host, port=port), Refusal), "the proxy refuses strangers", 3)
    fleet.wait_until_available()


def test_a_changed_range_is_in_force_without_a_restart(entries, fleet, client):
    """The allowed list is data: no pod is replaced, no process reloads."""
    public = fleet["public"]
    workers, pods = public.workers(), {pod["metadata"]["uid"] for pod in public.pods()}

    def narrow(spec):
        spec["tiers"][0]["access"]["allowedSourceRanges"] = ["203.0.113.0/24"]

    fleet.apply(narrow)
    client.get_until({"failure": "timeout"}, INTERNET, public.address, SHOP.host, seconds=0.5)
    fleet.wait_until_available()
    fleet.apply()
    client.get_until({"app": SHOP.app}, INTERNET, public.address, SHOP.host)
    assert public.workers() == workers and {pod["metadata"]["uid"] for pod in public.pods()} == pods


def test_foreign_marks_on_owned_objects_are_left_alone(entries, fleet, kube):
    foreign = {"metadata": {"annotations": {"foreign.example.test/note": "kept"}, "labels": {"foreign.example.test/team": "kept"}}}
    owned = [("Service", "public-entry", NAMESPACE), ("Deployment", "public-a", NAMESPACE), ("IngressClass", "public", ""), ("ConfigMap", "public-live", NAMESPACE)]
    before = ranges(fleet["public"])
    try:
        for kind, name, space in owned:
            kube.patch(kind, name, space, foreign)
        # A repair of something else on the same object writes it, and must not take them away.
        kube.patch("Service", "public-entry", NAMESPACE, {"spec": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}})
        wait_until(lambda: ranges(fleet["public"]) == before, "the ranges are back")
        for kind, name, space in owned:
            metadata = kube.get(kind, name, space)["metadata"]
            assert metadata["annotations"].get("foreign.example.test/note") == "kept", kind
            assert metadata["labels"].get("foreign.example.test/team") == "kept", kind
    finally:
        for kind, name, space in owned:
            kube.patch(kind, name, space, {"metadata": {"annotations": {"foreign.example.test/note": None}, "labels": {"foreign.example.test/team": None}}})


@pytest.mark.parametrize("foreign", [
    {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "extra"}, "spec": {"controller": "example.test/other"}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "extra-entry", "namespace": NAMESPACE}, "spec": {"ports": [{"port": 80}], "selector": {"app": "other"}}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra-live", "namespace": NAMESPACE}, "data": {"theirs": "yes"}},
], ids=lambda foreign: foreign["kind"])
def test_a_foreign_object_of_the_same_name_is_reported_and_untouched(fleet, kube, foreign):
    kube.apply(foreign)
    kind, name, space = foreign["kind"], foreign["metadata"]["name"], foreign["metadata"].get("namespace", "")
    before = kube.get(kind, name, space)

    def more(spec):
        spec["tiers"].append({"name": "extra", "workload": {"replicas": 1}, "publishing": {"type": "Private"}})
        # Private publishing needs none of what tierDefaults says about load balancers.
        spec["tierDefaults"]["publishing"] = {}
        for tier in spec["tiers"][:3]:
            tier["publishing"].update(type="LoadBalancer")
            tier["publishing"]["loadBalancer"]["provider"] = "MetalLB"

    try:
        fleet.apply(more)

        def reported() -> bool:
            found = fleet.get()
            text = " ".join(f"{one.get('reason')} {one.get('message')}" for one in found["status"]["conditions"]) + " ".join(map(str, found["status"].get("conflicts", [])))
            if name not in text or kind not in text or "extra" not in text:
                raise NotYet(text)
            return True

        wait_until(reported, f"the fleet's status names {label(before)}")
        after = kube.get(kind, name, space)
        assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
        assert OWNER_LABEL not in after["metadata"].get("labels", {})
    finally:
        fleet.apply()
        wait_until(lambda: not [item for item in fleet.owned() if item["metadata"].get("labels", {}).get("ingressfleet.io/tier") == "extra"], "what there was of tier extra is gone", 60)
        assert kube.get(kind, name, space)["metadata"]["uid"] == before["metadata"]["uid"], "a foreign object went with the tier"
        kube.delete(kind, name, space)


def test_a_second_default_class_is_reported(fleet, kube):
    intruder = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
                "metadata": {"name": "intruder", "annotations": {DEFAULT_MARK: "true"}}, "spec": {"controller": "example.test/other"}}
    kube.apply(intruder)
    before = kube.get("IngressClass", "intruder")["metadata"]["resourceVersion"]
    try:
        def reported() -> bool:
            one = condition(fleet.get(), "DefaultClassSafe")
            if one.get("status") != "False" or "intruder" not in one.get("message", ""):
                raise NotYet(str(one))
            return True

        wait_until(reported, "DefaultClassSafe is False and names the other class", 10)
        assert kube.get("IngressClass", "intruder")["metadata"]["resourceVersion"] == before
    finally:
        kube.delete("IngressClass", "intruder")
    wait_until(lambda: condition(fleet.get(), "DefaultClassSafe").get("status") == "True", "DefaultClassSafe is True again", 10)
