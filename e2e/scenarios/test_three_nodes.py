"""Nodes are emptied, cut off and lose their power. Each runs with both traffic policies: Local keeps the client's address and moves an address of the
load balancer with the pods; Cluster does neither."""
import pytest

from harness import apps
from harness.client import INTERNET
from harness.fleet import TIERS
from harness.nodes import DARK_SECONDS, IN_FLIGHT_SECONDS, STALE_SECONDS, all_nodes_ready, announcer, another_answers
from harness.sites import SHOP, SPACE
from harness.waiting import wait_until

pytestmark = [pytest.mark.nodes(3), pytest.mark.timeout(240)]

MIX = "http-new=50"  # an address that moves breaks established connections, by the nature of layer 2


@pytest.fixture(params=["Local", "Cluster"])
def public(request, fleet, kube, client):
    """The public tier with that policy, and two applications behind it on different nodes."""
    def policy(spec):
        spec["tiers"][0]["publishing"]["externalTrafficPolicy"] = request.param

    fleet.apply(policy)
    fleet.wait_until_available()
    kube.scale(SHOP.app, SPACE, 3)
    apps.wait_until_rolled_out(kube, SHOP.app, SPACE)
    for _ in range(6):
        client.get_until({"app": SHOP.app}, INTERNET, fleet["public"].address, SHOP.host)
    assert fleet["public"].entry()["spec"]["externalTrafficPolicy"] == request.param
    return fleet["public"]


def nodes_of(tier) -> list[str]:
    return sorted(pod["spec"]["nodeName"] for pod in tier.pods())


def test_a_tier_is_spread(fleet):
    for tier in TIERS:
        assert len(set(nodes_of(fleet[tier]))) == 2, f"{tier} runs on {nodes_of(fleet[tier])}"


def test_drained(public, fleet, cluster, client, kube, measure, request):
    """The node that answers for the address is emptied, as for its maintenance."""
    node, address = announcer(cluster, client, public.address, SHOP.app, SHOP.host), public.address
    assert node
    with client.load(address, [SHOP.host], [SHOP.app], MIX) as load:
        try:
            cluster.kubectl_run("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s", "--force")
            assert node not in nodes_of(public)
            load.go_on(200)
        finally:
            cluster.kubectl_run("uncordon", node)
    policy = request.node.callspec.id
    measure(f"node drained, {policy}: failed requests", load.summary["failed"], "", f"of {load.summary['sent']}")
    if policy == "Cluster":
        load.check()
    else:
        assert load.longest_gap() < IN_FLIGHT_SECONDS, load.describe()
    assert public.address == address
    fleet.wait_until_available()


@pytest.mark.parametrize("how, undone", [("cut", "plug"), ("off", "on")])
def test_lost(public, fleet, cluster, client, kube, measure, request, how, undone):
    """The node that answers for the address is gone without a word."""
    node, address = announcer(cluster, client, public.address, SHOP.app, SHOP.host), public.address
    policy = public.entry()["spec"]["externalTrafficPolicy"]
    with client.load(address, [SHOP.host], [SHOP.app], MIX) as load:
        try:
            cluster.node(how, node)
            another = wait_until(lambda: another_answers(cluster, client, address, SHOP.host, node), "another node answers for the address", 60)
            assert another
            load.go_on(400)
        finally:
            cluster.node(undone, node)
        wait_until(lambda: all_nodes_ready(kube), "all nodes are back", 90)
        load.go_on(200)
    gap = load.longest_gap()
    measure(f"node lost ({how}), {policy}: seconds with failures", gap, "s", f"{load.summary['failed']} of {load.summary['sent']} requests failed")
    assert gap < (DARK_SECONDS if policy == "Local" else STALE_SECONDS), load.describe()
    assert public.address == address
    fleet.wait_until_available(180)
