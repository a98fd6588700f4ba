"""An API server of Kubernetes on loopback: real HTTPS, and the answers that a test lays out."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.remote.there import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "swordfish-of-the-cluster"
SPACE = "namespaces/tst"
STS = f"/apis/apps/v1/{SPACE}/statefulsets/db"
CLAIM = f"/api/v1/{SPACE}/persistentvolumeclaims/data"
VOLUME = "/api/v1/persistentvolumes/pv-1"
DRIVER = "/apis/storage.k8s.io/v1/csidrivers/block.csi.ibm.com"
PODS = f"/api/v1/{SPACE}/pods"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
NODES = "/api/v1/nodes"
HANDLE = "A9000:6005076303ffd12300000000000010a2"


def listing(kind: str, *items: dict[str, Any], **about: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"kind": kind, "metadata": {"resourceVersion": "9", **about}, "items": list(items)}


def pod(phase: str, *, claim: str = "data", **about: str) -> dict[str, Any]:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim}}
    named = {"metadata": {"name": "db-0", **about}, "spec": {"volumes": [volume]}}
    return {**named, "status": {"phase": phase}}


def attachment(volume: str | None = "pv-1", *, attached: bool = True, **about: str) -> Any:  # noqa: ANN401 - JSON
    source: dict[str, Any] = {"persistentVolumeName": volume}
    if not volume:
        source = {"inlineVolumeSpec": {}}
    named = {"metadata": {"name": "csi-1", **about}, "status": {"attached": attached}}
    return {**named, "spec": {"source": source, "nodeName": "n1"}}


def node(name: str = "n1", ready: str = "True", **status: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    conditions = [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": ready}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions, **status}}


def idle() -> dict[str, Any]:
    """What a cluster tells in which nobody uses the claim."""
    return {
        STS: {
            "kind": "StatefulSet",
            "metadata": {"name": "db", "uid": "u1", "generation": 4},
            "spec": {"replicas": 0},
            "status": {"observedGeneration": 4},
        },
        CLAIM: {
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "uid": "c1"},
            "spec": {"volumeName": "pv-1"},
            "status": {"phase": "Bound"},
        },
        VOLUME: {
            "kind": "PersistentVolume",
            "metadata": {"name": "pv-1"},
            "spec": {
                "csi": {"driver": "block.csi.ibm.com", "volumeHandle": HANDLE},
                "claimRef": {"namespace": "tst", "name": "data", "uid": "c1"},
            },
        },
        DRIVER: {
            "kind": "CSIDriver",
            "metadata": {"name": "block.csi.ibm.com"},
            "spec": {"attachRequired": True},
        },
        PODS: listing("PodList"),
        ATTACHMENTS: listing("VolumeAttachmentList"),
        NODES: listing("NodeList", node()),
    }


@dataclass
class Api:
    """The server; what is asked and how is kept for the test."""

    root: Path
    answers: dict[str, Any] = field(default_factory=idle)
    status: dict[str, int] = field(default_factory=dict)
    spoilt: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    silent: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.silent.set()

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    def write(self, *, user: dict[str, Any] | None = None, **cluster: Any) -> Path:  # noqa: ANN401 - YAML
        """Write how this server is reached."""
        reached = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority": str(self.root / "cert.pem"),
            **cluster,
        }
        whole = {
            "current-context": "tst",
            "contexts": [{"name": "tst", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": reached}],
            "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
        }
        self.kubeconfig.write_text(json.dumps(whole))  # JSON is YAML
        self.kubeconfig.chmod(0o600)
        return self.kubeconfig

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        found = self.answers.get(path)
        if isinstance(found, dict) and "pages" in found:
            found = found["pages"][int(query.get("continue", ["0"])[0])]
        if found is None or path in self.status:
            return self.status.get(path, 404), b'{"kind": "Status"}'
        return 200, self.spoilt.get(path, bytes)(json.dumps(found).encode())

    @contextmanager
    def running(self) -> Iterator[Api]:
        with ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) as server:
            certificate(self.root)
            secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            secure.load_cert_chain(self.root / "cert.pem", self.root / "key.pem")
            server.socket = secure.wrap_socket(server.socket, server_side=True)
            server.daemon_threads = True
            self.port = server.server_address[1]
            self.write()
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield self
            finally:
                self.silent.set()
                server.shutdown()
                thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.asked.append(self.path)
                api.silent.wait(60)
                parts = urlsplit(self.path)
                status, body = api.answer(parts.path, parse_qs(parts.query))
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    status, body = 401, b"{}"
                self.send_response(status)
                cut = body.endswith(b"...cut")
                self.send_header("Content-Length", str(len(body) + (9 if cut else 0)))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = cut

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def certificate(root: Path) -> None:
    """Make a certificate of its own for 127.0.0.1."""
    words = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=api"
        " -addext subjectAltName=IP:127.0.0.1"
    )
    made = ["-keyout", str(root / "key.pem"), "-out", str(root / "cert.pem")]
    subprocess.run([needed("openssl"), *words.split(), *made], check=True, capture_output=True)
