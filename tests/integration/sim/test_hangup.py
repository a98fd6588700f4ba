"""A client whose terminal is gone, or that is stopped at an instant of the conversation."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from flashd.sim.array import Array
from tests.servers.typist import PROMPT, Typist

Sit = Callable[..., Typist]
Eventually = Callable[[Callable[[], object]], None]

RESYNC = "resyncflash -record -persist 0001:0002"
ROW = "lsflash -bnr off -hdr off -s 0001"
SAID = "CMUC00168I resyncflash: FlashCopy volume pair 0001:0002 successfully resynchronized.\n"


@pytest.fixture
def start(sit: Sit, login: tuple[str, ...], array: Array) -> Callable[..., Typist]:
    def begin(environment: dict[str, str] | None = None, **switches: str) -> Typist:
        for name, position in switches.items():
            array.switch(name, position)
        typist = sit(*login, **(environment or {}))
        typist.read_until(PROMPT)
        return typist

    return begin


@pytest.mark.parametrize("limit", ["kernel", "none"])
@pytest.mark.parametrize(("hangup", "code"), [("ends", -signal.SIGHUP), ("stays", 0)])
def test_a_command_that_is_half_read_is_not_done(
    start: Callable[..., Typist], array: Array, hangup: str, code: int, limit: str
) -> None:
    typist = start(terminal_hangup=hangup, terminal_line_limit=limit)
    typist.press(RESYNC)
    typist.hang_up()
    assert typist.exit_code() == code
    assert array.journal() == ()


def test_a_client_that_stays_finishes_what_it_has_begun_and_says_it_to_nobody(
    start: Callable[..., Typist], array: Array, eventually: Eventually
) -> None:
    array.add_fault("hang", "resyncflash", seconds=0.3)
    typist = start(terminal_hangup="stays")
    typist.press(f"{RESYNC}\nlsflash 5\n")
    eventually(lambda: [entry.fault for entry in array.journal()])
    typist.hang_up()
    assert typist.exit_code() == 1
    (entry,) = array.journal()
    assert (entry.phase, entry.acted) == ("acted", ("0001:0002",))


def test_the_child_of_a_wrapper_may_outlive_its_terminal(
    start: Callable[..., Typist], array: Array, eventually: Eventually
) -> None:
    """It hangs until somebody ends it: whoever recovers has to."""
    array.add_fault("hang", "resyncflash")
    typist = start({"FLASHD_SIM_WRAPPER": "1"}, terminal_hangup="stays")
    typist.press(f"{RESYNC}\n")
    eventually(lambda: [entry.fault for entry in array.journal()])
    (entry,) = array.journal()
    assert entry.pid != typist.pid
    typist.hang_up()
    assert typist.exit_code() == -signal.SIGHUP
    orphan = os.pidfd_open(entry.pid)
    signal.pidfd_send_signal(orphan, signal.SIGTERM)
    os.close(orphan)
    eventually(lambda: not _lives(entry.pid))
    assert array.journal()[0].phase == "received"


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False


class Listener(threading.Thread):
    """Hears of instants, and kills who comes to one of them, or listens no longer than to one."""

    def __init__(self, path: Path, deadly: str = "", last: str = "") -> None:
        super().__init__(daemon=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._deadly = deadly
        self._last = last
        self.heard: list[str] = []

    def run(self) -> None:
        caller, _ = self._server.accept()
        with self._server, caller, caller.makefile() as lines, suppress(OSError):
            for line in lines:
                pid, _, name = line.strip().partition(" ")
                self.heard.append(name)
                if name == self._deadly and "command: answered" in self.heard:
                    os.kill(int(pid), signal.SIGKILL)
                caller.send(b".")
                if name == self._last:
                    return


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def begin(deadly: str = "", last: str = "") -> Listener:
        listener = Listener(tmp_path / "instants", deadly, last)
        listeners.append(listener)
        listener.start()
        return listener

    yield begin
    for listener in listeners:
        listener.join(30)
        assert not listener.is_alive()


def test_what_is_shown_and_read_on_a_terminal_are_instants(
    start: Callable[..., Typist], listen: Callable[..., Listener], tmp_path: Path
) -> None:
    listener = listen()
    typist = start({"FLASHD_SIM_INSTANTS": str(tmp_path / "instants")}, terminal_echo="client")
    typist.type("setenv -banner off")
    assert typist.type(RESYNC) == f"{RESYNC}\n{SAID}{PROMPT}"
    assert typist.leave() == 0
    listener.join(30)
    told = listener.heard
    begun = told.index("input: 12 bytes of a change")
    begin = len(told) - told[::-1].index("prompt: before a line", len(told) - begun) - 1
    around = [name for name in told[begin:] if name.split(":")[0] in {"prompt", "echo", "output"}]
    assert around[:11] == [
        *(f"prompt: {part}" for part in ("before a line", "half a line", "a line")),
        *(f"echo: {part}" for part in ("before a line", "half a line", "a line")),
        *(f"output: {part}" for part in ("before a line", "half a line", "a line")),
        *(f"prompt: {part}" for part in ("before a line", "half a line")),
    ]
    assert told.index("echo: before a line", begun) < told.index("command: read", begun)


def test_where_nobody_listens_any_more_a_client_goes_on_by_itself(
    start: Callable[..., Typist], listen: Callable[..., Listener], tmp_path: Path
) -> None:
    listener = listen(last="input: waiting")
    typist = start({"FLASHD_SIM_INSTANTS": str(tmp_path / "instants")}, terminal_echo="client")
    listener.join(30)
    assert typist.type(RESYNC).endswith(f"{SAID}{PROMPT}")
    assert typist.leave() == 0


@pytest.mark.parametrize(
    ("instant", "left"),
    [
        ("prompt: before a line", ""),
        ("prompt: half a line", PROMPT[:3]),
        ("prompt: a line", PROMPT),
    ],
)
def test_a_client_is_killed_at_an_instant_of_the_prompt(
    start: Callable[..., Typist],
    listen: Callable[..., Listener],
    tmp_path: Path,
    instant: str,
    left: str,
) -> None:
    listener = listen(instant)
    typist = start({"FLASHD_SIM_INSTANTS": str(tmp_path / "instants")}, terminal_echo="off")
    typist.press(f"{ROW}\n")
    shown = typist.read_to_the_end()
    assert shown.endswith(f"0001:0002\n{left}")
    assert typist.exit_code() == -signal.SIGKILL
    listener.join(30)
