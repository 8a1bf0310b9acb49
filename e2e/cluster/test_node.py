import copy

import pytest

import node

BOOTED = {"node1": "2026-01-01T10:00:00Z"}
POD = {"kind": "Pod", "metadata": {}, "spec": {"nodeName": "node1"},
       "status": {"containerStatuses": [{"ready": True, "state": {"running": {"startedAt": "2026-01-01T10:00:00Z"}}}]}}
DEPLOYMENT = {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": {"observedGeneration": 2}}


def changed(pod: dict, **status) -> dict:
    pod = copy.deepcopy(pod)
    pod["status"]["containerStatuses"][0].update(status)
    return pod


def test_complete():
    assert node.pods_complete([DEPLOYMENT, POD], BOOTED)


@pytest.mark.parametrize("pods", [
    [],
    [changed(POD, ready=False)],
    [changed(POD, state={"waiting": {}})],
    [changed(POD, state={"running": {"startedAt": "2026-01-01T09:59:59Z"}})],  # a word from before the restart
    [{**POD, "metadata": {"deletionTimestamp": "2026-01-01T10:00:05Z"}}],
    [{**POD, "spec": {}}],
    [{**POD, "spec": {"nodeName": "node7"}}],
])
def test_not_complete(pods):
    assert not node.pods_complete([DEPLOYMENT, *pods], BOOTED)


def test_a_workload_whose_controller_has_not_looked_yet_is_not_complete():
    fresh = {"kind": "DaemonSet", "metadata": {"generation": 1}, "status": {"desiredNumberScheduled": 0}}
    assert not node.pods_complete([fresh], BOOTED)
