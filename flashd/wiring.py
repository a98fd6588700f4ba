"""Which classes: the one place that turns configuration into objects."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.errors import ConfigError, StoreError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from typing import Any, TextIO
    from zoneinfo import ZoneInfo

    from flashd.adapters.arrays.kept import Kept
    from flashd.adapters.arrays.oneshot import OneshotArray
    from flashd.adapters.stores.store import SqlStore
    from flashd.config.auth import Auth, Login
    from flashd.config.configuration import Configuration
    from flashd.config.files import Files
    from flashd.config.guards import GuardOptions
    from flashd.config.settings import Settings
    from flashd.engine.records import Records
    from flashd.engine.world import Pace, World
    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory
    from flashd.model.service import GuardSpec
    from flashd.model.volumes import VolumeId
    from flashd.ports.array import ArrayBackend
    from flashd.ports.clock import Clock
    from flashd.ports.events import Events
    from flashd.ports.guard import Guard
    from flashd.ports.remote import Remote
    from flashd.ports.store import Memory, Store
    from flashd.ports.supervisor import Supervisor

CONFIG_DIR = Path("/etc/flashd")
READER = os.geteuid()
"""Who ran this command, and reads what it says; its rights may be given up later."""
GUARD_GROUP = "flashd.guards"
"""Entry points for further guards: each has the attributes `options` and `guard`."""


@dataclass(frozen=True, slots=True)
class GuardTypes:
    """Every type of guard: what it can be told; `added` are those of other packages, which look."""

    options: Mapping[str, type[GuardOptions]]
    added: Mapping[str, Callable[[Any], Guard]]


def guard_types() -> GuardTypes:
    """Join the built-in guards with those of other packages; a name that is taken is an error."""
    from flashd.config.guards import BUILT_IN_GUARDS

    options, added = dict(BUILT_IN_GUARDS), {}
    for point in entry_points(group=GUARD_GROUP):
        if point.name in options:
            raise ConfigError(
                f"guard type {point.name!r} of {point.value} is taken",
                "Uninstall that package, or have its author choose another name.",
            )
        extra = point.load()
        options[point.name], added[point.name] = extra.options, extra.guard
    return GuardTypes(options, added)


def system_clock() -> Clock:
    """Make the clock of this host."""
    from flashd.adapters.clock import SystemClock

    return SystemClock()


def supervisor() -> Supervisor:
    """Make the way to whoever started this process."""
    from flashd.adapters.supervisor import Systemd

    return Systemd(os.environ)


def command_events() -> Events:
    """Make the way of events of a command run by hand: the host's journal or syslog."""
    from flashd.adapters.notifiers.journal import host_events

    return host_events(system_clock())


def daemon_events(out: TextIO, *, console: bool) -> Events:
    """Make the way of the daemon's events, and of its libraries' warnings: a stream."""
    from flashd.adapters.notifiers.log import adopt_standard_logging, goes_to_journal, log_events

    clock, journal = system_clock(), goes_to_journal(out, os.environ)
    adopt_standard_logging(clock, out, journal=journal)
    return log_events(clock, out, console=console, journal=journal)


