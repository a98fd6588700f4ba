"""Real servers on loopback."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.http import HttpGuard, judge
from flashd.config.guards import HttpOptions
from flashd.model.verdict import Finding, Verdict
from tests.integration.guards.api import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def server(
    says: bytes, root: Path | None = None, *, picky: bool = False, resets: bool = False
) -> Iterator[tuple[int, list[bytes]]]:
    """Accept one connection, hear what is asked, and say that; with `root` by TLS.

    One that is `picky` wants a certificate of who asks; one that `resets` does so once asked.
    """
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            if root:
                secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                secure.load_cert_chain(root / "cert.pem", root / "key.pem")
                secure.verify_mode = ssl.CERT_REQUIRED if picky else ssl.CERT_NONE
                secure.load_verify_locations(root / "cert.pem")
                try:
                    connection = secure.wrap_socket(connection, server_side=True)
                except OSError:
                    return
            heard.append(connection.recv(4096))
            if resets:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.close()
                return
            connection.sendall(says)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join()


async def look(url: str, seconds: float = 10) -> Finding:
    return await HttpGuard(HttpOptions(url=url, timeout=timedelta(seconds=seconds))).look()


ANSWERS = {
    "200": b"HTTP/1.1 200 OK\r\n\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n",
    "cut": b"HTTP/1.",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize("says", ANSWERS.values(), ids=ANSWERS.keys())
async def test_any_answer_is_up(says: bytes) -> None:
    with server(says) as (port, heard):
        finding = await look(f"http://127.0.0.1:{port}/health?deep=1")
    assert finding.verdict is Verdict.UP
    first = says.split(b"\r\n")[0].decode()
    assert finding.reason.endswith(f"is answered at 127.0.0.1: {first}")
    assert heard[0].startswith(b"GET /health?deep=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port)


async def test_a_certificate_that_nobody_believes_is_a_listener(tmp_path: Path) -> None:
    certificate(tmp_path)
    with server(b"", tmp_path) as (port, heard):
        finding = await look(f"https://127.0.0.1:{port}/")
    assert finding.verdict is Verdict.UP, finding
    assert "TLS failed" in finding.reason
    assert heard == []


RESET = "connection reset by peer"
SECURED = {  # what he does, what he is told to have done, and how often he hears a question
    "wants a certificate": ({"picky": True}, ("TLSV13_ALERT_CERTIFICATE_REQUIRED", RESET), 0),
    "resets": ({"resets": True}, (RESET,), 1),
}


@pytest.mark.parametrize(("does", "told", "hears"), SECURED.values(), ids=SECURED.keys())
async def test_a_server_that_ends_what_it_has_secured_has_answered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    does: dict[str, bool],
    told: tuple[str, ...],
    hears: int,
) -> None:
    """By TLS 1.3 he tells that he wants a certificate of ours only after the handshake.

    The alert may be lost with the connection that he closes at once.
    """
    certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with server(b"", tmp_path, **does) as (port, heard):
        finding = await look(f"https://127.0.0.1:{port}/")
    assert finding.verdict is Verdict.UP, finding
    assert finding.reason.endswith(tuple(f"TLS failed: {one}" for one in told))
    assert len(heard) == hears


async def test_a_listener_that_speaks_no_tls_is_one(tmp_path: Path) -> None:
    del tmp_path
    with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _):
        finding = await look(f"https://127.0.0.1:{port}/")
    assert finding.verdict is Verdict.UP, finding


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_connection_that_is_refused_is_clear(scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        finding = await look(f"{scheme}://127.0.0.1:{taken.getsockname()[1]}/")
    assert finding.verdict is Verdict.CLEAR, finding


async def test_who_hangs_up_without_a_word_is_unknown() -> None:
    with server(b"") as (port, _):
        finding = await look(f"http://127.0.0.1:{port}")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.endswith("it hung up without a word")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_who_accepts_and_is_silent_is_unknown(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        finding = await look(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/", 1)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.endswith("it accepts connections and says nothing")


async def test_a_name_without_address_is_unknown() -> None:
    finding = await look("http://no-such-host.invalid/")
    assert finding.reason.startswith("the address of no-such-host.invalid was not found")


JUDGED = {
    "one answers": ({"a": "refused", "b": "answered: HTTP/1.1 500"}, Verdict.UP),
    "one is silent": ({"a": "refused", "b": "no answer in time"}, Verdict.UNKNOWN),
    "silence and an answer": ({"a": "no answer in time", "b": "answered: x"}, Verdict.UP),
    "all refuse": ({"a": "refused", "b": "refused"}, Verdict.CLEAR),
    "none": ({}, Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("answers", "verdict"), JUDGED.values(), ids=JUDGED.keys())
def test_every_address_counts(answers: dict[str, str], verdict: Verdict) -> None:
    assert judge("http://h/", answers).verdict is verdict
