"""The command line."""
import argparse
import os
import sys
from pathlib import Path

import components
import controlplane
import images
import lifecycle
import network
import node
import process
import settings
import status
from report import ClusterError, print_error, say, step
from settings import Cluster


def main(arguments: list[str]) -> int:
    arguments, words = split_words(arguments)
    options = _parser().parse_args(arguments, argparse.Namespace(words=words))
    if os.geteuid() != 0:
        print("error: a cluster needs root (namespaces, mounts, cgroups)", file=sys.stderr)
        return 1
    try:
        return options.run(options) or 0
    except ClusterError as error:
        print_error(error)
    except BrokenPipeError:  # `cluster status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
    return 1


def split_words(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and the command after the first `--`, so that options may stand anywhere before it."""
    if "--" not in arguments:
        return arguments, []
    position = arguments.index("--")
    return arguments[:position], arguments[position + 1:]


# --- commands --------------------------------------------------------------------------------------------------------

def _up(options) -> None:
    with lifecycle.locked(Cluster(options.name)) as cluster:
        _merge(cluster, options)
        full = cluster.options.mode == settings.FULL
        say(f"cluster {cluster.name}: {node.names(cluster.options.nodes) if full else 'control plane only'}")
        lifecycle.up(cluster)
        say(f"export KUBECONFIG={cluster.kubeconfig}")


def _merge(cluster: Cluster, options) -> None:
    """Options that were not given keep what the cluster had."""
    kept = cluster.options
    if options.control_plane:
        if cluster.exists and kept.mode == settings.FULL:
            raise ClusterError(f"cluster {cluster.name} has nodes: `down --name {cluster.name} --wipe` first, or another --name")
        kept.mode = settings.CONTROL_PLANE
    elif not cluster.exists or options.nodes:
        kept.mode = settings.FULL
    if options.nodes:
        kept.nodes = list(range(1, options.nodes + 1))
    kept.proxy_mode = options.proxy_mode or kept.proxy_mode
    kept.metallb = kept.metallb if options.metallb is None else options.metallb
    kept.pools.update(dict(_pool(text) for text in options.pool))
    kept.node_monitor_grace_period = options.node_monitor_grace_period or kept.node_monitor_grace_period


def _pool(text: str) -> tuple[str, str]:
    name, separator, addresses = text.partition("=")
    if not separator or not name or not addresses:
        raise ValueError(f"--pool {text}: NAME=FIRST-LAST, for example internal=10.251.0.150-10.251.0.159")
    return name, addresses


def _down(options) -> None:
    with lifecycle.locked(Cluster(options.name)) as cluster:
        if not cluster.exists:
            say(f"cluster {cluster.name} does not exist")
            return
        lifecycle.down(cluster, options.wipe)


def _status(options) -> int:
    return status.print_status(_existing(options), options.output == "json")


def _logs(options) -> None:
    path = _existing(options).log(options.component)
    path = path if path.exists() else _existing(options).log(lifecycle.component(_existing(options), options.component).name)
    os.execvp("tail", ["tail", "-n", options.lines, *(["-F"] if options.follow else []), str(path)])


def _kubeconfig(options) -> None:
    say(str(_existing(options).kubeconfig))


def _kubectl(options) -> None:
    path = str(components.kubectl())
    os.execv(path, [path, f"--kubeconfig={_existing(options).kubeconfig}", *_words(options)])


def _exec(options) -> None:
    cluster = _existing(options)
    if not network.member_exists(cluster, options.member):
        raise ClusterError(f"cluster {cluster.name} has no running {options.member}; it has {', '.join(cluster.members)} and sw")
    command = network.enter(cluster, options.member) + _words(options)
    os.execvp(command[0], command)


def _words(options) -> list[str]:
    if not options.words:
        raise ValueError("nothing stands after --")
    return options.words


def _build(options) -> None:
    lifecycle.build()
    say(f"binaries: {settings.cache_folder() / 'bin'}; kubectl: {components.kubectl()}")


def _install_packages(options) -> None:
    lifecycle.install_packages()


def _image_build(options) -> None:
    with step(f"image {options.tag}"):
        images.build(Path(options.folder), options.tag, options.file, options.target, options.build_arg)


def _image_load(options) -> None:
    with lifecycle.locked(_existing(options)) as cluster:
        for name in options.images:
            with step(f"image {name}"):
                images.load_into_cluster(cluster, name)


def _node(options) -> None:
    with lifecycle.locked(_existing(options)) as cluster:
        with step(f"node{options.number} {options.action}"):
            node.ACTIONS[options.action](cluster, options.number)


def _stop_component(options) -> None:
    with lifecycle.locked(_existing(options)) as cluster:
        launch = lifecycle.component(cluster, options.component)
        with step(f"{launch.name} stops"):
            process.stop(cluster, launch.name)


def _start_component(options) -> None:
    with lifecycle.locked(_existing(options)) as cluster:
        launch = lifecycle.component(cluster, options.component)
        with step(f"{launch.name} starts"):
            process.start(cluster, launch)
            if launch.name == "kube-apiserver":
                controlplane.wait_for_apiserver(cluster)


def _existing(options) -> Cluster:
    cluster = Cluster(options.name)
    if not cluster.exists:
        raise ClusterError(f"cluster {cluster.name} does not exist: `cluster up --name {cluster.name}` makes it")
    return cluster.load()


# --- arguments -------------------------------------------------------------------------------------------------------

def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cluster", description="A real Kubernetes on this machine, without Docker or registry.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, text: str, parent=commands, named: bool = True) -> argparse.ArgumentParser:
        made = parent.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if named:
            made.add_argument("--name", default="dev", help="the cluster (default: dev)")
        return made

    _up_arguments(command("up", _up, "start what is not running and wait until it works"))
    down = command("down", _down, "stop everything of the cluster; its state stays for the next up")
    down.add_argument("--wipe", action="store_true", help="remove its state too")
    status_command = command("status", _status, "components, nodes and addresses; exit code 1 unless all run")
    status_command.add_argument("-o", "--output", choices=["text", "json"], default="text")
    logs = command("logs", _logs, "log of a component")
    logs.add_argument("component")
    logs.add_argument("-n", "--lines", default="50")
    logs.add_argument("-f", "--follow", action="store_true")
    command("kubeconfig", _kubeconfig, "print the path of the kubeconfig")
    command("kubectl", _kubectl, "kubectl against the cluster: kubectl -- ARGS")
    execute = command("exec", _exec, "run a command in a network namespace of the cluster: exec MEMBER -- CMD")
    execute.add_argument("member", metavar="client|cp|sw|n1|n2|n3")
    command("build", _build, "build the binaries and images that are missing", named=False)
    command("install-packages", _install_packages, "install the Debian packages that are missing", named=False)
    _image_arguments(command, commands)
    node_command = command("node", _node, "power and cable of a node")
    node_command.add_argument("action", choices=list(node.ACTIONS))
    node_command.add_argument("number", type=int, choices=range(1, settings.MAX_NODES + 1))
    command("stop-component", _stop_component, "end one component").add_argument("component")
    command("start-component", _start_component, "start it again").add_argument("component")
    return parser


def _up_arguments(up: argparse.ArgumentParser) -> None:
    up.add_argument("--nodes", type=int, choices=range(1, settings.MAX_NODES + 1))
    up.add_argument("--proxy-mode", choices=settings.PROXY_MODES)
    up.add_argument("--control-plane", action="store_true", help="only etcd, kube-apiserver and kube-controller-manager")
    up.add_argument("--without-metallb", dest="metallb", action="store_false", default=None)
    up.add_argument("--with-metallb", dest="metallb", action="store_true", default=None, help="the default of a new cluster")
    up.add_argument("--pool", action="append", default=[], metavar="NAME=FIRST-LAST",
                    help=f"a further MetalLB pool, used by Services that name it; the default one is {settings.DEFAULT_POOL}")
    up.add_argument("--node-monitor-grace-period", metavar="DURATION", help="how long a silent node counts as Ready, e.g. 20s")


def _image_arguments(command, commands) -> None:
    image = commands.add_parser("image", help="build images, load them into the nodes").add_subparsers(required=True, metavar="build|load")
    build = command("build", _image_build, "build an image from a Dockerfile", parent=image, named=False)
    build.add_argument("folder")
    build.add_argument("-t", "--tag", required=True, help="NAME:TAG, not latest")
    build.add_argument("-f", "--file", help="the Dockerfile, default FOLDER/Dockerfile")
    build.add_argument("--target", help="stop at this stage")
    build.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    load = command("load", _image_load, "load built images into every node", parent=image)
    load.add_argument("images", nargs="+", metavar="NAME:TAG")
