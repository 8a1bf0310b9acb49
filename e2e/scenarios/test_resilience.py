"""Parts of it are killed or taken away; the traffic goes on."""
import time

import pytest

from harness import apps
from harness.client import INTERNET
from harness.fleet import NAMESPACE, TIERS
from harness.sites import SHOP, SPACE
from harness.waiting import NotYet, stays, wait_until
from harness.watch import Recorder

MIX = "http-new=40,http-keep=80,https-keep=40,h2=40,ws=6,stream=3"
SHORT_MIX = "http-new=40,http-keep=80,https-keep=40"  # nothing that lasts as long as a pod may drain
OUTAGE_SECONDS = 30
CRASHES = 4  # after the last one the agent is away for 0.8 s


@pytest.fixture
def nothing_restarts(fleet):
    """No pod of any tier is replaced and none of its containers restarts."""
    before = {tier: fleet[tier].restarts() for tier in TIERS}
    yield
    assert {tier: fleet[tier].restarts() for tier in TIERS} == before


def operator_works(fleet, kube, client, made) -> None:
    """It repairs and it serves new things. What it has to repair is not the tier under load: kube-proxy would really shut the load out."""
    before = fleet["staging"].entry()["spec"]["loadBalancerSourceRanges"]
    kube.patch("Service", "staging-entry", NAMESPACE, {"spec": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}})
    wait_until(lambda: fleet["staging"].entry()["spec"]["loadBalancerSourceRanges"] == before, "the operator repairs", 60)
    host = f"later-{time.time_ns()}.example.test"
    made(apps.ingress("later", SPACE, host, SHOP.app, "public"))
    client.get_until({"app": SHOP.app}, INTERNET, fleet["public"].address, host)


def another_leads(operator, old: str) -> str:
    leader = operator.leader()["metadata"]["name"]
    if leader == old:
        raise NotYet(f"{old} still leads")
    return leader


@pytest.mark.timeout(180)
def test_leader_is_killed(nothing_restarts, fleet, operator, client, kube, made, measure):
    leader = operator.leader()
    name = leader["metadata"]["name"]
    with client.load(fleet["public"].address, [SHOP.host], [SHOP.app], MIX) as load, Recorder(kube, ("Service", NAMESPACE), ("Deployment", NAMESPACE)) as recorder:
        # The process dies without giving the lease up, and its pod with it, so that nobody starts it again.
        for process in operator.cluster.processes(leader):
            process.kill()
        kube.delete("Pod", name, operator.namespace, grace=0)
        killed = time.monotonic()
        wait_until(lambda: another_leads(operator, name), "another replica leads", 60)
        measure("leader killed → another leads", time.monotonic() - killed, "s", "the lease lasts 15 s")
        operator_works(fleet, kube, client, made)
        load.go_on(200)
    load.check()
    touched = [str(seen) for seen in recorder.events("Deployment") if seen.type in ("ADDED", "DELETED")]
    assert not touched
    operator.wait_until_ready()


@pytest.mark.timeout(300)
def test_api_server_is_away(nothing_restarts, fleet, operator, client, cluster, kube, made, measure):
    entries = {tier: (fleet[tier].entry()["metadata"]["uid"], fleet[tier].address) for tier in TIERS}
    with client.load(fleet["public"].address, [SHOP.host], [SHOP.app], MIX) as load:
        cluster.stop("kube-apiserver")
        try:
            stays(lambda: load.progress()["failed"] == 0, "no request fails while the API server is away", OUTAGE_SECONDS)
        finally:
            cluster.start("kube-apiserver")
        back = time.monotonic()
        wait_until(lambda: operator.leader(), "a replica leads", 60)
        operator_works(fleet, kube, client, made)
        measure("API server back → operator repairs and serves", time.monotonic() - back, "s", f"it was away for {OUTAGE_SECONDS} s")
        load.go_on(200)
    load.check()
    assert {tier: (fleet[tier].entry()["metadata"]["uid"], fleet[tier].address) for tier in TIERS} == entries
    operator.wait_until_observed()
    operator.wait_until_ready()
    fleet.wait_until_available()


