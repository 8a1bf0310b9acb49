"""crds/ingressfleet.yaml, asked in the API server of KUBECONFIG: it refuses the fleets of broken-fleets/ that it can know to be broken,
at the right field, and takes every other one, because a rule of the CRD must never refuse what the operator would accept.
crd/fleets_test.cc asks the operator's own rules the same.

A file of broken-fleets/ is what is expected, then a fleet, then perhaps a second one that replaces the first:
  by         APIServer (both refuse) or Operator (only the operator can know)
  path       the field that the operator names
  message    part of what it says
  apiServer  path and message of the API server, where they differ
"""
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "tests" / "contract"
CRD = ROOT / "crds" / "ingressfleet.yaml"
BROKEN = sorted((CONTRACT / "broken-fleets").glob("*.yaml"))
SOUND = sorted((CONTRACT / "sound-fleets").glob("*.yaml")) + sorted((ROOT / "crds" / "samples").glob("*.yaml"))


def kubectl(*words, text=None) -> subprocess.CompletedProcess:
    return subprocess.run(["kubectl", *map(str, words)], input=text, capture_output=True, text=True, timeout=60)


def text_of(result) -> str:
    return result.stdout + result.stderr


def documents(path):
    """The YAML of each document as it is written: parsing and printing would change numbers and hide duplicate keys."""
    return path.read_text().split("\n---\n")


@pytest.fixture(scope="module", autouse=True)
def crd():
    installed = kubectl("apply", "--server-side", "-f", CRD)
    assert installed.returncode == 0, text_of(installed)
    assert kubectl("wait", "--for=condition=Established", "-f", CRD, "--timeout=30s").returncode == 0
    yield
    assert kubectl("delete", "-f", CRD).returncode == 0


def answer_to(fleets) -> subprocess.CompletedProcess:
    """The API server's answer to the last fleet, with the one before it in place."""
    apply = ("apply", "--validate=strict", "-f", "-")
    if len(fleets) == 1:
        return kubectl(*apply, "--dry-run=server", text=fleets[0])
    before = kubectl(*apply, text=fleets[0])
    assert before.returncode == 0, text_of(before)
    try:
        return kubectl(*apply, "--dry-run=server", text=fleets[1])
    finally:
        kubectl("delete", "-f", "-", text=fleets[0])


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_fleet(path):
    head, *fleets = documents(path)
    expect = yaml.safe_load(head)["expect"]
    answer = answer_to(fleets)
    if expect["by"] == "Operator":
        assert answer.returncode == 0, "only the operator was thought to know:\n" + text_of(answer)
        return
    server = {"path": expect["path"], "message": expect["message"], **expect.get("apiServer", {})}
    assert answer.returncode != 0, "accepted"
    assert server["path"] in answer.stderr and server["message"] in answer.stderr, answer.stderr


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_sound_fleet(path):
    answer = answer_to(documents(path))
    assert answer.returncode == 0, text_of(answer)
