"""Images: built by buildah from real Dockerfiles, carried into each node's containerd as an archive; no registry takes part."""
import os
import re
import tempfile
from pathlib import Path

import components
import process
import settings
import shell
from report import ClusterError, step
from settings import Cluster, write_if_changed

PAUSE_IMAGE = "ingressfleet/pause:1"
BINARY_DOCKERFILE = Path(__file__).resolve().parent / "images" / "binary.Dockerfile"
PULL_SECONDS = 60
TAKEN_OVER_SECONDS = 30


def system_images(with_metallb: bool) -> dict[str, Path]:
    """Image → the one binary in it."""
    found = {PAUSE_IMAGE: components.binary(components.PAUSE, "pause"),
             coredns_image(): components.binary(components.COREDNS, "coredns")}
    if with_metallb:
        found.update({metallb_image(name): components.binary(components.METALLB, f"metallb-{name}") for name in ("controller", "speaker")})
    return found


def coredns_image() -> str:
    return f"ingressfleet/coredns:{components.COREDNS.version}"


def metallb_image(name: str) -> str:
    return f"ingressfleet/metallb-{name}:{components.METALLB.version}"


def build_system(with_metallb: bool) -> None:
    for name, binary in system_images(with_metallb).items():
        built_from = _archive(name).with_suffix(".binary")
        if _archive(name).exists() and built_from.exists() and built_from.read_text() == str(binary):
            continue
        with step(f"image {name}"), tempfile.TemporaryDirectory(dir=settings.cache_folder()) as context:
            os.link(binary, Path(context, "binary"))
            build(Path(context), name, str(BINARY_DOCKERFILE))
            _save_archive(name)
            built_from.write_text(str(binary))


# --- building --------------------------------------------------------------------------------------------------------

def build(context: Path, name: str, dockerfile: str | None = None, target: str | None = None, arguments=()) -> None:
    if not context.is_dir():
        raise ClusterError(f"no folder {context}")
    path = Path(dockerfile) if dockerfile else context / "Dockerfile"
    if not path.exists():
        raise ClusterError(f"no Dockerfile {path}")
    for base in base_images(path.read_text()):
        _provide_base(base)
    log = settings.cache_folder() / "log" / f"image-{_file_name(name)}.log"
    log.unlink(missing_ok=True)
    # Isolation "chroot" works without systemd and without an engine. Layers make an unchanged Dockerfile take a second.
    _buildah("build", "--isolation", "chroot", "--layers", "--pull=never", "--tag", name, "--file", str(path),
             *(["--target", target] if target else []), *[f"--build-arg={text}" for text in arguments], str(context), log=log)


def base_images(dockerfile: str) -> list[str]:
    """External images of FROM and COPY --from; stages of the file itself, numbers and scratch are none."""
    stages, found = {"scratch"}, []
    for line in dockerfile.splitlines():
        source = re.match(r"\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", line, re.IGNORECASE)
        copied = re.match(r"\s*COPY\s+(?:--\S+\s+)*?--from=(\S+)", line, re.IGNORECASE)
        name = source.group(1) if source else copied.group(1) if copied else None
        if name and name.lower() not in stages and not name.isdigit() and "$" not in name and name not in found:
            found.append(name)
        if source and source.group(2):
            stages.add(source.group(2).lower())
    return found


