"""The chart's ClusterRole covers what the operator does. The API server lets nobody grant what they do not have, so it must also cover
every rule of the roles that a fleet brings."""
import json
import os
import subprocess

import pytest
import yaml

from chart_test import CHART, HELM_SECONDS, ROOT, helm

BINARY = os.environ.get("INGRESSFLEET") or ROOT / "build" / "dev" / "operator" / "ingressfleet"
SAMPLES = sorted(path.name for path in (ROOT / "crds" / "samples").glob("*.yaml"))
READING = ("get", "list", "watch")
WRITING = ("create", "patch", "delete")
NEVER_DELETED = ("namespaces",)
# Kinds that are watched without being written (operator/app/gatherer.cc).
WATCHED = (("", "pods"), ("", "nodes"), ("networking.k8s.io", "ingresses"), ("ingressfleet.io", "ingressfleets"))

pytestmark = pytest.mark.timeout(HELM_SECONDS + 60)


@pytest.fixture(scope="module")
def held() -> list[dict]:
    rendered = helm("template", "ingressfleet", CHART, "--kube-version", "1.30.0", "--show-only", "templates/clusterrole.yaml").stdout
    return next(entry for entry in yaml.safe_load_all(rendered) if entry["kind"] == "ClusterRole")["rules"]


def covers(held: list[dict], group: str, resource: str, verb: str) -> bool:
    return any(group in rule["apiGroups"] and resource in rule["resources"] and verb in rule["verbs"] and not rule.get("resourceNames") for rule in held)


def planned(sample: str) -> list[dict]:
    if not os.access(BINARY, os.X_OK):
        pytest.skip("the operator is not compiled: make build")
    run = subprocess.run([BINARY, "plan", "-f", ROOT / "crds" / "samples" / sample, "-o", "json"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    objects = [change["object"] for stage in json.loads(run.stdout)["stages"] for change in stage["changes"]]
    assert objects
    return objects


def resource_of(entry: dict) -> tuple[str, str]:
    group = entry["apiVersion"].rpartition("/")[0]
    plural = entry["kind"].lower() + ("es" if entry["kind"].endswith("s") else "s")
    return group, plural.replace("policys", "policies")


@pytest.mark.parametrize("sample", SAMPLES)
def test_operator_may_write_what_it_plans(held, sample):
    missing = set()
    for entry in planned(sample):
        group, resource = resource_of(entry)
        verbs = [verb for verb in READING + WRITING if not (verb == "delete" and resource in NEVER_DELETED)]
        missing |= {f"{verb} {resource}.{group}" for verb in verbs if not covers(held, group, resource, verb)}
    assert not missing


@pytest.mark.parametrize("sample", SAMPLES)
def test_operator_may_grant_what_engines_get(held, sample):
    roles = [entry for entry in planned(sample) if entry["kind"] in ("ClusterRole", "Role")]
    assert roles
    missing = {f"{verb} {resource}.{group}" for role in roles for rule in role["rules"] for group in rule["apiGroups"]
               for resource in rule["resources"] for verb in rule["verbs"] if not covers(held, group, resource, verb)}
    assert not missing


def test_operator_may_watch_what_it_looks_at(held):
    assert not [what for what in WATCHED for verb in READING if not covers(held, *what, verb)]


def test_role_has_no_wildcards(held):
    assert not [rule for rule in held if "*" in rule["apiGroups"] + rule["resources"] + rule["verbs"]]


def test_secrets_are_only_read(held):
    verbs = {verb for rule in held if "secrets" in rule["resources"] for verb in rule["verbs"]}
    assert verbs == set(READING)
