"""kubectl-ingressfleet against the API server of KUBECONFIG: what it prints, which annotations it writes, how it waits and ends. The
operator is played by the test: it writes the status, from the situations of tests/golden/cli.
"""
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = ROOT / "build" / "dev" / "operator" / "kubectl-ingressfleet"
CRD = ROOT / "crds" / "ingressfleet.yaml"
SITUATIONS = ROOT / "tests" / "golden" / "cli"
OLD, NEW = "5c1d0e99ab", "77aa013f5e"
TIER = {"publishing": {"type": "Private"}, "access": {"allowedSourceRanges": ["10.0.0.0/8"]}}


def kubectl(*words, text=None) -> str:
    result = subprocess.run(["kubectl", *map(str, words)], input=text, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"kubectl {words}: {result.stdout}{result.stderr}"
    return result.stdout


# A command that ends while threads of its HTTP client still live leaves what OpenSSL keeps for each of them.
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}


def plugin(*words, **environment) -> subprocess.CompletedProcess:
    return subprocess.run([PLUGIN, *words], capture_output=True, text=True, timeout=60, env={**os.environ, **NO_LEAKS, **environment})


@pytest.fixture(scope="module", autouse=True)
def crd():
    kubectl("apply", "--server-side", "-f", CRD)
    kubectl("wait", "--for=condition=Established", "-f", CRD, "--timeout=30s")
    yield
    kubectl("delete", "-f", CRD)


@pytest.fixture
def platform():
    yield make("platform")
    kubectl("delete", "ingressfleets", "--all")


def make(name):
    tiers = [{"name": tier, "controller": {"engine": "HAProxy", "version": "0.1.0"}, **TIER} for tier in ("public", "private")]
    body = {"apiVersion": "ingressfleet.io/v1alpha1", "kind": "IngressFleet", "metadata": {"name": name, "annotations": {"example.com/note": "kept"}},
            "spec": {"tiers": tiers}}
    kubectl("create", "-f", "-", text=json.dumps(body))
    return name


def fleet(name="platform"):
    return json.loads(kubectl("get", "ingressfleet", name, "-o", "json"))


def orders(name="platform"):
    return {key: value for key, value in fleet(name)["metadata"]["annotations"].items() if key.startswith("ingressfleet.io/")}


def report(situation, change=lambda tier: None):
    """As the operator would: the status of a situation, the first tier changed."""
    status = yaml.safe_load((SITUATIONS / f"{situation}.yaml").read_text())["status"]
    change(status["tiers"][0])
    body = {"apiVersion": "ingressfleet.io/v1alpha1", "kind": "IngressFleet", "metadata": {"name": "platform"}, "status": status}
    kubectl("apply", "--server-side", "--force-conflicts", "--subresource=status", "--field-manager=ingressfleet-status", "-f", "-", text=json.dumps(body))


class Operator(threading.Thread):
    """Waits for an order, marks it as handled and then reports one situation after the other."""

    def __init__(self, verb, *situations):
        super().__init__()
        self.verb, self.situations, self.failure = verb, situations, None
        self.start()

    def run(self):
        try:
            deadline = time.monotonic() + 30
            while not (order := orders().get(f"ingressfleet.io/{self.verb}-public")):
                assert time.monotonic() < deadline, "no order came"
                time.sleep(0.1)
            for situation in self.situations:
                situation, _, phase = situation.partition(" but ")
                more = {"phase": phase} if phase else {}
                report(situation, lambda tier: tier["upgrade"].update(handledRequests={self.verb: order}, **more))
        except AssertionError as failure:
            self.failure = failure

    def done(self):
        self.join()
        assert self.failure is None, self.failure


def test_status_is_a_plain_tree_in_a_pipe(platform):
    report("approve")
    shown = plugin("status")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.isascii() and "\x1b" not in shown.stdout
    assert "kubectl ingressfleet promote public 77aa013f5e" in shown.stdout and "10.0.0.7" in shown.stdout
    assert "10.0.0.7" not in plugin("status", "platform", "public").stdout


def test_status_for_scripts(platform):
    report("approve")
    shown = json.loads(plugin("status", "platform", "-o", "json").stdout)
    assert shown["fleet"] == "platform" and [tier["name"] for tier in shown["tiers"]] == ["public", "private"]
    assert yaml.safe_load(plugin("status", "platform", "-o", "yaml").stdout) == shown
    assert json.loads(plugin("status", "public", "-o", "json").stdout)["candidate"]["revision"] == NEW
    assert json.loads(plugin("status", "-o", "json").stdout)["fleets"] == [shown]


def test_watch_follows_changes(platform):
    report("warm")
    watching = subprocess.Popen([PLUGIN, "status", "-w"], stdout=subprocess.PIPE, text=True, env={**os.environ, **NO_LEAKS})
    try:
        seen = ""
        while "Warm" not in seen:
            seen = watching.stdout.readline()
            assert seen, "it ended"
        report("approve")
        while "Approve" not in seen:
            seen = watching.stdout.readline()
            assert seen, "it ended"
        watching.send_signal(2)
        assert watching.wait(timeout=10) == 0
    finally:
        watching.kill()
        watching.stdout.close()