@dataclass(frozen=True)
class Home:
    """One configuration directory, and what is made of it; nothing is read before it is needed.

    `turns` has one at a time log in to an array, and `kept` are the sessions with arrays; both
    across reloads.
    """

    config_dir: Path
    state: str | None = field(default=None, repr=False)  # it may hold a password
    turns: dict[str, asyncio.Lock] = field(default_factory=dict, repr=False, compare=False)
    kept: dict[str, Kept] = field(default_factory=dict, repr=False, compare=False)

    def anew(self) -> Home:
        """Read the same directory again."""
        return Home(self.config_dir, self.state, self.turns, self.kept)

    async def log_out(self) -> None:
        """End the sessions with arrays that are kept."""
        import asyncio

        await asyncio.gather(*(one.close() for one in self.kept.values()))
        self.kept.clear()

    @cached_property
    def types(self) -> GuardTypes:
        """The types of guards."""
        return guard_types()

    @cached_property
    def files(self) -> Files:
        """The files of the configuration, as they are now."""
        from flashd.config.files import read_files

        return read_files(self.config_dir)

    def interpret(self, files: Files) -> Configuration:
        """Make a configuration of files; raises `Mistakes`."""
        from flashd.config.configuration import interpret

        return interpret(files, self.types.options)

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration; raises `Mistakes`."""
        return self.interpret(self.files)

    def settings(self, configuration: Configuration) -> Settings:
        """Tell the daemon's settings, with what the command line says otherwise."""
        settings = configuration.settings
        return settings.with_state(self.state) if self.state else settings

    def auth(self, configuration: Configuration, before: Auth | None = None) -> Auth:
        """Open auth.conf, and see that every array is in it; raises `ConfigError`.

        `before` is what a running daemon has read already.
        """
        from flashd.config.auth import missing_arrays, open_auth, reopen_auth
        from flashd.config.mistakes import Mistakes

        settings = self.settings(configuration)
        auth = (
            open_auth(settings, os.environ)
            if before is None
            else reopen_auth(settings, before, os.environ)
        )
        if missing := missing_arrays(configuration, auth):
            raise Mistakes(missing)
        return auth

    def settings_at_hand(self) -> Settings:
        """Tell where the state and the logins are, also where the configuration is bad.

        Raises `Mistakes` where that cannot be told: no default stands in for what was written.
        """
        from flashd.config.files import SETTINGS
        from flashd.config.mistakes import Mistakes, Source
        from flashd.config.settings import read_settings
        from flashd.config.whereabouts import whereabouts

        if self.files.unread and SETTINGS not in self.files.texts:
            raise Mistakes(self.files.unread)
        source = Source(self.files.name(SETTINGS), self.files.texts.get(SETTINGS, ""))
        found, mistakes = read_settings(source, self.config_dir)
        settings = whereabouts(source, self.config_dir) if mistakes else found
        if settings is None:
            raise Mistakes(mistakes)
        return settings.with_state(self.state) if self.state else settings

    async def last_accepted(self) -> tuple[Configuration, datetime] | None:
        """Tell the configuration that was good last, and when; None where none ever was.

        Opens the state store that the present settings name.
        """
        from flashd.config.files import Files

        present = self.settings_at_hand()
        async with self.store_of(present) as store:
            found = await store.accepted()
        if found is None:
            return None
        accepted = self.interpret(Files(self.config_dir, found[0]))
        settings = accepted.settings.model_copy(update={"state": present.state})
        return replace(accepted, settings=settings), found[1]

    def texts_to_keep(self, settings: Settings) -> dict[str, str]:
        """Tell the files to remember as accepted, without the password of the store itself."""
        from flashd.config.whereabouts import without_password

        return without_password(self.files.texts, settings.state)

    def store(self, configuration: Configuration) -> AbstractAsyncContextManager[Store]:
        """Open the state store, as the owner of its directory."""
        return self.store_of(self.settings(configuration))

    @asynccontextmanager
    async def store_of(self, settings: Settings) -> AsyncIterator[SqlStore]:
        """Open the state store that these settings name, as the owner of its directory."""
        from flashd.adapters.host import LinuxHost
        from flashd.adapters.stores.store import open_store

        _give_up_rights(settings)
        store = await open_store(settings.state, LinuxHost())
        try:
            yield store
        finally:
            await store.close()

    @asynccontextmanager
    async def memory(self, configuration: Configuration) -> AsyncIterator[Memory]:
        """Open the state store for who only looks, as the owner of its directory.

        A file that is as it should be is read at once; whatever else is opened as by `store`.
        """
        from flashd.adapters.stores.glance import glance

        settings = self.settings(configuration)
        _give_up_rights(settings)
        if settings.state_file is None or (found := glance(settings.state_file)) is None:
            async with self.store_of(settings) as store:
                yield store
            return
        try:
            yield found
        finally:
            await found.close()

    def remote(self, configuration: Configuration) -> Remote:
        """Make the way to other hosts, as the owner of the state directory."""
        from flashd.adapters.remote.made import remote_of

        settings = self.settings(configuration)
        _give_up_rights(settings)
        return remote_of(settings.ssh)

    @asynccontextmanager
    async def records(
        self, configuration: Configuration, auth: Auth | None
    ) -> AsyncIterator[Records]:
        """Open what is remembered, for who only looks: nothing here can reach an array."""
        from flashd.engine.records import Records
        from flashd.model.run import Doubt

        settings = self.settings(configuration)
        async with self.memory(configuration) as store:
            yield Records(
                store=store,
                zones=_zones(auth),
                doubt=Doubt(late=settings.dscli.in_doubt, limit=settings.dscli.timeout),
                demands_enrolment=settings.require_enrolment,
            )

    @asynccontextmanager
    async def world(
        self, configuration: Configuration, auth: Auth | None, events: Events
    ) -> AsyncIterator[World]:
        """Put everything together. Without `auth` no array can be reached."""
        async with self.store(configuration) as store:
            try:
                yield self.assemble(configuration, auth, events, store)
            finally:
                await self.log_out()

    def assemble(
        self, configuration: Configuration, auth: Auth | None, events: Events, store: Store
    ) -> World:
        """Make the engine's world over an open store."""
        import asyncio

        from flashd.adapters.guards.table import asking_arrays
        from flashd.adapters.host import LinuxHost
        from flashd.config.pwfile import fingerprint, pwfile_of
        from flashd.engine.telling import Conversation, tell_mode
        from flashd.engine.world import World
        from flashd.model.inventory import Part

        settings = self.settings(configuration)
        turns = self.turns

        def array_of(array: str) -> ArrayBackend:
            oneshot, login = _client(array, settings, auth)
            inner: ArrayBackend = oneshot
            if settings.dscli.mode == "interactive":
                pwfile, tell = pwfile_of(settings, login), partial(tell_mode, world, array)
                inner = _interactive(
                    oneshot, settings, self.kept, tell, partial(fingerprint, pwfile)
                )
            elif (known := self.kept.pop(array, None)) is not None:
                known.retire()
            return _guarded(inner, login, settings, store, turns.setdefault(array, asyncio.Lock()))

        async def stock(array: str) -> Inventory:
            return await array_of(array).inventory(Conversation(world, array), {Part.REACH})

        async def count(array: str, volumes: Sequence[VolumeId]) -> Sequence[Counters]:
            return await array_of(array).counters(volumes, Conversation(world, array))

        clock = system_clock()
        makers = asking_arrays(stock, count, clock.monotonic)
        world = World(
            services={service.name: service for service in configuration.services},
            arrays=array_of,
            guards=_guards(self.types, settings, makers),
            looks_by=settings.ssh,
            zones=_zones(auth),
            store=store,
            clock=clock,
            host=LinuxHost(),
            events=events,
            entropy=lambda: os.urandom(10),
            protected=configuration.protected,
            require_enrolment=settings.require_enrolment,
            pace=pace_of(settings),
            asks_arrays=asks_arrays,
            retention=settings.history.retention,
        )
        return world


