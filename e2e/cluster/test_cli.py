import pytest

import cli
from settings import CONTROL_PLANE, FULL, Cluster


def merged(cluster: Cluster, *words: str):
    cli._merge(cluster, cli._parser().parse_args(["up", *words]))
    return cluster.options


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setenv("INGRESSFLEET_STATE", str(tmp_path))
    return Cluster("one")


def test_words_after_the_dashes_are_the_commands_own():
    assert cli.split_words(["exec", "n1", "--name", "x", "--", "ls", "--", "-l"]) == (["exec", "n1", "--name", "x"], ["ls", "--", "-l"])
    assert cli.split_words(["status"]) == (["status"], [])


def test_up_keeps_what_it_was_not_asked_to_change(cluster):
    assert merged(cluster, "--nodes", "3", "--proxy-mode", "nftables", "--pool", "internal=1-2").nodes == [1, 2, 3]
    cluster.save()
    again = merged(Cluster("one").load())
    assert (again.mode, again.nodes, again.proxy_mode, again.pools) == (FULL, [1, 2, 3], "nftables", {"internal": "1-2"})


def test_a_control_plane_stays_one_until_nodes_are_asked_for(cluster):
    assert merged(cluster, "--control-plane").mode == CONTROL_PLANE
    cluster.save()
    assert merged(Cluster("one").load()).mode == CONTROL_PLANE
    assert merged(Cluster("one").load(), "--nodes", "1").mode == FULL


def test_nodes_are_not_taken_away_by_a_control_plane_option(cluster):
    merged(cluster)
    cluster.save()
    with pytest.raises(cli.ClusterError, match="has nodes"):
        merged(cluster, "--control-plane")


@pytest.mark.parametrize("text", ["internal", "=1-2", "internal="])
def test_a_pool_needs_a_name_and_addresses(text):
    with pytest.raises(ValueError):
        cli._pool(text)
