import pytest

import network
from report import ClusterError


@pytest.mark.parametrize("taken, destinations, expected", [
    (set(), [], 1),
    ({1, 2}, [], 3),
    (set(), ["default", "10.250.1.0/30", "10.250.2.2"], 3),
    (set(), ["10.250.0.0/16", "10.0.0.0/8"], None),
    (set(), ["10.0.0.0/8", "192.168.0.0/16"], 1),  # a route that wide is the way out, not a network in use
    (set(range(1, 251)), [], None),
])
def test_free_index(taken, destinations, expected):
    if expected is None:
        with pytest.raises(ClusterError):
            network.free_index(taken, destinations)
    else:
        assert network.free_index(taken, destinations) == expected
