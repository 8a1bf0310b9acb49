"""The instruments themselves, without any operator: an application behind an ordinary LoadBalancer Service. A load that could not notice a loss
would prove nothing."""
import pytest

from harness import apps
from harness.client import INSIDE, INTERNET, OFFICE, Answer, Refusal
from harness.cluster import CLI, ROOT, run
from harness.waiting import NotYet, wait_until

SPACE, APP = "e2e-instruments", "meter"


@pytest.fixture(scope="module")
def address(kube, echo_image):
    service = apps.service(APP, SPACE)
    service["spec"].update(type="LoadBalancer", externalTrafficPolicy="Local", loadBalancerSourceRanges=["198.51.100.0/24", "10.0.0.0/8"])
    for manifest in (apps.namespace(SPACE), apps.deployment(APP, SPACE, replicas=2), service):
        kube.apply(manifest)
    apps.wait_until_rolled_out(kube, APP, SPACE)

    def given() -> str:
        found = kube.get("Service", APP, SPACE)["status"]["loadBalancer"].get("ingress")
        if not found:
            raise NotYet("no address")
        return found[0]["ip"]

    yield wait_until(given, "MetalLB gives an address")
    kube.delete("Namespace", SPACE)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("folder", ["apps/echo", "load"])
def test_own_tests(folder):
    """The instruments' unit tests. Go runs them anew only after a change."""
    for words in (["vet", "./..."], ["test", "./..."]):
        run("/usr/bin/python3", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import os, toolchain; os.execv(toolchain.go(), ['go', *sys.argv[2:]])",
            CLI.parent, *words, cwd=ROOT / "e2e" / folder)


def test_who_is_answered_and_who_is_not(client, address):
    answer = client.get_until({"app": APP}, INTERNET, address, "meter.example.test")
    assert isinstance(answer, Answer) and answer.echo["remote"].startswith(INTERNET + ":") and answer.echo["host"] == "meter.example.test"
    assert isinstance(client.get(INSIDE, address, "meter.example.test"), Answer)
    refusal = client.get(OFFICE, address, "meter.example.test", seconds=1)
    assert isinstance(refusal, Refusal) and refusal.kind == "timeout"


def test_a_well_behaved_application_is_replaced_without_loss(client, kube, address):
    client.get_until({"app": APP}, INTERNET, address, "meter.example.test")
    with client.load(address, ["meter.example.test"], [APP], "http-new=50,ws=4,stream=2") as load:
        kube.patch("Deployment", APP, SPACE, {"spec": {"template": {"metadata": {"annotations": {"round": "2"}}}}})
        apps.wait_until_rolled_out(kube, APP, SPACE)
        load.go_on(50)
    load.check()


def test_a_loss_is_noticed(client, kube, cluster, address):
    """The control: a pod that is killed at once, under connections, is a loss."""
    client.get_until({"app": APP}, INTERNET, address, "meter.example.test")
    with client.load(address, ["meter.example.test"], [APP], "http-new=50,http-keep=50,ws=16") as load:
        victim = next(pod for pod in kube.list("Pod", SPACE, f"app={APP}") if not pod["metadata"].get("deletionTimestamp"))
        # Deletion alone, even without grace, leaves it a second to say goodbye.
        for process in cluster.processes(victim):
            process.kill()
        kube.delete("Pod", victim["metadata"]["name"], SPACE, grace=0)
        wait_until(lambda: load.progress()["failed"], "the load notices that a pod was killed")
        load.go_on(600)  # longer than the client waits for an echo
    assert not load.summary["ok"] and load.summary["kinds"]["ws"]["failed"], load.describe()
