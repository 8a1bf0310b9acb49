"""Everything that happens all day long, under load: no request is lost and nothing reloads."""
import pytest

from harness import apps
from harness.client import INTERNET
from harness.waiting import NotYet, wait_until

SPACE, APP, HOST = "e2e-data-plane", "busy", "busy.example.test"
MIX = "http-new=60,http-keep=120,https-new=10,https-keep=60,h2=60,ws=6,stream=3"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def site(kube, fresh_fleet):
    for manifest in (apps.namespace(SPACE), apps.deployment(APP, SPACE), apps.service(APP, SPACE), apps.ingress(APP, SPACE, HOST, APP, "public")):
        kube.apply(manifest)
    apps.wait_until_rolled_out(kube, APP, SPACE)
    yield
    kube.delete("Namespace", SPACE)


@pytest.fixture
def under_load(site, fleet, client, measure, request):
    """Load on the public tier around the test; afterwards nothing has failed and each HAProxy process is the one that it was."""
    public = fleet["public"]
    for _ in range(4):
        client.get_until({"app": APP}, INTERNET, public.address, HOST)
    workers, restarts, reloads = public.workers(), public.restarts(), public.reloads()
    assert workers
    with client.load(public.address, [HOST], [APP], MIX) as load:
        yield load
        load.go_on(300)
    load.check()
    assert public.workers() == workers, "HAProxy was reloaded or restarted"
    assert public.restarts() == restarts
    assert public.reloads() == reloads and set(reloads.values()) == {0}
    for pod in public.pods():
        assert public.proxy_metrics(pod).total("ingressfleet_proxy_reloads_total") == 0
    measure(f"requests during {request.node.name.removeprefix('test_')}", load.summary["sent"], "", f"0 failed; p99 of new connections {load.summary['kinds']['http-new']['latencyMs']['p99']} ms")


def answering(client, fleet, requests: int = 40) -> set[str]:
    """Pods that answer."""
    return {client.get(INTERNET, fleet["public"].address, HOST).pod for _ in range(requests)}


def ready_pods(kube) -> set[str]:
    return {pod["metadata"]["name"] for pod in kube.list("Pod", SPACE, f"app={APP}") if not pod["metadata"].get("deletionTimestamp")}


def exactly_the_pods_answer(client, fleet, kube) -> bool:
    got, wanted = answering(client, fleet), ready_pods(kube)
    if got != wanted:
        raise NotYet(f"{got} answer, {wanted} should")
    return True


def test_scaling_a_backend(under_load, kube, fleet, client):
    for replicas in (5, 2):
        kube.scale(APP, SPACE, replicas)
        apps.wait_until_rolled_out(kube, APP, SPACE)
        wait_until(lambda: exactly_the_pods_answer(client, fleet, kube), f"the {replicas} pods answer, and no others")
        under_load.go_on(100)


def test_rolling_a_backend(under_load, kube, fleet, client):
    kube.apply(apps.deployment(APP, SPACE, replicas=2, version="2"))
    apps.wait_until_rolled_out(kube, APP, SPACE)
    wait_until(lambda: exactly_the_pods_answer(client, fleet, kube), "the new pods answer, and no others")
    # The old ones have ended their long connections in an orderly way.
    wait_until(lambda: len(kube.list("Pod", SPACE, f"app={APP}")) == 2, "the old pods are gone", 60)


def test_fifty_ingresses_come_and_go(under_load, kube, fleet, client):
    address = fleet["public"].address
    many = [apps.ingress(f"many-{number}", SPACE, f"many-{number}.example.test", APP, "public") for number in range(50)]
    for manifest in many:
        kube.apply(manifest)
    for manifest in many:
        client.get_until({"app": APP}, INTERNET, address, manifest["spec"]["rules"][0]["host"])
    for manifest in many:
        kube.delete("Ingress", manifest["metadata"]["name"], SPACE)
    for manifest in many:
        client.get_until({"status": 404}, INTERNET, address, manifest["spec"]["rules"][0]["host"])


def test_rotating_a_certificate(under_load, kube, fleet, client, made):
    """A host of its own, so that the load goes on over another certificate's listener state; and then the load's own host."""
    address = fleet["public"].address
    secret, first = apps.certificate("busy-tls", SPACE, HOST)
    made(secret)
    kube.apply(apps.ingress(APP, SPACE, HOST, APP, "public", secret="busy-tls"))
    client.get_until({"app": APP, "fingerprint": first}, INTERNET, address, HOST, https=True)
    rotated, second = apps.certificate("busy-tls", SPACE, HOST)
    kube.apply(rotated)
    for _ in range(4):
        client.get_until({"app": APP, "fingerprint": second}, INTERNET, address, HOST, https=True)
    # A broken one changes nothing for those who visit the site.
    kube.apply({**rotated, "data": {**rotated["data"], "tls.crt": rotated["data"]["tls.key"]}})
    under_load.go_on(200)
    answer = client.get(INTERNET, address, HOST, https=True)
    assert answer.app == APP
    kube.apply(apps.ingress(APP, SPACE, HOST, APP, "public"))
    wait_until(lambda: client.get(INTERNET, address, HOST, https=True).certificate["fingerprint"] != second, "the default certificate is back")
