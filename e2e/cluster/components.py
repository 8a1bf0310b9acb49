"""What is compiled, from which Go module; the versions stand in go/<component>/go.mod and nowhere else."""
import dataclasses
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import settings
import toolchain
from report import step
from shell import run

GO_FOLDER = Path(__file__).resolve().parent / "go"


@dataclasses.dataclass(frozen=True)
class Component:
    """One go.mod and the commands built from it in one go."""

    name: str
    module: str  # "" for a command of our own without dependencies
    commands: dict[str, str]  # binary → Go package
    _: dataclasses.KW_ONLY
    version_variables: tuple[str, ...] = ()  # linked in with -X
    files: tuple[str, ...] = ()  # of the module, kept beside the binaries
    filled_up: dict[str, str] = dataclasses.field(default_factory=dict)  # folder beside go.mod → module whose files it lacks
    first_run: str = ""

    @property
    def folder(self) -> Path:
        return GO_FOLDER / self.name

    @property
    def version(self) -> str:
        return pinned_version((self.folder / "go.mod").read_text(), self.module) if self.module else "own"


KUBERNETES = Component(
    "kubernetes", "k8s.io/kubernetes",
    {name: f"k8s.io/kubernetes/cmd/{name}" for name in (
        "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")},
    version_variables=("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"), first_run="about 8 minutes")
ETCD = Component("etcd", "go.etcd.io/etcd/server/v3", {"etcd": "go.etcd.io/etcd/server/v3"}, first_run="about 40 seconds")
PAUSE = Component("pause", "", {"pause": "."})
COREDNS = Component("coredns", "github.com/coredns/coredns", {"coredns": "."}, first_run="about 1 minute")
METALLB = Component(
    "metallb", "go.universe.tf/metallb",
    {f"metallb-{name}": f"go.universe.tf/metallb/{name}" for name in ("controller", "speaker")},
    files=("config/manifests/metallb-native.yaml",), first_run="about 2 minutes")
# Needs packages of lego, but not its 200 DNS providers, nor the clouds' libraries behind those: go/traefik/lego has none.
TRAEFIK = Component(
    "traefik", "github.com/traefik/traefik/v3", {"traefik": "github.com/traefik/traefik/v3/cmd/traefik"},
    filled_up={"lego": "github.com/go-acme/lego/v5@v5.3.1"}, first_run="about 8 minutes")

CONTROL_PLANE = (ETCD, KUBERNETES)
NODES = (PAUSE, COREDNS)


def pinned_version(go_mod: str, module: str) -> str:
    return re.search(rf"^\s*(?:require\s+)?{re.escape(module)} (v\S+)", go_mod, re.MULTILINE).group(1)


def needed(mode: str, metallb: bool) -> tuple[Component, ...]:
    if mode == settings.CONTROL_PLANE:
        return CONTROL_PLANE
    return CONTROL_PLANE + NODES + ((METALLB,) if metallb else ())


def binary(component: Component, name: str) -> Path:
    """A command, or one of the component's files."""
    return _built_folder(component) / name


def build(component: Component) -> None:
    """Compiles what is missing. Interrupted, the next run goes on where it was: Go's own build cache keeps every package."""
    target = _built_folder(component)
    if not target.exists():
        first = f" (first run takes {component.first_run})" if component.first_run else ""
        with step(f"{component.name} {component.version}: compiling{first}"):
            _compile(component, target)
    if component is KUBERNETES:
        _link_kubectl(target / "kubectl")


def kubectl() -> Path:
    """A path that stays the same over versions."""
    return settings.cache_folder() / "bin" / "kubectl"


def _compile(component: Component, target: Path) -> None:
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    # The go command names a binary after the last part of its package, so one call builds all of them into the folder.
    run([toolchain.go(), "build", "-mod=readonly", "-trimpath", "-overlay", _overlay(component, fresh.with_suffix(".overlay")),
         "-ldflags", _ldflags(component), "-o", f"{fresh}/", *component.commands.values()],
        cwd=component.folder, env=toolchain.environment(component.folder), log=settings.cache_folder() / "log" / f"{component.name}.log")
    for name, package in component.commands.items():
        built = fresh / _default_binary_name(component, package)
        if built.name != name:
            built.rename(fresh / name)
    for file in component.files:
        shutil.copy(toolchain.module_folder(component.folder, component.module) / file, fresh)
    fresh.rename(target)


def _overlay(component: Component, file: Path) -> Path:
    """Tells go build which files of other modules to see in our folders. Where we have a package of our own, that one counts."""
    seen = {}
    for name, module in component.filled_up.items():
        ours, theirs = component.folder / name, toolchain.download(module)
        for path in theirs.rglob("*.go"):
            place = ours / path.relative_to(theirs)
            if not list(place.parent.glob("*.go")):
                seen[str(place)] = str(path)
    file.write_text(json.dumps({"Replace": seen}))
    return file


def _default_binary_name(component: Component, package: str) -> str:
    if package == ".":
        return component.name
    last, *rest = reversed(package.split("/"))
    return rest[0] if re.fullmatch(r"v\d+", last) else last


def _ldflags(component: Component) -> str:
    words = ["-s", "-w"]
    major, minor = re.match(r"v?(\d*)\.?(\d*)", component.version).groups()
    for package in component.version_variables:
        words += [f"-X {package}.gitVersion={component.version}", f"-X {package}.gitMajor={major}", f"-X {package}.gitMinor={minor}"]
    return " ".join(words)


def _built_folder(component: Component) -> Path:
    """Keyed by everything that decides the outcome, so that a changed pin builds anew and an old checkout finds its own."""
    digest = hashlib.sha256()
    for path in sorted(component.folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return settings.cache_folder() / "bin" / f"{component.name}-{component.version}-{digest.hexdigest()[:10]}"


def _link_kubectl(target: Path) -> None:
    link = kubectl()
    if link.is_symlink() and os.readlink(link) == str(target):
        return
    fresh = link.with_name("kubectl.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
