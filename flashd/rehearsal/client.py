"""A dscli that is no process: a session of the simulated array, in virtual time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.adapters.arrays.client import Readiness, Said
from flashd.rehearsal.clocks import HungError
from flashd.rehearsal.twin import only_lists
from flashd.sim import connection, modes
from flashd.sim.connection import Credentials
from flashd.sim.layout import Layout
from flashd.sim.session import Refusal, Session
from flashd.sim.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from flashd.adapters.arrays.calling import Dscli
    from flashd.rehearsal.twin import Twin

_ODD_SECONDS = 0.000731
"""Added to what anything costs. A batch that begins at a tick and takes whole seconds would end at
the very instant of another tick, and chance decided which of them came first."""


@asynccontextmanager
async def simulated(twin: Twin, _dscli: Dscli) -> AsyncIterator[SimulatedClient]:
    """Start a client of a twin; what it was told is kept when it ends."""
    began = twin.clock.now()
    try:
        yield SimulatedClient(twin)
    finally:
        twin.ended(began)


@dataclass(slots=True)
class SimulatedClient:
    """See `flashd.adapters.arrays.oneshot.Client`; what it costs passes as virtual time."""

    twin: Twin
    group: int = 1
    started: int = 1
    _session: Session | None = None
    _commands: str = ""
    _out: list[str] = field(default_factory=list)
    _err: list[str] = field(default_factory=list)
    _exit: int = 0
    _ended: bool = False

    async def ready(self, limit: float) -> Readiness:
        """Log in, or seem to where that is known to come to the same as it did before."""
        struck = self.twin.mischief.at_login(self.twin.array)
        if self.twin.replays.greeting and not struck:
            self._out.append(self.twin.replays.greeting)
            self.twin.pace.wait(self.twin.login_seconds)
        elif not self._done(self._log_in):
            self.twin.pace.wait(2 * limit)
        else:
            self._ended = self._session is None
        if not await self._paid(limit):
            self._ended = True
            return Readiness.LATE
        return Readiness.ENDED if self._ended else Readiness.READY

    async def say(self, commands: str) -> bool:
        """Take commands; they are read once the client is waited for."""
        self._commands = commands
        return True

    async def finish(self, limit: float) -> Said:
        """Have the array do what was said."""
        if self._ended:
            return self._said(self._exit)
        commands, heard = self._commands, len(self._out)
        began = self.twin.clock.now()
        struck = self.twin.mischief.at_commands(self.twin.array, commands)
        if struck or not only_lists(commands):
            self.twin.replays.changed()
        if self.twin.replays.knows(commands) and not struck:
            self._out.append(self.twin.replay(commands, began))
        elif self._done(self._log_in_late) and self._done(self._perform):
            self.twin.keep(commands, "".join(self._out[heard:]), began)
        else:
            await self.twin.clock.sleep(limit)
            return self._killed(limit)
        return self._said(self._exit) if await self._paid(limit) else self._killed(limit)

    def question(self) -> str:
        """Tell what it asks of a person: nothing, since it is given all."""
        return ""

    def _log_in(self) -> None:
        array = self.twin.array
        credentials = Credentials(
            consoles=self.twin.consoles,
            user=self.twin.user,
            password=self.twin.user,
            pwfile=Path("/nonexistent"),
        )
        admission = connection.admit((array,), credentials)
        session = Session(admission, Layout(), self._terminal)
        heard = len(self._out)
        session.greet()
        self._session = session
        self.twin.replays.greeted("".join(self._out[heard:]))

    def _log_in_late(self) -> None:
        """Log in, now that something has to be asked; what that costs has passed already."""
        if self._session is None:
            heard = len(self._out)
            self._log_in()
            del self._out[heard:]
            self.twin.pace.settle()

    @property
    def _terminal(self) -> Terminal:
        return Terminal(write=self._out.append, complain=self._err.append, readline=self._next_line)

    def _next_line(self) -> str:
        line, end, self._commands = self._commands.partition("\n")
        return line + end

    def _perform(self) -> None:
        if self._session is not None:
            switches = self.twin.array.switches
            self._exit = modes.run_stream(self._session, switches, self._terminal)

    def _done(self, work: Callable[[], None]) -> bool:
        """Do it; whether it came to an end, be it a bad one."""
        try:
            work()
        except Refusal as refusal:
            self._err.append(f"{refusal.message}\n")
            self._exit = refusal.code
        except SystemExit as end:  # as a fault ends the client
            self._exit = int(end.code or 0)
        except HungError:
            self.twin.pace.settle()
            return False
        return True

    async def _paid(self, limit: float) -> bool:
        """Wait for as long as it took; whether that was within the limit."""
        owed = self.twin.pace.settle() + _ODD_SECONDS
        await self.twin.clock.sleep(min(owed, limit))
        return owed <= limit

    def _killed(self, limit: float) -> Said:
        why = f"dscli gave no whole answer within {limit:g} s and was killed"
        return Said(None, "".join(self._out), "".join(self._err), why)

    def _said(self, status: int) -> Said:
        return Said(status, "".join(self._out), "".join(self._err))