def _provide_base(name: str) -> None:
    """Pulls a base image where a registry can be reached; else makes a Debian one from Debian's packages."""
    if image_id(name) or _pull(name):
        return
    suite = re.fullmatch(r"(?:.*/)?debian:([a-z]+)(?:-slim)?", name)
    if not suite:
        raise ClusterError(f"base image {name}: no registry reachable, and only debian:<suite>-slim can be made here")
    with tempfile.TemporaryDirectory(dir=settings.cache_folder()) as folder:
        rootfs = Path(folder, "rootfs.tar")
        shell.run(["mmdebstrap", "--quiet", "--variant=minbase", "--aptopt=Acquire::Languages \"none\"", suite.group(1), rootfs],
                  log=settings.cache_folder() / "log" / "mmdebstrap.log")
        container = _buildah("from", "scratch").stdout.strip()
        _buildah("add", container, str(rootfs), "/")
        _buildah("config", "--cmd", "bash", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
        _buildah("commit", "--rm", container, name)


def _pull(name: str) -> bool:
    return shell.succeeds(["timeout", str(PULL_SECONDS), *_buildah_words(), "pull", "--quiet", name], env=_buildah_environment())


def image_id(name: str) -> str:
    """The id of the image buildah has under that name, "" if none."""
    return _buildah("inspect", "--type", "image", "--format", "{{.FromImageID}}", name, check=False).stdout.strip()


def _buildah(*words: str, **options):
    return shell.run([*_buildah_words(), *words], env=_buildah_environment(), **options)


def _buildah_words() -> list[str]:
    return ["buildah", "--root", str(settings.cache_folder() / "images" / "storage"), "--runroot", "/run/ingressfleet/buildah"]


def _buildah_environment() -> dict[str, str]:
    return {**os.environ, "STORAGE_DRIVER": "overlay"}


# --- archives --------------------------------------------------------------------------------------------------------

def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name)


def _archive(name: str) -> Path:
    return settings.cache_folder() / "images" / "archives" / f"{_file_name(name)}.tar"


def _save_archive(name: str) -> str:
    """Writes the image's archive unless the one there is of the same image; returns the image's id."""
    archive, wanted = _archive(name), image_id(name)
    if not wanted:
        raise ClusterError(f"no image {name}: `cluster image build DIR -t {name}` makes it")
    id_file = archive.with_suffix(".id")
    if archive.exists() and id_file.exists() and id_file.read_text() == wanted:
        return wanted
    archive.parent.mkdir(parents=True, exist_ok=True)
    fresh = archive.with_suffix(f".new{os.getpid()}")
    _buildah("push", "--quiet", name, f"docker-archive:{fresh}:{name}")
    id_file.unlink(missing_ok=True)
    fresh.replace(archive)
    write_if_changed(id_file, wanted)
    return wanted


# --- into the nodes --------------------------------------------------------------------------------------------------

def load_into_cluster(cluster: Cluster, name: str) -> None:
    """Into every node that is on; others take it at their next start."""
    _save_archive(name)
    write_if_changed(_wanted_file(cluster, name), name)
    running = [number for number in cluster.options.nodes if process.alive(cluster, f"containerd-{number}")]
    shell.in_parallel(lambda number: load_into_node(cluster, number, name), running)


def load_all_into_node(cluster: Cluster, number: int) -> None:
    wanted = [path.read_text() for path in sorted((cluster.folder / "images").glob("*"))]
    for name in [*system_images(cluster.options.metallb), *wanted]:
        load_into_node(cluster, number, name)


def load_into_node(cluster: Cluster, number: int, name: str) -> None:
    loaded = cluster.node_folder(number) / "images" / _file_name(name)
    wanted = _archive(name).with_suffix(".id").read_text()
    if loaded.exists() and loaded.read_text() == wanted and _kubelet_sees(cluster, number, name):
        return
    ctr(cluster, number, "images", "import", str(_archive(name)))
    shell.wait_until(lambda: _kubelet_sees(cluster, number, name), TAKEN_OVER_SECONDS,
                     f"containerd on node{number} does not offer image {name} to the kubelet", cluster.log(f"containerd-{number}"))
    write_if_changed(loaded, wanted)


def _kubelet_sees(cluster: Cluster, number: int, name: str) -> bool:
    """containerd's CRI plugin hears of an import by an event, and labels what it has taken over."""
    managed = ctr(cluster, number, "images", "ls", "-q", 'labels."io.cri-containerd.image"==managed').stdout.split()
    return any(_same_image(full, name) for full in managed)


def _same_image(full: str, name: str) -> bool:
    """containerd stores a short name with its default registry and folder before it."""
    return full == name or full.endswith("/" + name)


def _wanted_file(cluster: Cluster, name: str) -> Path:
    return cluster.folder / "images" / _file_name(name)


def ctr(cluster: Cluster, number: int, *words: str, **options):
    socket = cluster.node_folder(number) / "containerd.sock"
    return shell.run(["ctr", "--address", str(socket), "--namespace", "k8s.io", *words], **options)