def pace_of(settings: Settings) -> Pace:
    """Tell how often is looked, and how long waited."""
    from flashd.engine.world import Pace

    return Pace(
        check_interval=settings.check_interval,
        observe_interval=settings.observe_interval,
        command_timeout=settings.dscli.timeout,
        late=settings.dscli.in_doubt,
    )


def asks_arrays(spec: GuardSpec) -> bool:
    """Whether a guard logs in to arrays."""
    from flashd.config.guards import Aimed

    return isinstance(spec.options, Aimed)


def _guards(
    types: GuardTypes, settings: Settings, of_arrays: Mapping[str, Callable[[Any], Guard]]
) -> Callable[[GuardSpec], Guard]:
    """Make guards of specs; the built-in ones can ask other hosts, all by one way, and arrays."""
    from flashd.adapters.guards.table import BUILT_IN, asking
    from flashd.adapters.remote.made import remote_of

    makers = {**BUILT_IN, **types.added, **asking(remote_of(settings.ssh)), **of_arrays}
    return lambda spec: makers[spec.type](spec.options)


def _client(array: str, settings: Settings, auth: Auth | None) -> tuple[OneshotArray, Login]:
    """Make the way to an array; raises `ConfigError` where a credential is missing."""
    from flashd.adapters.arrays.oneshot import SPEAK_UTC, Dscli, OneshotArray
    from flashd.adapters.host import LinuxHost
    from flashd.config.pwfile import check_pwfile, pwfile_of

    if auth is None or array not in auth:
        raise ConfigError(f"array {array} is not in auth.conf")
    login = auth[array]
    check_pwfile(settings, login, READER)
    pwfile = pwfile_of(settings, login)
    dscli = Dscli(
        array=array,
        argv=_argv(settings, login, pwfile),
        environment={**SPEAK_UTC, **settings.dscli.env},
        timeout=settings.dscli.timeout.total_seconds(),
        remedy=_remedy(settings, login),
    )
    return OneshotArray(dscli, system_clock(), LinuxHost()), login


