"""Three tiers, each with its own way in: who is answered where, by packets."""
import pytest

from harness.client import INSIDE, INTERNET, OFFICE, Answer, Refusal
from harness.fleet import DEFAULT_MARK, NAMESPACE, TIERS
from harness.kube import condition
from harness.sites import PREVIEW, SHOP, SPACE, STRAY_HOST, WIKI
from harness.waiting import wait_until

ANSWERED = "answered"
DROPPED = "timeout"  # the load balancer drops what its ranges do not allow
UNKNOWN = "404"  # the tier is reachable and does not know the host


@pytest.mark.parametrize("site, tier, source, outcome", [
    (SHOP, "public", INTERNET, ANSWERED),
    (SHOP, "public", OFFICE, ANSWERED),
    (SHOP, "private", INTERNET, DROPPED),
    (SHOP, "private", INSIDE, UNKNOWN),
    (SHOP, "staging", INTERNET, DROPPED),
    (SHOP, "staging", OFFICE, UNKNOWN),
    (WIKI, "private", INSIDE, ANSWERED),
    (WIKI, "private", INTERNET, DROPPED),
    (WIKI, "private", OFFICE, DROPPED),
    (WIKI, "public", INTERNET, UNKNOWN),
    (WIKI, "staging", OFFICE, UNKNOWN),
    (PREVIEW, "staging", OFFICE, ANSWERED),
    (PREVIEW, "staging", INTERNET, DROPPED),
    (PREVIEW, "staging", INSIDE, DROPPED),
    (PREVIEW, "public", OFFICE, UNKNOWN),
    (PREVIEW, "private", INSIDE, UNKNOWN),
], ids=lambda value: getattr(value, "app", value))
def test_request(fleet, client, site, tier, source, outcome):
    got = client.get(source, fleet[tier].address, site.host)
    if outcome == ANSWERED:
        assert isinstance(got, Answer) and got.app == site.app, got
    else:
        assert isinstance(got, Refusal) and got.kind == outcome, got


def test_status_tells_addresses_and_replicas(fleet):
    tiers = {tier["name"]: tier for tier in fleet.get()["status"]["tiers"]}
    assert set(tiers) == set(TIERS)
    addresses = {name: fleet[name].address for name in TIERS}
    assert len(set(addresses.values())) == 3
    for name, tier in tiers.items():
        assert tier["addresses"] == [addresses[name]]
        assert (tier["replicas"], tier["readyReplicas"]) == (2, 2)
        bad = [one for one in tier["conditions"] if one["type"] in ("WorkloadAvailable", "EntryReady", "ClassReady") and one["status"] != "True"]
        assert not bad and tier["conditions"], tier["conditions"]
    assert fleet.get()["status"]["defaultClass"]["effective"] == "private"


def test_exactly_the_private_class_is_default(fleet, kube):
    marked = [one["metadata"]["name"] for one in kube.list("IngressClass") if one["metadata"].get("annotations", {}).get(DEFAULT_MARK) == "true"]
    assert marked == ["private"]
    assert kube.get("Ingress", WIKI.app, SPACE)["spec"]["ingressClassName"] == "private"
    assert condition(fleet.get(), "DefaultClassSafe").get("status") == "True"


def test_each_entry_carries_its_access_list(fleet):
    for tier in fleet.sample["spec"]["tiers"]:
        ranges = fleet[tier["name"]].entry()["spec"]["loadBalancerSourceRanges"]
        # Nobody by IPv6: a list of IPv4 ranges alone would leave it open.
        assert [one for one in ranges if one != "::1/128"] == tier["access"]["allowedSourceRanges"]


