"""Where the demo runs: on a cluster of its own on this machine, or on the one that KUBECONFIG names."""
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import components
import images as cluster_images
import settings
from answers import WHO, Request
from report import ClusterError, say, step
from shell import run

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "e2e" / "cluster" / "cluster"
VERSION = (ROOT / "VERSION").read_text().strip()
ECHO_VERSION = "1"
LOCAL_NAME = "demo"


class Place:
    """What differs between the two."""

    kubectl: list[str]
    kubeconfig: str
    image_prefix: str
    stop_command: str
    remove_piecewise: bool

    def prepare(self) -> None:
        """Until kubectl answers and the images can be run."""

    def curl(self, words: list[str], client: str) -> subprocess.CompletedProcess:
        raise NotImplementedError

    def can_ask(self, request: Request) -> bool:
        raise NotImplementedError

    def name_of(self, client: str) -> str:
        raise NotImplementedError

    def image_marks(self) -> dict[str, str]:
        """Annotations that change when an image was built anew."""
        return {}

    def release(self) -> None:
        """At the end of `down`."""

    def hints(self) -> list[str]:
        """Commands that make the others work in the user's shell."""
        return []

    def request_hints(self, address: str) -> list[str]:
        """Commands that send a request to the public tier's address."""
        return []

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": self.kubeconfig}


class LocalPlace(Place):
    image_prefix = "ingressfleet"
    stop_command = "make demo-down"
    remove_piecewise = False

    def __init__(self, name: str = LOCAL_NAME):
        self.name = name
        self.cluster = settings.Cluster(name)
        self.kubeconfig = str(self.cluster.kubeconfig)
        self.kubectl = [str(components.kubectl()), f"--kubeconfig={self.kubeconfig}"]

    def prepare(self) -> None:
        if not components.kubectl().exists():
            say("This first run compiles Kubernetes and the images, which takes a while: 15 to 30 minutes on 2 cores. Everything is kept"
                " outside the checkout, so later runs do not; interrupted, the same command goes on where it was.")
        _stream([str(CLUSTER), "build"])
        _stream([str(ROOT / "scripts" / "build-images")])
        _stream([str(CLUSTER), "up", "--name", self.name])
        with step("images into the cluster"):
            run([CLUSTER, "image", "load", "--name", self.name, *image_names(self.image_prefix)])

    def image_marks(self) -> dict[str, str]:
        return {"image-id": cluster_images.image_id(f"{self.image_prefix}/operator:{VERSION}")[:12]}

    def curl(self, words: list[str], client: str) -> subprocess.CompletedProcess:
        return subprocess.run([*self._client, *words, "--interface", client], capture_output=True, text=True)

    @property
    def _client(self) -> list[str]:
        return [str(CLUSTER), "exec", "--name", self.name, "client", "--"]

    def can_ask(self, request: Request) -> bool:
        return True

    def name_of(self, client: str) -> str:
        return f"{client} ({WHO[client]})"

    def release(self) -> None:
        _stream([str(CLUSTER), "down", "--name", self.name])

    def hints(self) -> list[str]:
        return [f"export KUBECONFIG={self.kubeconfig}", f"alias kubectl={components.kubectl()}"]

    def request_hints(self, address: str) -> list[str]:
        return [f"{CLUSTER.relative_to(ROOT)} exec --name {self.name} client -- curl --interface 198.51.100.10 -H 'Host: shop.example.com' http://{address}/"]


class CurrentPlace(Place):
    """A cluster with load balancers that already runs. Its nodes must be able to pull the images: IMAGES says from where. Requests are
    sent from this machine, or through the command in DEMO_CLIENT ("ssh elsewhere")."""

    stop_command = "make demo-down CLUSTER=current"
    remove_piecewise = True

    def __init__(self):
        self.kubeconfig = os.environ.get("KUBECONFIG", "")
        if not self.kubeconfig:
            raise ClusterError("CLUSTER=current needs KUBECONFIG: it says which cluster is meant")
        self.image_prefix = os.environ.get("IMAGES") or "ingressfleet"
        kubectl = shutil.which("kubectl", path=f"{os.environ.get('PATH', '')}:{components.kubectl().parent}")
        if not kubectl:
            raise ClusterError("CLUSTER=current needs kubectl on the path")
        self.kubectl = [kubectl, f"--kubeconfig={self.kubeconfig}"]
        self.client = shlex.split(os.environ.get("DEMO_CLIENT", ""))

    def prepare(self) -> None:
        with step("the cluster of KUBECONFIG answers"):
            run([*self.kubectl, "get", "--raw", "/readyz", "--request-timeout=10s"])
        say(f"  images: {', '.join(image_names(self.image_prefix))}")

    def curl(self, words: list[str], client: str) -> subprocess.CompletedProcess:
        return subprocess.run([*self.client, *words], capture_output=True, text=True)

    def can_ask(self, request: Request) -> bool:
        """Nobody knows the address that the client has for the load balancer, so only what is open to everyone is sure to be answered."""
        return request.tier == "public"

    def name_of(self, client: str) -> str:
        return "DEMO_CLIENT" if self.client else "this machine"


def image_names(prefix: str) -> list[str]:
    return [f"{prefix}/operator:{VERSION}", f"{prefix}/proxy:{VERSION}", f"{prefix}/echo:{ECHO_VERSION}"]


def _stream(words: list[str]) -> None:
    """For commands that report their own progress."""
    if subprocess.run(words).returncode != 0:
        raise ClusterError(f"{Path(words[0]).name} {' '.join(words[1:])}: see above")
