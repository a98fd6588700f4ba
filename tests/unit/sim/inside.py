"""Sessions in this very process, in a time that passes only where something waits."""

from dataclasses import dataclass, field
from pathlib import Path

from flashd.sim import connection
from flashd.sim.array import Array
from flashd.sim.connection import Credentials
from flashd.sim.layout import Layout
from flashd.sim.session import Session
from flashd.sim.terminal import Mode, Terminal

HMC1, HMC2 = "10.10.10.10", "10.10.10.11"


@dataclass
class CountingClock:
    """A clock whose waiting costs nothing."""

    time: float = 1_411_074_244.0
    waited: float = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.waited += seconds

    def hang(self) -> None:
        raise AssertionError("nothing here may hang")


@dataclass
class Streams:
    """What a client is given to read, and what it says."""

    given: list[str] = field(default_factory=list)
    out: str = ""
    err: str = ""

    def terminal(self) -> Terminal:
        return Terminal(write=self._write, complain=self._complain, readline=self._readline)

    def _write(self, text: str) -> None:
        self.out += text

    def _complain(self, text: str) -> None:
        self.err += text

    def _readline(self) -> str:
        return f"{self.given.pop(0)}\n" if self.given else ""


def array_in(where: Path, clock: CountingClock) -> Array:
    path = Array.create(where / "a.array", consoles=(HMC1, HMC2)).path
    array = Array.open(path, clock)
    array.add_user("opensvc", "opensvc", "op_copy_services")
    array.add_volumes("0001", "0002", "0003", "0004")
    array.establish("0001:0002", "0003:0004")
    return array


def credentials(user: str = "opensvc", password: str = "opensvc") -> Credentials:  # noqa: S107 - of a simulated array
    return Credentials(consoles=(HMC1,), user=user, password=password, pwfile=Path("/none"))


def logged_in(
    array: Array,
    streams: Streams,
    mode: Mode = Mode.STREAM,
    layout: Layout | None = None,
    *,
    user: str = "opensvc",
    password: str = "opensvc",  # noqa: S107 - of a simulated array
) -> Session:
    admission = connection.admit((array,), credentials(user, password))
    return Session(admission, layout or Layout(banner=False), streams.terminal(), mode)
