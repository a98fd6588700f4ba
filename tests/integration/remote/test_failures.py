"""Every way in which another host can die or lie in the middle: none of them is ever Down.

What systemctl says there is always "inactive", so that any part of an answer that were believed
would say so.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from flashd.model.verdict import Verdict
from tests.integration.remote.test_answers import DOWN, command, systemd
from tests.integration.remote.there import HOST, There, descendants, free_port, make_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flashd.model.verdict import Finding

pytestmark = pytest.mark.usefixtures("inactive")


@pytest.fixture
def inactive(there: There) -> None:
    there.program("systemctl", DOWN)


def unanswered(finding: Finding, reason: str) -> None:
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith(reason), finding


LIES = {
    "the end is missing": (
        "$PROBE | grep -v FLASHD-END",
        f"{HOST} gave no usable answer: it breaks off before its end",
    ),
    "the beginning is missing": (
        "$PROBE | grep -v FLASHD-BEGIN",
        f"{HOST} gave no usable answer: something else was written first",
    ),
    "cut in the last line": (
        "$PROBE | head -c -3",
        f"{HOST} gave no usable answer: it breaks off before its end",
    ),
    "another nonce": (
        "$PROBE | sed 's/\\(BEGIN\\|END\\) [0-9a-f]*/\\1 00112233445566778899aabbccddeeff/'",
        f"{HOST} gave no usable answer: it is the answer to another question",
    ),
    "no nonce": (
        "$PROBE | sed 's/\\(BEGIN\\|END\\) [0-9a-f]*/\\1 -/'",
        f"{HOST} gave no usable answer: it is the answer to no question",
    ),
    "two nonces": (
        "$PROBE | sed 's/END [0-9a-f]*/END 00112233445566778899aabbccddeeff/'",
        f"{HOST} gave no usable answer: it is not written as one answer, whole and alone",
    ),
    "twice": (
        'said=$($PROBE); printf \'%s\\n\' "$said" "$said"',
        f"{HOST} gave no usable answer: there is more than one answer in it",
    ),
    "a second end": (
        "$PROBE; printf '\\nFLASHD-END 0 rc=0\\n'",
        f"{HOST} gave no usable answer: it is not written as one answer, whole and alone",
    ),
    "a greeting before it": (
        "echo Welcome; $PROBE",
        f"{HOST} gave no usable answer: something else was written first (it began: Welcome)",
    ),
    "a farewell after it": (
        "$PROBE; echo bye",
        f"{HOST} gave no usable answer: it is not written as one answer, whole and alone",
    ),
    "of a newer probe": (
        "$PROBE | sed 's/^\\(FLASHD-BEGIN .*\\) 1$/\\1 2/'",
        f"{HOST} gave no usable answer: the probe there speaks version 2, this is 1",
    ),
    "whole, and ssh's 255": (
        "$PROBE; exit 255",
        f"the answer of {HOST} is whole, but ssh ended with 255",
    ),
    "whole, and another status": (
        "$PROBE; exit 3",
        f"the answer of {HOST} is whole, but ssh ended with 3",
    ),
    "nothing at all": ("exit 0", f"{HOST} gave no usable answer: nothing was answered"),
    "nothing, and 255": ("exit 255", f"there was no session with {HOST}: ssh said: nothing"),
    "killed after half of it": (
        "$PROBE | head -n 8; kill -KILL $PPID",
        f"the session with {HOST} was lost",
    ),
    "killed after all but the end": (
        "$PROBE | grep -v FLASHD-END; kill -KILL $PPID",
        f"the session with {HOST} was lost",
    ),
    "without end": ("$PROBE; exec yes", f"{HOST} wrote too much, and the session was ended"),
}


@pytest.mark.parametrize(("lie", "reason"), LIES.values(), ids=LIES.keys())
async def test_what_is_not_one_whole_answer_is_unknown(there: There, lie: str, reason: str) -> None:
    there.lies(lie)
    unanswered(await systemd(there), reason)


async def test_an_answer_that_hangs_is_not_waited_for(there: There) -> None:
    there.lies("$PROBE; exec sleep 600")
    finding = await systemd(there, limit=4)
    unanswered(finding, f"{HOST} did not finish its answer in time")


async def test_who_never_answers_is_not_waited_for(there: There) -> None:
    there.lies("exec sleep 600")
    unanswered(await systemd(there, limit=3), f"{HOST} did not answer in time")


async def test_without_a_forced_command_nothing_is_run(there: There) -> None:
    there.forced(None)
    finding = await command(there, str(there.allow("db-is-down", f"echo > {there.root}/ran")))
    unanswered(finding, f"{HOST} has no flashd-probe for this key (exit status 127)")
    assert not (there.root / "ran").exists()


async def test_a_forced_command_that_is_not_there_is_unknown(there: There) -> None:
    there.forced("/nonexistent/flashd-probe")
    unanswered(await systemd(there), f"{HOST} has no flashd-probe for this key")


async def test_an_unknown_host_key_is_refused(there: There) -> None:
    there.known_hosts.write_text("")
    unanswered(await systemd(there), f"the host key of {HOST} is not known")


async def test_a_changed_host_key_is_refused(there: There) -> None:
    make_key(there.root / "other")
    there.knows("other")
    unanswered(await systemd(there), f"{HOST} shows another host key than known_hosts has")


async def test_a_refused_key_is_told_as_such(there: There) -> None:
    (there.root / "authorized_keys").write_text("")
    finding = await systemd(there)
    unanswered(finding, f"{HOST} refused the key; see that its public part is in authorized_keys")


async def test_where_nobody_listens_it_is_told_as_such(there: There) -> None:
    unanswered(await systemd(there, port=free_port()), f"{HOST} refused the connection")


async def test_an_address_that_is_not_found_is_told_as_such(there: There) -> None:
    finding = await systemd(there, address="no-such-host.invalid")
    unanswered(finding, f"the address of {HOST} was not found")


async def test_a_key_that_others_can_read_is_not_used(there: There) -> None:
    (there.root / "probe.key").chmod(0o640)
    finding = await systemd(there)
    unanswered(finding, f"the key cannot be used: {there.root}/probe.key has mode 0640")


async def test_known_hosts_that_others_can_change_are_not_believed(there: There) -> None:
    there.known_hosts.chmod(0o666)
    unanswered(await systemd(there), f"{there.known_hosts} can be changed by its group or by")


IDENTITIES = {
    "another name": ("tst2", {}, f"{HOST}: the host that answered is called tst2"),
    "the same name in another domain": (
        "tst1.example.org", {}, f"{HOST}: the host that answered is called tst1.example.org",
    ),
    "no name": ("''", {}, f"{HOST}: the host that answered is called None"),
    "another name than pinned": (
        "tst1", {"hostname": "tst1.example.net"}, f"{HOST}: the host that answered is called tst1,",
    ),
    "another machine than pinned": (
        "tst1", {"machine_id": "0" * 32}, f"{HOST}: the host that answered is machine ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "pin", "reason"), IDENTITIES.values(), ids=IDENTITIES.keys())
async def test_the_answer_of_another_host_is_none(
    there: There, name: str, pin: dict[str, Any], reason: str
) -> None:
    there.calls_itself(name)
    unanswered(await systemd(there, **pin), reason)


@dataclass
class Between:
    """Stands between ssh and sshd, and stops passing on when it is told to."""

    port: int
    passing: asyncio.Event = field(default_factory=asyncio.Event)
    marked: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers += [writer, behind]
        async with asyncio.TaskGroup() as both:
            both.create_task(self.pass_on(reader, behind))
            both.create_task(self.pass_on(behind_reader, writer))

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                await self.passing.wait()
                writer.write(data)
                await writer.drain()
            writer.close()

    def reset(self) -> None:
        """Drop the connections without a word."""
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def between(there: There) -> AsyncIterator[tuple[Between, int]]:
    middle = Between(there.port)
    middle.passing.set()
    server = await asyncio.start_server(middle.connected, "127.0.0.1", 0)
    try:
        yield middle, server.sockets[0].getsockname()[1]
    finally:
        middle.passing.set()
        middle.reset()
        server.close()


async def told(fifo: str) -> None:
    """Wait until somebody there writes to a fifo."""
    await asyncio.to_thread(lambda: open(fifo).close())  # noqa: PTH123 - opening is waiting


async def test_a_connection_that_freezes_in_the_middle_is_unknown(there: There) -> None:
    os.mkfifo(fifo := f"{there.root}/fifo")
    there.lies(f"$PROBE | grep -v FLASHD-END; : > {fifo}; exec sleep 600")
    async with between(there) as (middle, port):
        looking = asyncio.create_task(systemd(there, limit=6, port=port))
        await told(fifo)
        middle.passing.clear()
        unanswered(await looking, f"{HOST} did not")


async def test_a_connection_that_is_reset_in_the_middle_is_unknown(there: There) -> None:
    os.mkfifo(fifo := f"{there.root}/fifo")
    there.lies(f"$PROBE | grep -v FLASHD-END; : > {fifo}; exec sleep 600")
    async with between(there) as (middle, port):
        looking = asyncio.create_task(systemd(there, port=port))
        await told(fifo)
        middle.reset()
        finding = await looking
    assert finding.verdict is Verdict.UNKNOWN
    assert HOST in finding.reason


async def test_a_session_that_is_stopped_in_the_middle_is_unknown(there: There) -> None:
    """It could go on and answer, but for being stopped."""
    os.mkfifo(fifo := f"{there.root}/fifo")
    os.mkfifo(go := f"{there.root}/go")
    there.lies(f": > {fifo}; read line < {go}; exec $PROBE")
    looking = asyncio.create_task(systemd(there, limit=6))
    await told(fifo)
    for pid in descendants(there.server):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    opened = os.open(go, os.O_RDWR)
    os.write(opened, b"go on\n")
    unanswered(await looking, f"{HOST} did not answer in time")
    os.close(opened)


async def test_a_server_that_accepts_and_is_silent_is_unknown(there: There) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        finding = await systemd(there, limit=2, port=server.getsockname()[1])
    unanswered(finding, f"{HOST} did not answer in time")


async def test_a_server_that_hangs_up_at_once_is_told_as_such(there: There) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        finding = await systemd(there, port=server.sockets[0].getsockname()[1])
    unanswered(finding, f"{HOST} closed the connection before anything was asked")


async def test_a_server_of_another_kind_is_unknown(there: There) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nFLASHD-BEGIN\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        finding = await systemd(there, port=server.sockets[0].getsockname()[1])
    assert finding.verdict is Verdict.UNKNOWN