def _remedy(settings: Settings, login: Login) -> str:
    from flashd.config.pwfile import managepwfile, pwfile_of

    line, pwfile = managepwfile(settings, login, READER), pwfile_of(settings, login)
    return f"Make the password file anew: {line}; or touch {pwfile} to let one more try through."


def _interactive(
    oneshot: OneshotArray,
    settings: Settings,
    kept: dict[str, Kept],
    tell: Callable[[str | None], None],
    pwfile: Callable[[], str],
) -> ArrayBackend:
    """Have the sessions with an array that are there go on, if they are called just so."""
    from flashd.adapters.arrays.interactive import InteractiveArray
    from flashd.adapters.arrays.kept import Kept

    array, idle = oneshot.dscli.array, settings.dscli.idle.total_seconds()
    wanted = (oneshot.dscli, idle, settings.dscli.sessions)
    known = kept.get(array)
    if known is None or (known.dscli, known.idle, known.most) != wanted:
        if known is not None:
            known.retire()
        most = settings.dscli.sessions
        known = Kept(oneshot.dscli, idle=idle, most=most, tell=tell, pwfile=pwfile)
        kept[array] = known
    return InteractiveArray(oneshot, known)


def _guarded(
    inner: ArrayBackend, login: Login, settings: Settings, store: Store, turn: asyncio.Lock
) -> ArrayBackend:
    """Stop logins at the first that is refused."""
    from flashd.adapters.arrays.breaker import BreakerArray
    from flashd.adapters.host import LinuxHost
    from flashd.config.pwfile import fingerprint, pwfile_of

    pwfile = pwfile_of(settings, login)
    return BreakerArray(
        inner=inner,
        array=login.array,
        username=login.username,
        pwfile=lambda: fingerprint(pwfile),
        remedy=_remedy(settings, login),
        store=store,
        clock=system_clock(),
        host=LinuxHost(),
        turn=turn,
    )


def _argv(settings: Settings, login: Login, pwfile: Path) -> tuple[str, ...]:
    """Write dscli's command line, which names the password file and holds no secret."""
    second = ("-hmc2", login.hmc2) if login.hmc2 else ()
    return (
        str(settings.dscli.path),
        *("-hmc1", login.hmc1, *second),
        *("-user", login.username, "-pwfile", str(pwfile)),
    )


def _zones(auth: Auth | None) -> Mapping[str, ZoneInfo | None]:
    return {array: login.timezone for array, login in auth.items()} if auth else {}


def _give_up_rights(settings: Settings) -> None:
    from flashd.adapters.privileges import become_owner

    directory = settings.own_directory
    try:
        become_owner(directory)
    except OSError as error:
        raise StoreError(f"cannot become the owner of {directory}: {error.strerror}") from error
