"""Debian packages that a cluster needs."""
import os

import shell

CLUSTER_PACKAGES = (
    "buildah", "ca-certificates", "conntrack", "containerd", "containernetworking-plugins", "curl", "iproute2", "iptables",
    "kmod", "mmdebstrap", "nftables", "openssl", "procps", "python3-yaml", "runc", "util-linux",
)


def missing(names=CLUSTER_PACKAGES) -> list[str]:
    listing = shell.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names], check=False).stdout
    installed = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def install(names) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    shell.run(["apt-get", "update", "-q"], env=environment)
    shell.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *names], env=environment)
