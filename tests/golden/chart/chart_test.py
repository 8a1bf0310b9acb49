"""The Helm chart, rendered by Helm itself without a cluster.

values/NAME.yaml is rendered and compared with NAME.yaml; `UPDATE_GOLDEN=1 scripts/suite chart` writes the goldens anew. Each file
in refused/ must be refused with the message in its first line."""
import os
import subprocess
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CHART = ROOT / "charts" / "ingressfleet"
CASES = sorted(path.stem for path in (HERE / "values").glob("*.yaml"))
REFUSED = sorted(path.stem for path in (HERE / "refused").glob("*.yaml"))
HELM_SECONDS = 900  # its first use compiles it

pytestmark = pytest.mark.timeout(HELM_SECONDS + 60)


def helm(*words) -> subprocess.CompletedProcess:
    return subprocess.run([ROOT / "scripts" / "helm", *map(str, words)], capture_output=True, text=True, timeout=HELM_SECONDS)


def template(values: Path, *words) -> subprocess.CompletedProcess:
    # The CRD is shown only where a case asks for it: it is the same text as crds/ingressfleet.yaml.
    return helm("template", "ingressfleet", CHART, "--namespace", "ingressfleet-system", "--kube-version", "1.30.0", "--values", values, *words)


def rendered(case: str) -> str:
    run = template(HERE / "values" / f"{case}.yaml")
    assert run.returncode == 0, run.stderr
    return run.stdout


def objects(case: str) -> list[dict]:
    return [entry for entry in yaml.safe_load_all(rendered(case)) if entry]


@pytest.mark.parametrize("case", CASES)
def test_renders_as_golden(case):
    golden = HERE / f"{case}.yaml"
    text = rendered(case)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text(), f"{golden.relative_to(ROOT)} differs; UPDATE_GOLDEN=1 scripts/suite chart, and look at the diff"


def test_every_golden_has_values():
    assert sorted(path.stem for path in HERE.glob("*.yaml")) == CASES


@pytest.mark.parametrize("case", CASES)
def test_lint(case):
    run = helm("lint", "--strict", CHART, "--values", HERE / "values" / f"{case}.yaml", "--kube-version", "1.30.0")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(case):
    path = HERE / "refused" / f"{case}.yaml"
    wanted = path.read_text().splitlines()[0].removeprefix("# ")
    run = template(path)
    assert run.returncode != 0, f"{case} was accepted"
    assert wanted in run.stderr


def test_refuses_older_kubernetes():
    run = helm("template", "ingressfleet", CHART, "--kube-version", "1.29.9")
    assert run.returncode != 0
    assert "chart requires kubeVersion: >=1.30" in run.stderr


def test_names_of_two_releases_differ():
    """Cluster-scoped objects of a second release must not be those of the first."""
    first, second = (
        {(entry["kind"], entry["metadata"]["name"]) for entry in yaml.safe_load_all(
            helm("template", name, CHART, "--kube-version", "1.30.0", "--set", "crds.enabled=false").stdout) if entry}
        for name in ("edge", "core"))
    assert first and second and not first & second


def test_crd_is_the_one_of_the_api_and_is_kept():
    source = yaml.safe_load((ROOT / "crds" / "ingressfleet.yaml").read_text())
    run = helm("template", "ingressfleet", CHART, "--kube-version", "1.30.0", "--show-only", "templates/crd.yaml")
    assert run.returncode == 0, run.stderr
    crd = yaml.safe_load(run.stdout)
    assert crd["spec"] == source["spec"]
    assert crd["metadata"]["name"] == source["metadata"]["name"]
    assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_pods_meet_the_restricted_standard():
    pod = next(entry for entry in objects("default") if entry["kind"] == "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
