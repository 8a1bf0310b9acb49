"""One cluster and one installation serve all scenarios. Each scenario may run alone and in any order: the fixtures bring about what it starts from."""
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import install, leftovers, waiting  # noqa: E402  (the folder is not on the path before)
from harness.client import INTERNET, Client  # noqa: E402
from harness.cluster import ROOT, Cluster, Stopwatch, run  # noqa: E402
from harness.fleet import Fleet, describe_pod  # noqa: E402
from harness.report import Report  # noqa: E402
from harness.sites import Sites  # noqa: E402
from harness.upgrades import APP, HOST, Upgrades, Watched  # noqa: E402

def pytest_addoption(parser):
    parser.addoption("--nodes", type=int, default=1, help="run the scenarios for a cluster of so many nodes")


def pytest_configure(config):
    config.e2e_report = Report(config.getoption("nodes"))
    config.pluginmanager.register(config.e2e_report, "e2e-report")


def pytest_collection_modifyitems(config, items):
    """Those for this size of cluster. The limit of a test does not count what fixtures do: the first test of a run would pay for the images."""
    fits = {item: _nodes_of(item) == config.getoption("nodes") for item in items}
    config.hook.pytest_deselected(items=[item for item in items if not fits[item]])
    items[:] = [item for item in items if fits[item]]
    for item in items:
        marker = item.get_closest_marker("timeout")
        item.add_marker(pytest.mark.timeout(marker.args[0] if marker else 120, func_only=True), append=False)


def _nodes_of(item) -> int:
    """What @pytest.mark.nodes(N) says, 1 without."""
    marker = item.get_closest_marker("nodes")
    return marker.args[0] if marker else 1


@pytest.fixture(scope="session")
def measure(request):
    """measure(name, value, unit, remark) puts a figure into the report."""
    return request.config.e2e_report.add


@pytest.fixture(scope="session")
def cluster(measure, request):
    watch = Stopwatch()
    nodes = request.config.getoption("nodes")
    cluster = Cluster.up(os.environ.get("INGRESSFLEET_E2E_CLUSTER", "e2e") + (str(nodes) if nodes > 1 else ""), nodes)
    measure("cluster up", watch.seconds, "s", "everything that already ran stays")
    return cluster


@pytest.fixture(scope="session")
def kube(cluster):
    return cluster.kube


@pytest.fixture(scope="session")
def echo_image(cluster):
    install.build_echo_image()
    cluster.load_images(install.ECHO_IMAGE)


@pytest.fixture(scope="session")
def client(cluster, echo_image, measure):
    client = Client(cluster)
    yield client
    client.close()
    measure("requests of all scenarios under load", client.sent(), "", "each scenario says which of them may fail")


@pytest.fixture(scope="session")
def images(cluster, echo_image, measure):
    watch = Stopwatch()
    install.build_product_images()
    cluster.load_images(install.OPERATOR_IMAGE, install.PROXY_IMAGE)
    measure("images built and loaded", watch.seconds, "s", "layers that have not changed stay")


@pytest.fixture(scope="session")
def operator(cluster, images, measure):
    operator = install.Operator(cluster)
    watch = Stopwatch()
    operator.install()
    measure("operator installed and ready", watch.seconds, "s")
    return operator


@pytest.fixture(scope="session")
def traefik_image(cluster):
    """Its name, once it is in the cluster. The first build compiles it."""
    run(ROOT / "e2e" / "build-engines", seconds=1500)
    cluster.load_images(install.TRAEFIK_IMAGE)
    return install.TRAEFIK_IMAGE


@pytest.fixture(scope="session")
def sites(cluster, echo_image):
    """The applications that all scenarios ask: one for each tier, see sites.py."""
    return Sites(cluster)


@pytest.fixture(scope="session")
def fresh_fleet(cluster, operator, sites, client, measure):
    """The sample's fleet, made anew for this run."""
    fleet = Fleet(cluster)
    waiting.describe_world = lambda: describe_world(cluster, operator, fleet)
    leftovers.remove(cluster.kube)
    sites.wait_until_ready()
    watch = Stopwatch()
    fleet.apply()
    fleet.wait_until_available(180)
    measure("apply of the fleet → Available", watch.seconds, "s", "3 tiers of 2 replicas; status says so")
    sites.reset()
    sites.wait_until_served(fleet, client)
    measure("apply of the fleet → all tiers serving", watch.seconds, "s", "each tier's site answers at its address")
    return fleet


@pytest.fixture
def fleet(fresh_fleet, sites, client):
    """The sample's fleet as it should be, whatever the scenario before has left."""
    existed = fresh_fleet.exists()
    fresh_fleet.apply()
    fresh_fleet.wait_until_available()
    if not existed:
        sites.reset()
    sites.wait_until_served(fresh_fleet, client)
    return fresh_fleet


@pytest.fixture
def made(kube):
    """made(manifest, …) applies objects that go when the scenario ends."""
    kept = []

    def make(*manifests):
        for manifest in manifests:
            kept.append(manifest)
            kube.apply(manifest)

    yield make
    for manifest in reversed(kept):
        kube.delete(manifest["kind"], manifest["metadata"]["name"], manifest["metadata"].get("namespace", ""))


def describe_world(cluster, operator, fleet) -> str:
    parts = [fleet.describe(), *[describe_pod(pod) for pod in operator.pods()], operator.log_tail()]
    parts += [describe_pod(pod) for pod in cluster.kube.list("Pod", selector="app.kubernetes.io/part-of=ingressfleet-e2e")]
    warnings = [event for event in cluster.kube.list("Event") if event["type"] == "Warning"]
    warnings.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    parts += [f"{event['involvedObject']['kind']} {event['involvedObject']['name']}: {event['reason']}: {event['message'][:300]}" for event in warnings[-10:]]
    return "\n".join(parts)


@pytest.fixture(scope="session")
def upgrades(cluster, operator, request):
    """A fleet of one tier whose controller is replaced, and an application behind it."""
    with Upgrades(cluster, install.PROXY_IMAGE, request.config.getoption("nodes")) as upgrades:
        yield upgrades


@pytest.fixture
def settled(upgrades, client):
    """Its tier at rest, answering."""
    upgrades.wait_until_settled()
    client.get_until({"app": APP}, INTERNET, upgrades.address, HOST)
    return upgrades


@pytest.fixture
def watched(settled, client, kube):
    return Watched(settled, client, kube)
