"""Seventeen ways to break a running fleet: each is refused with the field and the remedy, and nothing that runs is touched."""
import copy
import re

import pytest
import yaml

from harness.cluster import ROOT
from harness.fleet import OWNER_LABEL, Refused
from harness.kube import condition
from harness.sites import ALL
from harness.waiting import NotYet, wait_until

FOLDER = ROOT / "tests" / "contract" / "broken-fleets"


def tier(spec: dict, name: str) -> dict:
    return next(one for one in spec["tiers"] if one["name"] == name)


def unknown_field(spec):
    tier(spec, "public")["acces"] = {}


def bad_cidr(spec):
    tier(spec, "private")["access"]["allowedSourceRanges"] = ["10.0.0.300/8"]


def host_bits(spec):
    tier(spec, "private")["access"]["allowedSourceRanges"] = ["10.0.0.1/8"]


def external_default(spec):
    spec["defaultClass"]["tierName"] = "public"


def unknown_default(spec):
    spec["defaultClass"]["tierName"] = "nobody"


def duplicate_tier(spec):
    spec["tiers"].append(copy.deepcopy(tier(spec, "staging")))


def renamed_class(spec):
    tier(spec, "staging")["ingressClass"] = {"name": "another"}


def missing_scope(spec):
    del tier(spec, "private")["publishing"]["loadBalancer"]


def unknown_engine(spec):
    spec["tierDefaults"]["controller"]["engine"] = "Apache"


def open_external(spec):
    del tier(spec, "public")["access"]


def two_unions(spec):
    tier(spec, "staging")["publishing"]["nodePort"] = {"http": 30080}


def same_class_twice(spec):
    spec["tiers"].append({"name": "fourth", "ingressClass": {"name": "public"}, "publishing": {"loadBalancer": {"scope": "Internal"}},
                          "access": {"allowedSourceRanges": ["10.0.0.0/8"]}})


def same_node_port(spec):
    spec["tierDefaults"]["publishing"] = {}
    for one, name in enumerate(("public", "private", "staging")):
        tier(spec, name)["publishing"] = {"type": "NodePort", "nodePort": {"http": 30080, "https": 30443 + one}}


def oversized_name(spec):
    spec["tiers"].append({**copy.deepcopy(tier(spec, "staging")), "name": "x" * 41})


def moved_namespace(spec):
    spec["namespace"] = "somewhere-else"


def negative_replicas(spec):
    tier(spec, "public")["workload"] = {"replicas": -1}


def no_tiers(spec):
    spec["tiers"] = []
    del spec["defaultClass"]


# What is broken → the field whose path must be named.
BROKEN = {
    unknown_field: r"spec\.tiers\[0\]\.acces\b",
    bad_cidr: r"tiers\[1\]\.access\.allowedSourceRanges",
    host_bits: r"tiers\[1\]\.access\.allowedSourceRanges",
    external_default: r"defaultClass\.tierName",
    unknown_default: r"defaultClass\.tierName",
    duplicate_tier: r"tiers\[3\]",
    renamed_class: r"ingressClass",
    missing_scope: r"scope",
    unknown_engine: r"tierDefaults\.controller\.engine",
    open_external: r"allowedSourceRanges",
    two_unions: r"publishing",
    same_class_twice: r"ingressClass",
    same_node_port: r"spec\.tiers.*node port",
    oversized_name: r"tiers\[3\]\.name",
    moved_namespace: r"spec\.namespace",
    negative_replicas: r"replicas",
    no_tiers: r"spec\.tiers",
}


@pytest.fixture
def untouched(fleet, client):
    """Every operand stays as it is, object by object, and goes on serving."""
    before = fleet.contents()
    yield
    assert fleet.contents() == before
    for site in ALL:
        assert client.get(site.asks, fleet[site.tier].address, site.host).app == site.app
    fleet.apply()
    fleet.wait_until_available()
    assert fleet.contents() == before


@pytest.mark.parametrize("breakage", BROKEN, ids=lambda breakage: breakage.__name__)
def test_broken(untouched, fleet, breakage):
    try:
        fleet.apply(breakage)
    except Refused as error:
        assert error.status in (400, 422) and re.search(BROKEN[breakage], error.message), error
        assert len(error.message) > 40, f"no remedy: {error.message}"
        return

    def refused() -> dict:
        found = fleet.get()
        one = condition(found, "Accepted")
        if one.get("status") != "False" or one.get("observedGeneration") != found["metadata"]["generation"]:
            raise NotYet(str(one))
        return one

    message = wait_until(refused, "Accepted is False")["message"]
    assert re.search(BROKEN[breakage], message), message
    # Refused is not gone: what is said about the rest goes on.
    assert condition(fleet.get(), "Available").get("status") == "True"


def refused_by_the_operator() -> list:
    """The contract's examples that the API server takes. Those that it refuses are tested against it alone, in tests/contract."""
    examples = [(file, list(yaml.safe_load_all(file.read_text()))) for file in sorted(FOLDER.glob("*.yaml"))]
    return [pytest.param(*documents, id=file.stem) for file, documents in examples if documents[0]["expect"]["by"] == "Operator" and len(documents) == 2]


@pytest.mark.parametrize("expected, manifest", refused_by_the_operator())
def test_broken_beside_the_running_one(kube, fresh_fleet, expected, manifest):
    """A fleet of its own that is broken: it is told what is wrong, and nothing of it comes into being."""
    expected, name = expected["expect"], manifest["metadata"]["name"]
    kube.apply(manifest)
    try:
        def refused() -> str:
            one = condition(kube.get("IngressFleet", name) or {}, "Accepted")
            if one.get("status") != "False":
                raise NotYet(str(one))
            return one["message"]

        message = wait_until(refused, f"{name} is not accepted")
        assert expected["path"] in message and expected["message"] in message, message
        assert not kube.list("Deployment", selector=f"{OWNER_LABEL}={name}") and not kube.list("Service", selector=f"{OWNER_LABEL}={name}")
    finally:
        kube.delete("IngressFleet", name)
        wait_until(lambda: kube.get("IngressFleet", name) is None, f"{name} is gone")
