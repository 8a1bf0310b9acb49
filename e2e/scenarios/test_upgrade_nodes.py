"""A controller is replaced on three nodes, and meanwhile one is emptied, or loses its power. Nothing may be lost but what such a node costs without
any upgrade: test_three_nodes.py measures that, and the bounds are its own."""
import pytest

from harness import apps
from harness.client import INTERNET
from harness.nodes import DARK_SECONDS, IN_FLIGHT_SECONDS, STALE_SECONDS, all_nodes_ready, another_answers, announcer
from harness.upgrades import APP, HOST, SPACE, Watched, new_configuration
from harness.waiting import wait_until

pytestmark = [pytest.mark.nodes(3), pytest.mark.timeout(420)]

MIX = "http-new=50"  # an address that moves breaks established connections, by the nature of layer 2


@pytest.fixture(params=["Local", "Cluster"])
def settled(request, upgrades, kube, client):
    """The tier at rest with that policy, answering."""
    upgrades.policy = request.param
    upgrades.apply()
    upgrades.wait_until_settled()
    kube.scale(APP, SPACE, 3)
    apps.wait_until_rolled_out(kube, APP, SPACE)
    wait_until(lambda: all_nodes_ready(kube), "all nodes are ready", 90)
    for _ in range(6):
        client.get_until({"app": APP}, INTERNET, upgrades.address, HOST)
    return upgrades


def test_upgrade(settled, client, kube, measure):
    before = settled.status()["serving"]
    with Watched(settled, client, kube) as watched:
        settled.apply(new_configuration)
        settled.wait_until_settled(before["revision"])
    watched.check(measure, f"three nodes, {settled.policy}")
    watched.check_conditions()


def test_upgrade_while_a_node_is_drained(settled, cluster, client, kube, measure):
    """The node that answers for the address, as for its maintenance."""
    before, node = settled.status()["serving"], announcer(cluster, client, settled.address, APP, HOST)
    with Watched(settled, client, kube, MIX) as watched:
        settled.apply(new_configuration)
        settled.wait_for("Expand")
        try:
            cluster.kubectl_run("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=150s", "--force")
            settled.wait_until_settled(before["revision"])
        finally:
            cluster.kubectl_run("uncordon", node)
    load = watched.load
    measure(f"upgrade, node drained, {settled.policy}: failed requests", load.summary["failed"], "", f"of {load.summary['sent']}")
    if settled.policy == "Cluster":
        load.check()
    else:
        # The address may move whenever the tier's nodes change: as either slot's pod is evicted, at the switch, and as the old slot ends.
        assert len(load.outages()) <= 4 and max(load.outages(), default=0) < IN_FLIGHT_SECONDS, load.describe()
    watched.check_address()
    nodes = {pod["spec"]["nodeName"] for pod in settled.pods(settled.selected())}
    assert len(nodes) == 2, f"the next loss of a node would be the loss of the tier: its pods are all on {nodes}"


def test_upgrade_while_a_node_loses_power(settled, cluster, client, kube, measure):
    node = announcer(cluster, client, settled.address, APP, HOST)
    with Watched(settled, client, kube, MIX) as watched:
        settled.apply(new_configuration)
        settled.wait_for("Expand")
        try:
            cluster.node("off", node)
            wait_until(lambda: another_answers(cluster, client, settled.address, HOST, node), "another node answers for the address", 60)
            watched.load.go_on(400)
        finally:
            cluster.node("on", node)
        wait_until(lambda: all_nodes_ready(kube), "all nodes are back", 90)
        settled.wait_until_settled(seconds=240)
    gap = watched.load.longest_gap()
    measure(f"upgrade, node lost, {settled.policy}: seconds with failures", gap, "s", f"{watched.load.summary['failed']} of {watched.load.summary['sent']} requests failed")
    assert gap < (DARK_SECONDS if settled.policy == "Local" else STALE_SECONDS), watched.load.describe()
    watched.check_address()
    # Whichever side has won, one serves whole; when the candidate lost its pods with the node, it is the old one.
    assert settled.status()["serving"]["revision"]
    assert settled.selected() == settled.status()["serving"]["slot"]
