"""Ports are real, on loopback, and chosen by the kernel."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flashd.adapters.guards.tcp import TcpGuard, judge
from flashd.config.guards import TcpOptions
from flashd.model.verdict import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = timedelta(seconds=0.2)


def loopback(*, backlog: int | None) -> socket.socket:
    """Take a port; without a backlog nobody listens on it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    if backlog is not None:
        taken.listen(backlog)
    return taken


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose queue is full: the kernel drops what else wants to connect."""
    with ExitStack() as stack:
        listener = stack.enter_context(loopback(backlog=0))
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def look(port: int, host: str = "127.0.0.1") -> Finding:
    return await TcpGuard(TcpOptions(host=host, port=port, timeout=AT_ONCE)).look()


async def test_a_connection_that_is_accepted_is_up() -> None:
    with loopback(backlog=8) as listener:
        port = listener.getsockname()[1]
        finding = await look(port)
    assert finding.verdict is Verdict.UP
    assert finding.reason == f"127.0.0.1 port {port} accepts connections at 127.0.0.1"


async def test_a_connection_that_is_refused_is_clear() -> None:
    with loopback(backlog=None) as nobody:
        port = nobody.getsockname()[1]
        finding = await look(port)
    assert finding.verdict is Verdict.CLEAR
    assert finding.reason == f"127.0.0.1 port {port} refuses connections"


async def test_silence_is_unknown(silent: int) -> None:
    finding = await look(silent)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == f"127.0.0.1 port {silent} at 127.0.0.1: no answer in time"


async def test_an_address_that_cannot_be_reached_is_unknown() -> None:
    finding = await look(1521, host="255.255.255.255")
    assert finding.verdict is Verdict.UNKNOWN


async def test_a_name_without_address_is_unknown() -> None:
    finding = await look(1521, host="no-such-host.invalid")
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith("the address of no-such-host.invalid was not found")


JUDGED = {
    "all refused": ({"a": "refused", "b": "refused"}, Verdict.CLEAR),
    "one accepted": ({"a": "refused", "b": "accepted"}, Verdict.UP),
    "one accepted, one silent": ({"a": "no answer in time", "b": "accepted"}, Verdict.UP),
    "one silent": ({"a": "refused", "b": "no answer in time"}, Verdict.UNKNOWN),
    "one unreachable": ({"a": "network is unreachable", "b": "refused"}, Verdict.UNKNOWN),
    "no address": ({}, Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("answers", "verdict"), JUDGED.values(), ids=JUDGED.keys())
def test_every_address_counts(answers: dict[str, str], verdict: Verdict) -> None:
    assert judge("tst1 port 1521", answers).verdict is verdict
