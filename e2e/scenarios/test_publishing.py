"""Tiers without a load balancer: on the node's own ports, on node ports, and inside the cluster only. The proxy alone holds their access lists."""
import pytest

from harness import apps
from harness.client import INSIDE, INTERNET, OFFICE, Answer, Refusal
from harness.fleet import NAMESPACE, Tier
from harness.kube import condition
from harness.sites import SHOP, SPACE
from harness.waiting import NotYet, wait_until

pytestmark = pytest.mark.timeout(240)

OFFICE_RANGE = "203.0.113.0/24"
NODE_HTTP, NODE_HTTPS = 30080, 30443
EDGE = {"name": "edge", "workload": {"kind": "DaemonSet"}, "publishing": {"type": "HostNetwork"}, "access": {"allowedSourceRanges": [OFFICE_RANGE]}}
PORTS = {"name": "ports", "workload": {"replicas": 1}, "publishing": {"type": "NodePort", "nodePort": {"http": NODE_HTTP, "https": NODE_HTTPS}},
         "access": {"allowedSourceRanges": [OFFICE_RANGE]}}
INNER = {"name": "inner", "workload": {"replicas": 1}, "publishing": {"type": "Private"}, "access": {"allowedSourceRanges": ["10.244.0.0/16", "10.251.0.0/24"]}}
REFUSED = ("403", "reset", "closed")  # by the proxy; a load balancer would drop it


def host(tier: str) -> str:
    return f"{tier}.example.test"


@pytest.fixture(scope="module")
def ways_in(fresh_fleet, kube):
    """The sample's fleet with one tier of each kind besides; each serves a site of its own."""
    ingresses = [apps.ingress(f"by-{tier['name']}", SPACE, host(tier["name"]), SHOP.app, tier["name"]) for tier in (EDGE, PORTS, INNER)]
    fresh_fleet.apply(lambda spec: spec["tiers"].extend([EDGE, PORTS, INNER]))
    for manifest in ingresses:
        kube.apply(manifest)
    fresh_fleet.wait_until_available(180)
    yield {tier["name"]: Tier(fresh_fleet, tier["name"]) for tier in (EDGE, PORTS, INNER)}
    for manifest in ingresses:
        kube.delete("Ingress", manifest["metadata"]["name"], SPACE)
    fresh_fleet.apply()
    wait_until(lambda: nothing_is_left_of(kube, "edge", "ports", "inner"), "the tiers are gone", 120)


def nothing_is_left_of(kube, *tiers: str) -> bool:
    left = [item["metadata"]["name"] for kind in ("Deployment", "DaemonSet", "Service", "IngressClass", "Pod") for tier in tiers
            for item in kube.list(kind, selector=f"ingressfleet.io/tier={tier}")]
    if left:
        raise NotYet(", ".join(left))
    return True


def node_address(cluster) -> str:
    return next(one["address"] for one in cluster.kube.list("Node")[0]["status"]["addresses"] if one["type"] == "InternalIP")


def refused_by_the_proxy(outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.kind in REFUSED


def test_a_deployment_on_host_ports(fleet, kube, client, cluster):
    """First, because the ports of its statistics are the node's too, and the DaemonSet below takes the same."""
    tier = {"name": "high", "workload": {"kind": "Deployment", "replicas": 1}, "access": {"allowedSourceRanges": [OFFICE_RANGE]},
            "publishing": {"type": "HostNetwork", "hostNetwork": {"httpPort": 8081, "httpsPort": 8444}}}
    ingress = apps.ingress("by-high", SPACE, host("high"), SHOP.app, "high")
    address = node_address(cluster)
    kube.apply(ingress)
    try:
        fleet.apply(lambda spec: spec["tiers"].append(tier))
        fleet.wait_until_available(180)
        client.get_until({"app": SHOP.app}, OFFICE, address, host("high"), port=8081)
        assert refused_by_the_proxy(client.get(INTERNET, address, host("high"), port=8081))
        pod = Tier(fleet, "high").pods()[0]
        # A pod that is replaced: the next one cannot start on the same ports before this one has left them.
        kube.delete("Pod", pod["metadata"]["name"], NAMESPACE, grace=0)
        wait_until(lambda: [one for one in Tier(fleet, "high").pods() if condition(one, "Ready").get("status") == "True"
                            and one["metadata"]["uid"] != pod["metadata"]["uid"]], "another pod serves", 60)
        client.get_until({"app": SHOP.app}, OFFICE, address, host("high"), port=8081)
    finally:
        kube.delete("Ingress", "by-high", SPACE)
        fleet.apply()
        wait_until(lambda: nothing_is_left_of(kube, "high"), "the tier is gone", 120)


def test_host_network(ways_in, cluster, client):
    """The node's own address answers on 80 and 443, for those on the list, and knows whom it speaks to."""
    address = node_address(cluster)
    for https in (False, True):
        answer = client.get_until({"app": SHOP.app}, OFFICE, address, host("edge"), https=https)
        assert answer.echo["headers"]["X-Forwarded-For"] == OFFICE
        for source in (INTERNET, INSIDE):
            refused = client.get(source, address, host("edge"), https=https)
            assert refused_by_the_proxy(refused) or (https and isinstance(refused, Refusal)), refused
    assert client.get(OFFICE, address, SHOP.host).kind == "404", "a site of another tier"


def test_host_network_needs_one_capability(ways_in, kube):
    pods = ways_in["edge"].pods()
    assert len(pods) == len(kube.list("Node"))
    for pod in pods:
        assert pod["spec"]["hostNetwork"]
        context = pod["spec"]["containers"][0]["securityContext"]
        assert context["capabilities"] == {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]} and context["readOnlyRootFilesystem"]


