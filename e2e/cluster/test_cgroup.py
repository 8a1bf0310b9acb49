from pathlib import Path

import cgroup

HYBRID = """\
24 20 0:22 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
25 20 0:23 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
26 20 0:24 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
27 20 0:25 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
28 20 0:22 / /mnt/again rw,relatime - cgroup cgroup rw,cpu
29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
"""
PURE_V2 = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"


def test_hybrid_hierarchies_each_once():
    found = cgroup.parse_hierarchies(HYBRID)
    assert [point.name for _, point, _ in found] == ["cpu", "cpuset", "systemd", "unified"]
    assert "cpuset" in found[1][2]
    assert [kind for kind, _, _ in found].count("cgroup2") == 1


def test_pure_v2_is_one_hierarchy():
    (kind, point, _), = cgroup.parse_hierarchies(PURE_V2)
    assert (kind, point) == ("cgroup2", Path("/sys/fs/cgroup"))
