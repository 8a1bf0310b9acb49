"""Every version of objects that the API server has had, in order: what a scenario asserts when something must never have been otherwise."""
import dataclasses
import http.client
import json
import socket
import threading
import time

from harness.kube import ApiError, Kube, Unreachable, label, path


@dataclasses.dataclass(frozen=True)
class Seen:
    """One version. SEEN is how it was when watching began, or began again after the server had been away."""

    type: str  # SEEN, ADDED, MODIFIED or DELETED
    item: dict
    at: float

    @property
    def revision(self) -> int:
        """Counts all writes to the API server: it orders events of different kinds. That of a deletion is the deletion's own."""
        return int(self.item["metadata"]["resourceVersion"])

    @property
    def name(self) -> str:
        return self.item["metadata"]["name"]

    def __str__(self) -> str:
        return f"{self.revision} {self.type} {label(self.item)}"


class Recorder:
    """Watches kinds while the body of a `with` runs: Recorder(kube, ("Service", "ingress-fleet"), ("IngressClass", ""))."""

    def __init__(self, kube: Kube, *what: tuple[str, str]):
        self._kube, self._what = kube, what
        self._lock = threading.Lock()
        self._seen: list[Seen] = []
        self._stopping = threading.Event()
        self._connections: dict[tuple, http.client.HTTPConnection] = {}

    def __enter__(self) -> "Recorder":
        started = [threading.Event() for _ in self._what]
        self._threads = [threading.Thread(target=self._follow, args=(kind, namespace, ready), daemon=True)
                         for (kind, namespace), ready in zip(self._what, started)]
        for thread in self._threads:
            thread.start()
        assert all(ready.wait(30) for ready in started), "watches did not begin"
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        for connection in list(self._connections.values()):
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except (OSError, AttributeError):
                pass
        for thread in self._threads:
            thread.join(timeout=10)

    def events(self, kind: str = "", name: str = "", type: str = "") -> list[Seen]:
        with self._lock:
            return sorted((seen for seen in self._seen if (not kind or seen.item["kind"] == kind) and (not name or seen.name == name)
                           and (not type or seen.type == type)), key=lambda seen: seen.revision)

    def first(self, kind: str, name: str, type: str) -> Seen:
        found = self.events(kind, name, type)
        assert found, f"no {type} of {kind} {name} was seen; seen were: " + ", ".join(map(str, self.events(kind)))
        return found[0]

    def values(self, kind: str, name: str, read) -> set:
        """What `read` gave for all versions; one that was deleted gives "(deleted)"."""
        return {"(deleted)" if seen.type == "DELETED" else read(seen.item) for seen in self.events(kind, name)}

    # --- the watching thread ---

    def _follow(self, kind: str, namespace: str, ready: threading.Event) -> None:
        while not self._stopping.is_set():
            try:
                listed = self._kube.call("GET", path(kind, "", namespace))
                for item in listed["items"]:
                    self._add("SEEN", {"kind": kind, **item})
                self._stream(kind, namespace, listed["metadata"]["resourceVersion"], ready)
            except (ApiError, Unreachable, OSError, http.client.HTTPException, ValueError):
                self._stopping.wait(0.2)

    def _stream(self, kind: str, namespace: str, version: str, ready: threading.Event) -> None:
        connection = self._kube.connect(timeout=610)
        self._connections[kind, namespace] = connection
        try:
            connection.request("GET", f"/{path(kind, '', namespace)}?watch=true&resourceVersion={version}&timeoutSeconds=600")
            answer = connection.getresponse()
            ready.set()
            while not self._stopping.is_set() and (line := answer.readline()):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                self._add(event["type"], event["object"])
        finally:
            connection.close()

    def _add(self, type: str, item: dict) -> None:
        with self._lock:
            self._seen.append(Seen(type, item, time.time()))
