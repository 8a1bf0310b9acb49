#!/usr/bin/python3
"""An operator that dies at every write.

mortal.py KUBECONFIG SERVER LOG COMMAND…: runs the command with KUBECONFIG set to an API server that is this program, which passes everything on to
SERVER. A write that it has not made before kills the operator before the API server has seen it. When it is made again, by the next life, it is passed
on, and the operator dies before it hears of it. So every status that is an intent, every change and every status that is a result is met by both deaths.
What is written a third time passes, and so do Events, by which nothing is decided. LOG gets a line of JSON for every write. SIGTERM ends it all.
"""
import collections
import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.kube import Kube  # noqa: E402  (the folder is not on the path before)

RECORDED = ("phase", "transitionID", "committedTraffic", "committedTransitionID", "step", "strategy")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
OWN_HEADERS = ("connection", "keep-alive", "transfer-encoding", "content-length", "host")  # of one hop


class Life:
    """From one start of the operator to its end."""

    def __init__(self, number: int, command: list[str], environment: dict):
        self.number = number
        self.dead = threading.Event()
        self.process = subprocess.Popen(command, env=environment)

    def end(self) -> None:
        self.dead.set()
        self.process.kill()


class Mortal:
    def __init__(self, kube: Kube, log: Path, command: list[str]):
        self.kube, self.command = kube, command
        self.log = log.open("a", buffering=1)
        self.writing = threading.Lock()
        self.made: collections.Counter[str] = collections.Counter()
        self.ending = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True

    def run(self) -> None:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig") as file:
            json.dump({"clusters": [{"name": "mortal", "cluster": {"server": f"http://127.0.0.1:{self.server.server_port}"}}], "users": [{"name": "mortal", "user": {}}],
                       "contexts": [{"name": "mortal", "context": {"cluster": "mortal", "user": "mortal"}}], "current-context": "mortal"}, file)
            file.flush()
            number = 0
            while not self.ending.is_set():
                self.life = Life(number, self.command, {**os.environ, "KUBECONFIG": file.name})
                number += 1
                self.life.process.wait()
                if not self.life.dead.is_set() and not self.ending.is_set():
                    sys.exit(f"the operator ended by itself: {self.life.process.returncode}")

    def stop(self, *_) -> None:
        self.ending.set()
        self.life.end()

    def handler(outer):  # noqa: N805  (self is the request's)
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.life = outer.life
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def answer(self):
                self.close_connection = True  # one request each: a connection then belongs to one life
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target = urllib.parse.urlsplit(self.path).path
                if self.command in WRITES and "/events" not in target:
                    outer.write(self, target, body)
                else:
                    self.give(outer.ask(self, body))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def give(self, response: http.client.HTTPResponse) -> None:
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in OWN_HEADERS:
                        self.send_header(name, value)
                # In chunks, as they come: of a body that only ends with the connection a client may wait for the end.
                self.send_header("Transfer-Encoding", "chunked")
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    while data := response.read1(65536):
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    pass  # the operator is dead, or no longer watches

            def log_message(self, *_):
                pass

        return Handler

    def ask(self, request, body: bytes) -> http.client.HTTPResponse:
        connection = self.kube.connect(timeout=3600)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN_HEADERS}
        connection.request(request.command, request.path, body or None, headers)
        return connection.getresponse()

    def write(self, request, target: str, body: bytes) -> None:
        with self.writing:
            life = request.life
            if life.dead.is_set():
                return
            what = essence(request.command, target, body)
            self.made[what] += 1
            response = self.ask(request, body) if self.made[what] > 1 else None
            self.log.write(json.dumps({"at": time.time(), "life": life.number, "method": request.command, "path": target, "made": self.made[what],
                                       "status": response.status if response else 0, "what": what}) + "\n")
            if self.made[what] < 3:
                life.end()
            else:
                request.give(response)


def essence(method: str, target: str, body: bytes) -> str:
    """What makes a write another one. Of a status that is the record of the upgrade, not what it says of the world."""
    if not target.endswith("/status") or "ingressfleets" not in target:
        return f"{method} {target} {hashlib.sha256(body).hexdigest()[:12]}"
    tiers = json.loads(body)["status"].get("tiers", [])
    return f"{method} {target} " + json.dumps([{key: tier.get("upgrade", {}).get(key) for key in RECORDED} for tier in tiers])


if __name__ == "__main__":
    kubeconfig, server, log, *command = sys.argv[1:]
    kube = Kube(Path(kubeconfig))
    kube.server = urllib.parse.urlsplit(server)
    mortal = Mortal(kube, Path(log), command)
    signal.signal(signal.SIGTERM, mortal.stop)
    mortal.run()
