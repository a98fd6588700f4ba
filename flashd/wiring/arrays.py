"""How the arrays are reached: what stands between the engine and dscli, and outlives a reload."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from flashd.errors import ConfigError
from flashd.wiring.surroundings import READER, system_clock

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from flashd.adapters.arrays.breaker import BreakerArray
    from flashd.adapters.arrays.calling import Dscli
    from flashd.adapters.arrays.consoles import Consoles
    from flashd.adapters.arrays.logins import Logins
    from flashd.adapters.arrays.successive import Successive
    from flashd.config.auth import Auth, Login
    from flashd.config.settings import Settings
    from flashd.ports.array import ArrayBackend
    from flashd.ports.store import Store


@dataclass(frozen=True, slots=True)
class Common:
    """What all worlds of one process share of the arrays, by their names.

    `turns` has one at a time log in, `kept` are the sessions, `consoles` follows
    which one of an array answers, `numbers` counts the worlds.
    """

    turns: dict[str, asyncio.Lock] = field(default_factory=dict)
    consoles: dict[str, Consoles] = field(default_factory=dict)
    kept: dict[str, Successive] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=partial(count, 1))

    def turn(self, array: str) -> asyncio.Lock:
        """Tell whose turn it is to log in to an array."""
        import asyncio

        return self.turns.setdefault(array, asyncio.Lock())

    def sessions(self, array: str) -> Successive:
        """Tell the sessions with an array."""
        from flashd.adapters.arrays.successive import Successive

        return self.kept.setdefault(array, Successive())

    async def log_out(self) -> None:
        """End the sessions with arrays that are kept."""
        import asyncio

        await asyncio.gather(*(one.close() for one in self.kept.values()))
        self.kept.clear()


@dataclass(frozen=True, slots=True)
class Ways:
    """Makes the way to an array, for one world, whose `number` says which of two is the newer.

    `tell` hears of which array no session is kept for now, and why, or None where one is again,
    `tell_console` which of its consoles answers, and whether that is the first.
    """

    settings: Settings
    auth: Auth | None
    store: Store
    common: Common
    number: int
    tell: Callable[[str, str | None], None]
    tell_console: Callable[[str, str, bool], None]

    def to(self, array: str) -> BreakerArray:
        """Make the way to an array; raises `ConfigError` where a credential is missing."""
        from flashd.adapters.arrays.breaker import BreakerArray

        login = self._login(array)
        logins = self._logins(login)
        return BreakerArray(self._inner(login, logins), logins)

    def _login(self, array: str) -> Login:
        from flashd.config.pwfile import check_pwfile

        if self.auth is None or array not in self.auth:
            raise ConfigError(f"array {array} is not in auth.conf")
        login = self.auth[array]
        check_pwfile(self.settings, login, READER)
        return login

    def _watched(self, login: Login) -> Callable[[int], Awaitable[None]]:
        """Have it followed which console each client is connected with."""
        from flashd.adapters.arrays.consoles import Consoles

        follows = self.common.consoles.setdefault(login.array, Consoles())
        return partial(follows.see, _consoles(login), partial(self.tell_console, login.array))

    def _logins(self, login: Login) -> Logins:
        """Stop logins at the first that is refused."""
        from flashd.adapters.arrays.logins import Logins
        from flashd.adapters.host import LinuxHost
        from flashd.config.pwfile import fingerprint, pwfile_of

        pwfile = pwfile_of(self.settings, login)
        return Logins(
            array=login.array,
            username=login.username,
            pwfile=partial(fingerprint, pwfile),
            remedy=_remedy(self.settings, login),
            store=self.store,
            clock=system_clock(),
            host=LinuxHost(),
            turn=self.common.turn(login.array),
        )

    def _inner(self, login: Login, logins: Logins) -> ArrayBackend:
        """Have the sessions with an array that are there go on, if they are called just so."""
        from flashd.adapters.arrays.interactive import InteractiveArray
        from flashd.adapters.arrays.kept import Kept
        from flashd.adapters.arrays.oneshot import OneshotArray
        from flashd.adapters.host import LinuxHost

        dscli = replace(dscli_of(self.settings, login), admitted=self._watched(login))
        oneshot = OneshotArray(dscli, system_clock(), LinuxHost(), gate=logins)
        sessions = self.common.sessions(login.array)
        if self.settings.dscli.mode != "interactive":
            sessions.none_kept(self.number)
            return oneshot
        kept = Kept(
            oneshot.dscli,
            idle=self.settings.dscli.idle.total_seconds(),
            most=self.settings.dscli.sessions,
            tell=partial(self.tell, login.array),
            gate=logins,
        )
        return InteractiveArray(oneshot, sessions.of(self.number, kept))


def _consoles(login: Login) -> tuple[str, ...]:
    return (login.hmc1, *([login.hmc2] if login.hmc2 else []))


def dscli_of(settings: Settings, login: Login) -> Dscli:
    """Tell how dscli is called for an array."""
    from flashd.adapters.arrays.calling import SPEAK_UTC, Dscli
    from flashd.config.pwfile import pwfile_of

    return Dscli(
        array=login.array,
        argv=_argv(settings, login, pwfile_of(settings, login)),
        environment={**SPEAK_UTC, **settings.dscli.env},
        timeout=settings.dscli.timeout.total_seconds(),
        remedy=_remedy(settings, login),
    )


def zones_of(auth: Auth | None) -> Mapping[str, ZoneInfo | None]:
    """Tell in which zones the arrays write their dates."""
    return {array: login.timezone for array, login in auth.items()} if auth else {}


def _remedy(settings: Settings, login: Login) -> str:
    from flashd.config.pwfile import managepwfile, pwfile_of

    line, pwfile = managepwfile(settings, login, READER), pwfile_of(settings, login)
    return f"Make the password file anew: {line}; or touch {pwfile} to let one more try through."


def _argv(settings: Settings, login: Login, pwfile: Path) -> tuple[str, ...]:
    """Write dscli's command line, which names the password file and holds no secret."""
    second = ("-hmc2", login.hmc2) if login.hmc2 else ()
    return (
        str(settings.dscli.path),
        *("-hmc1", login.hmc1, *second),
        *("-user", login.username, "-pwfile", str(pwfile)),
    )
