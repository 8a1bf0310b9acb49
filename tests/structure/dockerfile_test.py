"""Both images are compiled by the same first stage, so that a builder does its packages and its layers once."""
import re

from repository import ROOT


def packages_and_sources(path: str) -> list[str]:
    """The first stage up to the command that compiles."""
    lines = (ROOT / path).read_text().splitlines()
    start, end = (next(number for number, line in enumerate(lines) if line.startswith(word)) for word in ("FROM ", "RUN --mount"))
    return lines[start:end]


def test_build_stages_are_equal_until_they_compile():
    assert packages_and_sources("operator/Dockerfile") == packages_and_sources("proxy-image/Dockerfile")


def test_install_packages_knows_every_package_of_the_build_stage():
    """What compiles in the image compiles here."""
    packages = re.search(r"\[build\]=\"([^\"]*)\"", (ROOT / "scripts" / "install-packages").read_text()).group(1).split()
    stage = "\n".join(packages_and_sources("operator/Dockerfile")).replace("\\\n", " ")
    wanted = re.search(r"apt-get install\b([^&|;]*)", stage).group(1).split()
    assert not [word for word in wanted if not word.startswith("-") and word not in packages]
