import pytest

import settings
from settings import Cluster


def test_addresses_of_nodes_leave_the_clients_address_alone():
    assert [settings.node_address(number) for number in (1, 2, 3)] == ["10.251.0.1", "10.251.0.3", "10.251.0.4"]
    assert settings.pod_range(2) == "10.244.1.0/24"


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "x" * 21])
def test_refuses_names_that_do_not_fit_a_namespace(name):
    with pytest.raises(ValueError):
        Cluster(name)


def test_remembers_its_options(tmp_path, monkeypatch):
    monkeypatch.setenv("INGRESSFLEET_STATE", str(tmp_path))
    cluster = Cluster("one")
    cluster.index = 7
    cluster.options.nodes = [1, 2]
    cluster.options.pools["internal"] = "10.251.0.150-10.251.0.159"
    cluster.save()
    again = Cluster("one").load()
    assert (again.index, again.options) == (7, cluster.options)
    assert again.api_url == "https://10.250.7.2:6443"
    assert [found.name for found in settings.all_clusters()] == ["one"]


def test_equal_content_is_not_written_again(tmp_path):
    path = tmp_path / "folder" / "file"
    assert settings.write_if_changed(path, "a", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not settings.write_if_changed(path, "a")
    assert settings.write_if_changed(path, "b")


def test_cache_folder_follows_the_environment(monkeypatch):
    monkeypatch.delenv("INGRESSFLEET_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert str(settings.cache_folder()) == "/x/ingressfleet"
    monkeypatch.setenv("INGRESSFLEET_CACHE", "/y")
    assert str(settings.cache_folder()) == "/y"