def test_both_operators_are_gone(nothing_restarts, fleet, operator, client, kube, made):
    """The data plane does without: new Ingresses and endpoints are served by the agents."""
    kube.scale(operator.name, operator.namespace, 0)
    try:
        wait_until(lambda: not operator.pods(), "the operator is gone", 60)
        made(apps.ingress("alone", SPACE, "alone.example.test", SHOP.app, "public"))
        client.get_until({"app": SHOP.app}, INTERNET, fleet["public"].address, "alone.example.test")
    finally:
        kube.scale(operator.name, operator.namespace, 2)
        operator.wait_until_ready()


def another_one(processes: list, old: int) -> bool:
    if not processes or old in [process.pid for process in processes]:
        raise NotYet(f"its processes are {processes}")
    return True


def port_of(pod: dict) -> int:
    return next(one["containerPort"] for one in pod["spec"]["containers"][0]["ports"] if one["name"] == "http")


def test_agent_is_killed(fleet, client, made, measure):
    """HAProxy serves on with what it has; the agent comes back and catches up."""
    public = fleet["public"]
    workers = public.workers()
    pod = public.pods()[0]
    name, address = pod["metadata"]["name"], pod["status"]["podIP"]
    agent = public.agents()[name][-1]
    with client.load(public.address, [SHOP.host], [SHOP.app], MIX) as load:
        agent.kill()
        killed = time.monotonic()
        made(apps.ingress("after-agent", SPACE, "after-agent.example.test", SHOP.app, "public"))
        wait_until(lambda: another_one(public.agents()[name], agent.pid), "the agent is back")
        client.get_until({"app": SHOP.app}, INTERNET, address, "after-agent.example.test", port=port_of(pod))
        measure("agent killed → new Ingress served by its pod", time.monotonic() - killed, "s")
        load.go_on(200)
    load.check()
    assert public.workers() == workers, "HAProxy was restarted with the agent"
    fleet.wait_until_available()


def test_a_pod_ends_while_its_agent_is_away(fleet, client, kube):
    """Only an agent lets HAProxy finish what it serves, so one comes back for that."""
    public = fleet["public"]
    pod = public.pods()[0]["metadata"]["name"]
    with client.load(public.address, [SHOP.host], [SHOP.app], SHORT_MIX) as load:
        for _ in range(CRASHES):
            agent = wait_until(lambda: public.agents()[pod], "an agent runs")[-1]
            agent.kill()
            wait_until(lambda: agent.pid not in [one.pid for one in public.agents()[pod]], "it is dead", every=0.02)
        kube.delete("Pod", pod, NAMESPACE)
        wait_until(lambda: not kube.get("Pod", pod, NAMESPACE), "its pod is gone", 60)
        load.go_on(200)
    load.check()
    fleet.wait_until_available()


@pytest.mark.parametrize("which, what", [(0, "master"), (-1, "worker")], ids=["master", "worker"])
def test_haproxy_is_killed(fleet, client, measure, which, what):
    """Connections of that process are lost, nothing more: the same pod serves the same sites again, and nothing that begins then fails."""
    public = fleet["public"]
    pod = public.pods()[0]
    name, address = pod["metadata"]["name"], pod["status"]["podIP"]
    process = public.haproxies()[name][which]
    with client.load(public.address, [SHOP.host], [SHOP.app], "http-new=50") as load:
        process.kill()
        killed = time.monotonic()
        wait_until(lambda: another_one(public.haproxies()[name], process.pid), f"HAProxy's {what} is back", every=0.02)
        client.get_until({"app": SHOP.app}, INTERNET, address, SHOP.host, port=port_of(pod))
        seconds, answered = time.monotonic() - killed, time.time()
        load.go_on(200)
    measure(f"HAProxy's {what} killed → its pod serves again", seconds, "s", f"{load.summary['failed']} of {load.summary['sent']} requests failed")
    assert not load.failures_since(answered), load.describe()
    fleet.wait_until_available()
