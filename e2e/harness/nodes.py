"""What scenarios of several nodes have in common: who answers for an address, and how long the loss of a node may show."""
from harness.client import INTERNET
from harness.kube import condition
from harness.waiting import NotYet

IN_FLIGHT_SECONDS = 2  # an address that moves takes only what is being asked at that moment
DARK_SECONDS = 45  # MetalLB's speakers notice a dead one after 5 to 6 s, after half a minute on a machine with ten times too much to do
STALE_SECONDS = 60  # until the node is NotReady (20 s here), its endpoints are out of every proxy and the last connections to them have given up


def all_nodes_ready(kube) -> bool:
    bad = [node["metadata"]["name"] for node in kube.list("Node") if condition(node, "Ready").get("status") != "True" or node["spec"].get("unschedulable")]
    if bad:
        raise NotYet(f"{bad} are not ready")
    return True


def announcer(cluster, client, address: str, app: str, host: str) -> str:
    """The node that answers for the address."""
    cluster.forget_neighbour(address)
    client.get_until({"app": app}, INTERNET, address, host)
    return cluster.answering_node(address)


def another_answers(cluster, client, address: str, host: str, lost: str) -> str:
    client.get(INTERNET, address, host, seconds=1)
    node = cluster.answering_node(address)
    if node in ("", lost):
        raise NotYet(f"{node or 'nobody'} answers")
    return node
