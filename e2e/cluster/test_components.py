import re

import pytest

import components
import metallb
import toolchain

ALL = (components.ETCD, components.KUBERNETES, components.PAUSE, components.COREDNS, components.METALLB, components.TRAEFIK)


@pytest.mark.parametrize("component", ALL, ids=lambda component: component.name)
def test_every_component_has_its_module_files(component):
    go_mod = (component.folder / "go.mod").read_text()
    assert toolchain.wanted_version(go_mod) >= (1, 21)
    if component.module:
        assert re.fullmatch(r"v\d+\.\d+\.\d+", component.version)
        assert (component.folder / "go.sum").exists()


@pytest.mark.parametrize("package, expected", [
    ("k8s.io/kubernetes/cmd/kubelet", "kubelet"), ("go.etcd.io/etcd/server/v3", "server"), (".", "etcd"),
])
def test_name_that_go_gives_a_binary(package, expected):
    assert components._default_binary_name(components.ETCD, package) == expected


@pytest.mark.parametrize("text, expected", [
    ("go version go1.26.8 linux/amd64", (1, 26, 8)), ("go1.24", (1, 24)), ("1.24.3", (1, 24, 3)), ("devel", ()),
])
def test_version_of(text, expected):
    assert toolchain.version_of(text) == expected


def test_metallb_runs_our_images():
    manifest = """
kind: DaemonSet
spec: {template: {spec: {containers: [{name: speaker, image: "registry.test/speaker:v9", readinessProbe: {initialDelaySeconds: 10}}]}}}
"""
    adapted = metallb.adapted(manifest)
    assert f"ingressfleet/metallb-speaker:{components.METALLB.version}" in adapted and "registry.test" not in adapted


def test_only_the_default_pool_hands_out_addresses_by_itself():
    manifest = metallb.pool_manifests({"default": "10.251.0.100-10.251.0.140", "internal": "10.251.0.150-10.251.0.159"})
    assert manifest.count('"autoAssign": true') == 1 and manifest.count('"autoAssign": false') == 1
