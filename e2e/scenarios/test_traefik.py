"""A tier that Traefik serves instead of our own engine: the same class, entry and access list, and what a real Traefik makes of them."""
import threading
import time

import pytest

from harness import apps, install, waiting
from harness.client import INTERNET, OFFICE, Answer, Refusal
from harness.cluster import ROOT
from harness.fleet import ADMIN_PORT, NAMESPACE, OWNER_LABEL, Fleet
from harness.kube import ApiError
from harness.waiting import NotYet, wait_until

SAMPLE = ROOT / "crds" / "samples" / "traefik.yaml"
SPACE = "e2e-traefik"
APP = "boutique"
HOST = "boutique.example.test"
SECURE_HOST = "secure.boutique.example.test"
PASSED_HOST = "passed.boutique.example.test"
PRE_STOP_SECONDS = 3


def quick_shutdown(spec: dict) -> None:
    spec["tiers"][0]["workload"]["shutdown"] = {"preStopDelaySeconds": PRE_STOP_SECONDS, "drainSeconds": 30}


@pytest.fixture(scope="module")
def edge(cluster, operator, echo_image, traefik_image, client):
    """The tier, serving; it goes when the module ends."""
    kube, fleet = cluster.kube, Fleet(cluster, SAMPLE)
    waiting.describe_world = lambda: fleet.describe() + "\n" + operator.log_tail()
    secret, fingerprint = apps.certificate("secure", SPACE, SECURE_HOST)
    passed = apps.ingress("passed", SPACE, PASSED_HOST, APP, "edge", secret="secure")
    passed["metadata"]["annotations"] = {"nginx.ingress.kubernetes.io/ssl-passthrough": "true"}
    objects = [apps.namespace(SPACE), apps.deployment(APP, SPACE), apps.service(APP, SPACE), secret,
               apps.ingress("plain", SPACE, HOST, APP, "edge"), apps.ingress("secure", SPACE, SECURE_HOST, APP, "edge", secret="secure"), passed]
    # The namespace of fleets is restricted here: what Pod Security refuses never becomes ready.
    kube.apply({**apps.namespace(NAMESPACE, **{"pod-security.kubernetes.io/enforce": "restricted"})})
    remove(kube, fleet, objects)  # what a run that was cut off has left
    for manifest in objects:
        kube.apply(manifest)
    fleet.apply(quick_shutdown)
    fleet.wait_until_available(120)
    tier = fleet["edge"]
    tier.fingerprint = fingerprint
    client.get_until({"app": APP}, OFFICE, tier.address, HOST)
    yield tier
    remove(kube, fleet, objects)
    kube.delete("Namespace", SPACE)


def remove(kube, fleet: Fleet, objects: list[dict]) -> None:
    """A fleet is not taken down while Ingresses use its classes."""
    for manifest in objects:
        if manifest["kind"] == "Ingress":
            kube.delete("Ingress", manifest["metadata"]["name"], SPACE)
    if kube.delete("IngressFleet", fleet.name):
        wait_until(lambda: kube.get("IngressFleet", fleet.name) is None, "the fleet is gone", 90)


def port(pod: dict, name: str) -> int:
    return next(one["containerPort"] for one in pod["spec"]["containers"][0]["ports"] if one["name"] == name)


def test_answers_who_is_allowed_and_sees_the_client(edge, client):
    answer = client.get(OFFICE, edge.address, HOST, "/some/path?x=1")
    assert isinstance(answer, Answer) and answer.app == APP, answer
    assert answer.echo["headers"]["X-Forwarded-For"] == OFFICE, "kube-proxy has not put a node's address in its place"
    forged = client.get(OFFICE, edge.address, HOST, headers={"X-Forwarded-For": "10.0.0.1"})
    assert forged.echo["headers"]["X-Forwarded-For"] == OFFICE


def test_refuses_who_is_not_allowed(edge, client):
    dropped = client.get(INTERNET, edge.address, HOST)
    assert isinstance(dropped, Refusal) and dropped.kind == "timeout", dropped
    # Straight to the pods, as an intruder in the network might, and with a header that claims an allowed address.
    for pod in edge.pods():
        address = pod["status"]["podIP"]
        for headers in ({}, {"X-Forwarded-For": OFFICE}, {"X-Real-Ip": OFFICE}):
            plain = client.get(INTERNET, address, HOST, port=port(pod, "http"), headers=headers)
            assert isinstance(plain, Refusal) and plain.kind == "403", plain
            secure = client.get(INTERNET, address, SECURE_HOST, https=True, port=port(pod, "https"), headers=headers)
            assert isinstance(secure, Refusal) and secure.kind == "403", secure
        allowed = client.get(OFFICE, address, HOST, port=port(pod, "http"))
        assert isinstance(allowed, Answer) and allowed.app == APP, allowed