def test_proxy_refuses_too_when_the_load_balancer_is_bypassed(fleet, client):
    """Straight to the pods: the client has a route to them, as an intruder in the network might."""
    for pod in fleet["private"].pods():
        port = next(one["containerPort"] for one in pod["spec"]["containers"][0]["ports"] if one["name"] == "http")
        refused = client.get(INTERNET, pod["status"]["podIP"], WIKI.host, port=port)
        assert isinstance(refused, Refusal) and refused.kind in ("403", "reset", "closed"), refused
        allowed = client.get(INSIDE, pod["status"]["podIP"], WIKI.host, port=port)
        assert isinstance(allowed, Answer) and allowed.app == WIKI.app, allowed


def test_application_sees_the_client(fleet, client):
    answer = client.get(INTERNET, fleet["public"].address, SHOP.host, "/some/path?x=1")
    assert answer.echo["path"] == "/some/path" and answer.echo["query"] == "x=1" and answer.echo["host"] == SHOP.host
    assert answer.echo["headers"]["X-Forwarded-For"] == INTERNET
    assert answer.echo["headers"]["X-Forwarded-Proto"] == "http"
    forged = client.get(INTERNET, fleet["public"].address, SHOP.host, headers={"X-Forwarded-For": "10.0.0.1"})
    assert forged.echo["headers"]["X-Forwarded-For"].split(", ")[-1] == INTERNET


def test_https_with_the_default_certificate(fleet, client):
    for site in (SHOP, WIKI, PREVIEW):
        answer = client.get(site.asks, fleet[site.tier].address, site.host, https=True)
        assert isinstance(answer, Answer) and answer.app == site.app, answer
        assert answer.certificate is not None
        assert answer.echo["headers"]["X-Forwarded-Proto"] == "https"


def test_staging_serves_only_labelled_namespaces(fleet, client):
    got = client.get(OFFICE, fleet["staging"].address, STRAY_HOST)
    assert isinstance(got, Refusal) and got.kind == "404", got


def test_namespace_label_opens_and_closes_staging(fleet, client, kube):
    address = fleet["staging"].address
    try:
        kube.patch("Namespace", SPACE, "", {"metadata": {"labels": {"env": "staging"}}})
        client.get_until({"app": SHOP.app}, OFFICE, address, STRAY_HOST)
    finally:
        kube.patch("Namespace", SPACE, "", {"metadata": {"labels": {"env": None}}})
    client.get_until({"status": 404}, OFFICE, address, STRAY_HOST)


def test_ingresses_carry_the_address_of_their_tier(fleet, kube):
    def published() -> bool:
        for site, space in ((SHOP, SPACE), (WIKI, SPACE), (PREVIEW, "e2e-staging")):
            status = kube.get("Ingress", site.app, space)["status"]["loadBalancer"].get("ingress")
            assert [one["ip"] for one in status or []] == [fleet[site.tier].address], f"{site.app}: {status}"
        # Not served, so not published.
        assert not kube.get("Ingress", "stray", SPACE)["status"]["loadBalancer"].get("ingress")
        return True

    wait_until(published, "Ingresses carry their tier's address")


def test_workloads_are_restricted(fleet, kube):
    for tier in TIERS:
        for pod in fleet[tier].pods():
            assert pod["spec"]["securityContext"].get("runAsNonRoot") or pod["spec"]["containers"][0]["securityContext"].get("runAsNonRoot")
            for container in pod["spec"]["containers"]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"] and context["capabilities"]["drop"] == ["ALL"]
        assert kube.get("PodDisruptionBudget", f"{tier}-a", NAMESPACE)


def test_first_answer_of_a_new_ingress(fleet, client, made, measure):
    """Measured from the API server's answer to the first answer of the application."""
    import time

    from harness import apps
    seconds = []
    for number in range(5):
        host = f"new-{number}.example.test"
        made(apps.ingress(f"new-{number}", SPACE, host, SHOP.app, "public"))
        created = time.time()
        answer = client.get_until({"app": SHOP.app}, INTERNET, fleet["public"].address, host, every=0.002)
        seconds.append(answer.at - created)
    measure("new Ingress → first answer, median", sorted(seconds)[2] * 1000, "ms", "5 tries; each goes to one of 2 replicas")
    assert max(seconds) < 5
