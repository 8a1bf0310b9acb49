"""The Go toolchain: the newest on this machine, Debian's where there is none, and what that one fetches where it is too old.

Since 1.21 every go command obtains the toolchain that a go.mod asks for (GOTOOLCHAIN=auto): a module like any other, by the ordinary module
download with its checksum verified. An older go (Debian 12 has 1.19) does not do so by itself, but can download that module when told to.
"""
import functools
import json
import os
import platform
import re
import shutil
from pathlib import Path

import packages
from report import ClusterError, step
from shell import output, run

FETCHES_TOOLCHAINS = (1, 21)
BOOTSTRAP = "go1.24.6"
DEBIAN_FOLDERS = "/usr/lib/go-*/bin/go"


def version_of(text: str) -> tuple[int, ...]:
    """(1, 26, 8) of `go version go1.26.8 linux/amd64`, of `go1.26.8` or of `1.26.8`."""
    match = re.search(r"(?:\bgo|^)(\d+(?:\.\d+)*)", text)
    return tuple(map(int, match.group(1).split("."))) if match else ()


def wanted_version(go_mod: str) -> tuple[int, ...]:
    match = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    return version_of(match.group(1)) if match else ()


@functools.cache
def go() -> str:
    """Path of a go command that builds everything here, itself or by fetching what it needs."""
    found = newest()
    if not found:
        with step("no go on this machine: Debian package golang-go"):
            packages.install(["golang-go"])
        found = newest()
    if not found:
        raise ClusterError("the Debian package golang-go brought no go command")
    if _version(found) < FETCHES_TOOLCHAINS:
        with step(f"{found} is too old: toolchain {BOOTSTRAP} as a Go module"):
            found = fetch(found, BOOTSTRAP)
    return found


def newest() -> str:
    candidates = [path for path in (shutil.which("go"), *map(str, Path("/").glob(DEBIAN_FOLDERS[1:]))) if path]
    return max(candidates, key=_version, default="")


def _version(go_command: str) -> tuple[int, ...]:
    return version_of(output([go_command, "version"], cwd="/"))


def fetch(old_go: str, version: str) -> str:
    """Downloads a toolchain as module golang.org/toolchain; module archives carry no executable bits, so they are set here."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    module = f"golang.org/toolchain@v0.0.1-{version}.linux-{architecture}"
    root = _downloaded(old_go, module)
    for path in [*root.glob("bin/*"), *root.glob("pkg/tool/*/*")]:
        path.chmod(0o755)
    return str(root / "bin" / "go")


def download(module: str) -> Path:
    """Where the module cache holds the sources of `path@version`."""
    return _downloaded(go(), module)


def _downloaded(go_command: str, module: str) -> Path:
    return Path(json.loads(output([go_command, "mod", "download", "-json", module], cwd="/"))["Dir"])


def environment(folder: Path) -> dict[str, str]:
    """For a build in `folder`. GOTOOLCHAIN=local, as some machines set it, stays unless the local go is too old."""
    values = {**os.environ, "CGO_ENABLED": "0"}
    if _version(go()) < wanted_version((folder / "go.mod").read_text()):
        values["GOTOOLCHAIN"] = "auto"
    return values


def module_folder(folder: Path, module: str) -> Path:
    """Where the module cache holds the sources of `module` at the version that `folder`'s go.mod pins."""
    run([go(), "mod", "download", module], cwd=folder, env=environment(folder))
    return Path(output([go(), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], cwd=folder, env=environment(folder)))