def test_orders_stand_beside_each_other(platform):
    spec = fleet()["spec"]
    report("approve")
    assert plugin("promote", "public", "--wait=none").returncode == 0
    assert plugin("pause", "platform/private").returncode == 0
    report("hold")
    assert plugin("resume", "public").returncode == 0
    given = orders()
    assert set(given) == {"ingressfleet.io/promote-public", "ingressfleet.io/hold-private", "ingressfleet.io/resume-public"}
    revision, _, rest = given["ingressfleet.io/promote-public"].partition(" by ")
    who, _, at = rest.partition(", ")
    me = json.loads(kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"]
    assert revision == NEW and who == me and time.strptime(at, "%Y-%m-%dT%H:%M:%SZ")
    after = fleet()
    assert after["spec"] == spec and after["metadata"]["annotations"]["example.com/note"] == "kept"


@pytest.mark.parametrize("situation, words, says", [
    ("stable", ["promote", "public"], "nothing to promote"),
    ("approve", ["promote", "public", OLD], "is not the candidate"),
    ("retain", ["rollback", "public", "deadbeef00"], "known are: 77aa013f5e"),
    ("stable", ["abort", "public"], "no upgrade to abort"),
    ("refused", ["pause", "public"], "must be a CIDR"),
    ("stable", ["promote", "pulbic"], "its tiers are: public, private"),
])
def test_what_makes_no_sense_is_refused_and_not_written(platform, situation, words, says):
    report(situation)
    refused = plugin(*words)
    assert refused.returncode == 1 and says in refused.stderr, refused
    assert orders() == {}


def test_with_two_fleets_a_tier_needs_its_fleet(platform):
    make("second")
    ambiguous = plugin("promote", "public")
    assert ambiguous.returncode == 2 and "platform/public or second/public" in ambiguous.stderr


@pytest.mark.parametrize("words", [["promote"], ["promotes", "public"], ["promote", "public", "--wait=ever"], ["status", "-o", "xml"], []])
def test_a_wrong_command_line(words):
    assert plugin(*words).returncode == 2


@pytest.mark.parametrize("dry_run", ["client", "server"])
def test_dry_run_writes_nothing(platform, dry_run):
    report("approve")
    tried = plugin("promote", "public", f"--dry-run={dry_run}")
    assert tried.returncode == 0 and f'ingressfleet.io/promote-public: "{NEW} by ' in tried.stdout, tried
    assert orders() == {}


def test_waits_until_the_operator_has_handled_it(platform):
    report("observe")
    operator = Operator("abort", "aborted")
    given = plugin("abort", "public", "--timeout=30s")
    operator.done()
    assert given.returncode == 0 and "tier public aborted" in given.stdout, given


def test_waits_until_the_tier_is_stable(platform):
    report("approve")
    operator = Operator("promote", "expand", "observe", "retain", "retain but Stable")
    given = plugin("promote", "public", "--wait=complete", "--timeout=40s")
    operator.done()
    assert given.returncode == 0 and f"serves {NEW}" in given.stdout and "the operator has taken the order" in given.stdout, given


def test_an_upgrade_that_went_back_has_failed(platform):
    report("approve")
    operator = Operator("promote", "expand", "aborted")
    given = plugin("promote", "public", "--wait=complete", "--timeout=30s")
    operator.done()
    assert given.returncode == 1 and "went back" in given.stderr, given


def test_an_operator_that_does_not_answer(platform):
    report("approve")
    given = plugin("promote", "public", "--timeout=2s")
    assert given.returncode == 3 and "is it running" in given.stderr, given
    assert set(orders()) == {"ingressfleet.io/promote-public"}


def test_history(platform):
    report("retain")
    assert [line.split()[0] for line in plugin("history", "public").stdout.splitlines()] == ["NUMBER", "2", "1"]
    assert json.loads(plugin("history", "public", "-o", "json").stdout)["history"][0]["revision"] == NEW


def test_completion_ends_with_a_directive(platform):
    report("approve")
    assert plugin("__complete", "promote", "").stdout == "public\nprivate\n:4\n"
    assert plugin("__complete", "promote", "public", "").stdout == f"{NEW}\tHAProxy 0.2.0, candidate\n:4\n"
    assert plugin("__complete", "promote", "", KUBECONFIG="/nowhere").stdout == ":4\n"


def test_the_context_is_chosen(tmp_path, platform):
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    config["contexts"].append({**config["contexts"][0], "name": "spare"})
    config["current-context"] = "nobody"
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    assert plugin("status", "--kubeconfig", path, "--context", "spare").returncode == 0
    wrong = plugin("status", "--kubeconfig", path)
    assert wrong.returncode == 1 and "nobody" in wrong.stderr
