"""The chart, installed into the API server of KUBECONFIG by Helm itself. No node runs there: what is asked is whether the API server
takes every object as it is written, and what the accounts may do."""
import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "ingressfleet"
NAMESPACE = "chart-contract"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:ingressfleet"
CRD = "customresourcedefinition/ingressfleets.ingressfleet.io"

pytestmark = pytest.mark.timeout(900)  # Helm is compiled at its first use


def run(*words, check=True) -> str:
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=800)
    assert not check or result.returncode == 0, f"{' '.join(map(str, words))}\n{result.stdout}{result.stderr}"
    return result.stdout.strip()


def helm(*words, **options) -> str:
    return run(ROOT / "scripts" / "helm", *words, "--namespace", NAMESPACE, **options)


def kubectl(*words, **options) -> str:
    return run("kubectl", *words, **options)


@pytest.fixture(scope="module", autouse=True)
def release():
    helm("upgrade", "--install", "ingressfleet", CHART, "--create-namespace", "--wait=hookOnly")
    kubectl("wait", "--for=condition=Established", CRD, "--timeout=30s")
    yield
    helm("uninstall", "ingressfleet", "--ignore-not-found")
    kubectl("delete", "--ignore-not-found", CRD)
    kubectl("delete", "--ignore-not-found", "namespace", NAMESPACE, "--wait=false")


def test_server_finds_nothing_to_complain_about():
    """Strict validation, as kubectl asks for it: no unknown field, no field twice."""
    manifest = helm("get", "manifest", "ingressfleet")
    result = subprocess.run(["kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"],
                            input=manifest, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr


def test_namespace_may_enforce_the_restricted_standard():
    kubectl("label", "--overwrite", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    pod = json.loads(kubectl("-n", NAMESPACE, "get", "deployment", "ingressfleet", "-o", "json"))["spec"]["template"]
    pod.update(apiVersion="v1", kind="Pod")
    pod["metadata"].update(name="asked", namespace=NAMESPACE)
    result = subprocess.run(["kubectl", "create", "--dry-run=server", "-f", "-"], input=json.dumps(pod), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("verb, what, answer", [
    ("patch", "ingressfleets.ingressfleet.io/status", "yes"),
    ("patch", "deployments.apps", "yes"),
    ("patch", "ingresses.networking.k8s.io/status", "yes"),
    ("create", "clusterroles.rbac.authorization.k8s.io", "yes"),
    ("create", "events", "yes"),
    ("list", "secrets", "yes"),
    ("delete", "ingressfleets.ingressfleet.io", "no"),
    ("patch", "ingresses.networking.k8s.io", "no"),
    ("patch", "secrets", "no"),
    ("delete", "pods", "no"),
    ("escalate", "clusterroles.rbac.authorization.k8s.io", "no"),
    ("bind", "clusterroles.rbac.authorization.k8s.io", "no"),
    ("impersonate", "users", "no"),
])
def test_rights_of_the_operator(verb, what, answer):
    resource, _, subresource = what.partition("/")
    words = ["auth", "can-i", verb, resource, "--as", ACCOUNT, "--all-namespaces"]
    assert kubectl(*words, *(["--subresource", subresource] if subresource else []), check=False) == answer


@pytest.mark.parametrize("namespace, answer", [(NAMESPACE, "yes"), ("kube-system", "no")])
def test_lease_only_beside_the_operator(namespace, answer):
    assert kubectl("auth", "can-i", "update", "leases.coordination.k8s.io", "--as", ACCOUNT, "-n", namespace, check=False) == answer


def test_people_with_view_see_fleets_and_change_none():
    kubectl("create", "clusterrolebinding", "chart-contract-view", "--clusterrole=view", "--user=reader")
    try:
        # The controller that aggregates roles needs a moment.
        kubectl("wait", "clusterrole/view", "--for=jsonpath={.rules[?(@.apiGroups[0]==\"ingressfleet.io\")].resources[0]}=ingressfleets", "--timeout=30s")
        assert kubectl("auth", "can-i", "list", "ingressfleets.ingressfleet.io", "--as=reader", check=False) == "yes"
        assert kubectl("auth", "can-i", "patch", "ingressfleets.ingressfleet.io", "--as=reader", check=False) == "no"
    finally:
        kubectl("delete", "clusterrolebinding", "chart-contract-view")


def test_upgrade_with_other_values_is_accepted():
    helm("upgrade", "ingressfleet", CHART, "--set", "replicas=3", "--set", "log.level=debug", "--wait=hookOnly")
    assert kubectl("-n", NAMESPACE, "get", "deployment", "ingressfleet", "-o", "jsonpath={.spec.replicas}") == "3"


def test_fleets_outlive_the_release():
    """`helm uninstall` leaves the CustomResourceDefinition, and a later install takes it up again."""
    helm("uninstall", "ingressfleet")
    assert kubectl("get", CRD, "-o", "name")
    helm("install", "ingressfleet", CHART, "--wait=hookOnly")