def test_host_network_takes_a_changed_list_without_a_restart(ways_in, fresh_fleet, cluster, client):
    edge, address = ways_in["edge"], node_address(cluster)
    before = (edge.workers(), edge.restarts())
    opened = {**EDGE, "access": {"allowedSourceRanges": [OFFICE_RANGE, "198.51.100.0/24"]}}
    fresh_fleet.apply(lambda spec: spec["tiers"].extend([opened, PORTS, INNER]))
    client.get_until({"app": SHOP.app}, INTERNET, address, host("edge"))
    fresh_fleet.apply(lambda spec: spec["tiers"].extend([EDGE, PORTS, INNER]))
    wait_until(lambda: refused_by_the_proxy(client.get(INTERNET, address, host("edge"))), "the internet is refused again")
    assert isinstance(client.get(OFFICE, address, host("edge")), Answer)
    assert (edge.workers(), edge.restarts()) == before
    fresh_fleet.wait_until_available()


def test_node_port(ways_in, cluster, client, kube):
    """kube-proxy applies no list to node ports; the proxy does, and sees who asks because the traffic policy is Local."""
    entry, address = ways_in["ports"].entry(), node_address(cluster)
    assert entry["spec"]["type"] == "NodePort" and entry["spec"]["externalTrafficPolicy"] == "Local"
    assert [port["nodePort"] for port in entry["spec"]["ports"]] == [NODE_HTTP, NODE_HTTPS]
    for port, https in ((NODE_HTTP, False), (NODE_HTTPS, True)):
        answer = client.get_until({"app": SHOP.app}, OFFICE, address, host("ports"), port=port, https=https)
        assert answer.echo["headers"]["X-Forwarded-For"] == OFFICE
        refused = client.get(INTERNET, address, host("ports"), port=port, https=https)
        assert refused_by_the_proxy(refused) or (https and isinstance(refused, Refusal)), refused
    assert client.get(OFFICE, address, SHOP.host, port=NODE_HTTP).kind == "404", "a site of another tier"


def test_private(ways_in, client):
    """No way in from outside: neither a node port nor an address of a load balancer. Inside it is a Service like any other."""
    entry = ways_in["inner"].entry()
    assert entry["spec"]["type"] == "ClusterIP" and not any("nodePort" in port for port in entry["spec"]["ports"])
    assert not entry.get("status", {}).get("loadBalancer", {}).get("ingress") and not entry["spec"].get("externalIPs")
    address = entry["spec"]["clusterIP"]
    assert isinstance(client.get_until({"app": SHOP.app}, INSIDE, address, host("inner")), Answer)
    # Whoever has a route to pods still meets the list. (To a Service's address kube-proxy would hide him behind the node's.)
    pod = ways_in["inner"].pods()[0]
    port = next(one["containerPort"] for one in pod["spec"]["containers"][0]["ports"] if one["name"] == "http")
    assert refused_by_the_proxy(client.get(INTERNET, pod["status"]["podIP"], host("inner"), port=port))


def test_status_tells_the_ways_in(ways_in, fresh_fleet, cluster):
    tiers = {tier["name"]: tier for tier in fresh_fleet.wait_until_available()["status"]["tiers"]}
    assert tiers["edge"]["addresses"] == [node_address(cluster)]
    for name in ways_in:
        bad = [one for one in tiers[name]["conditions"] if one["type"] in ("WorkloadAvailable", "EntryReady", "ClassReady") and one["status"] != "True"]
        assert not bad, tiers[name]