def test_refuses_what_is_passed_through_undecrypted(edge, client):
    """No HTTP rule sees these connections. The application speaks no TLS, so an allowed client gets as far as that."""
    for pod in edge.pods():
        address, number = pod["status"]["podIP"], port(pod, "https")
        allowed = client.get(OFFICE, address, PASSED_HOST, https=True, port=number)
        assert isinstance(allowed, Refusal) and allowed.kind == "tls", allowed
        refused = client.get(INTERNET, address, PASSED_HOST, https=True, port=number)
        assert isinstance(refused, Refusal) and refused.kind in ("reset", "closed"), refused


def test_https_with_the_certificate_of_the_ingress(edge, client):
    answer = client.get(OFFICE, edge.address, SECURE_HOST, https=True)
    assert isinstance(answer, Answer) and answer.app == APP, answer
    assert answer.certificate["fingerprint"] == edge.fingerprint
    redirect = client.get(OFFICE, edge.address, SECURE_HOST)
    assert isinstance(redirect, Refusal) and redirect.kind == "308", redirect
    assert redirect.headers["Location"] == f"https://{SECURE_HOST}/"


def test_serves_its_own_class_only(edge, client, kube, made):
    foreign = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "e2e-foreign"},
               "spec": {"controller": "k8s.io/ingress-nginx"}}
    annotated = apps.ingress("annotated", SPACE, "annotated.example.test", APP)
    annotated["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
    made(foreign, apps.ingress("foreign", SPACE, "foreign.example.test", APP, "e2e-foreign"), annotated)
    # Without a class, unless some fleet's default gives it one, which is not this tier's either.
    made(apps.ingress("classless", SPACE, "classless.example.test", APP), apps.ingress("last", SPACE, "last.example.test", APP, "edge"))
    client.get_until({"app": APP}, OFFICE, edge.address, "last.example.test")
    for host in ("foreign.example.test", "annotated.example.test", "classless.example.test"):
        got = client.get(OFFICE, edge.address, host)
        assert isinstance(got, Refusal) and got.kind == "404", f"{host}: {got}"


def test_only_the_operator_writes_the_status_of_ingresses(edge, kube):
    def published() -> bool:
        return [one["ip"] for one in kube.get("Ingress", "plain", SPACE)["status"]["loadBalancer"].get("ingress", [])] == [edge.address]

    wait_until(published, "the Ingress carries the tier's address", 30)
    writers = {entry["manager"] for entry in kube.get("Ingress", "plain", SPACE)["metadata"]["managedFields"] if entry.get("subresource") == "status"}
    assert writers == {"ingressfleet-status"}
    role = next(one for one in kube.list("ClusterRole", selector=f"{OWNER_LABEL}=traefik"))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list", "watch"}


def test_readiness_is_all_that_the_admin_port_tells(edge, kube):
    for pod in edge.pods():
        name = pod["metadata"]["name"]
        assert "unavailable-service@kubernetesingressnginx" in kube.pod_http(NAMESPACE, name, ADMIN_PORT, "/ready")
        for path in ("/api/rawdata", "/api/http/routers", "/dashboard/", "/debug/pprof/"):
            with pytest.raises(ApiError) as refused:
                kube.pod_http(NAMESPACE, name, ADMIN_PORT, path)
            assert refused.value.status == 404, path


@pytest.mark.timeout(90)
def test_a_pod_that_leaves_finishes_its_requests(edge, client, kube, measure):
    """A stream of eight seconds is half way when its pod is told to stop, and the entry is asked all the while."""
    pod = edge.pods()[0]
    outcome = []

    def stream() -> None:
        outcome.append(client.get(OFFICE, pod["status"]["podIP"], HOST, "/stream?seconds=8", port=port(pod, "http"), seconds=20.0))

    with client.load(edge.address, [HOST], [APP], "http-new=20,http-keep=40", source=OFFICE) as load:
        thread = threading.Thread(target=stream)
        thread.start()
        time.sleep(1)  # the stream has begun
        told = time.monotonic()
        kube.delete("Pod", pod["metadata"]["name"], NAMESPACE)
        thread.join(30)

        def gone() -> bool:
            if kube.get("Pod", pod["metadata"]["name"], NAMESPACE):
                raise NotYet("it is still there")
            return True

        wait_until(gone, "the pod is gone", 45)
        measure("Traefik's pod told to stop → gone", time.monotonic() - told, "s", f"a stream ended after 7 s; {PRE_STOP_SECONDS} s of it in use")
        load.go_on(200)
    assert isinstance(outcome[0], Answer) and outcome[0].app == APP, outcome
    load.check()
    edge.fleet.wait_until_available()
