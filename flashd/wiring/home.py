"""One configuration directory, and what is made of it."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.wiring.arrays import Common, Ways, zones_of
from flashd.wiring.guards import guard_types
from flashd.wiring.stores import give_up_rights, memory_of, store_of
from flashd.wiring.world import world_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from flashd.adapters.stores.store import SqlStore
    from flashd.config.auth import Auth
    from flashd.config.configuration import Configuration
    from flashd.config.files import Files
    from flashd.config.settings import Settings
    from flashd.engine.records import Records
    from flashd.engine.world import World
    from flashd.ports.events import Events
    from flashd.ports.remote import Remote
    from flashd.ports.store import Memory, Store
    from flashd.wiring.guards import GuardTypes

CONFIG_DIR = Path("/etc/flashd")


@dataclass(frozen=True)
class Home:
    """One configuration directory, and what is made of it; nothing is read before it is needed.

    `common` is what goes on across reloads, `before` the configuration that they renew.
    """

    config_dir: Path
    state: str | None = field(default=None, repr=False)  # it may hold a password
    common: Common = field(default_factory=Common, repr=False, compare=False)
    before: Configuration | None = field(default=None, repr=False, compare=False)

    def anew(self, before: Configuration | None = None) -> Home:
        """Read the same directory again; what is as it was in `before` is taken over."""
        return Home(self.config_dir, self.state, self.common, before)

    async def log_out(self) -> None:
        """End the sessions with arrays that are kept."""
        await self.common.log_out()

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

        return interpret(files, self.types.options, self.before)

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

    def texts_to_keep(self) -> dict[str, str]:
        """Tell the files to remember as accepted, without the password of the store itself."""
        from flashd.config.whereabouts import without_password

        return without_password(self.files.texts)

    def store(self, configuration: Configuration) -> AbstractAsyncContextManager[Store]:
        """Open the state store, as the owner of its directory."""
        return self.store_of(self.settings(configuration))

    def store_of(self, settings: Settings) -> AbstractAsyncContextManager[SqlStore]:
        """Open the state store that these settings name, as the owner of its directory."""
        return store_of(settings)

    def memory(self, configuration: Configuration) -> AbstractAsyncContextManager[Memory]:
        """Open the state store for who only looks, as the owner of its directory."""
        return memory_of(self.settings(configuration))

    def remote(self, configuration: Configuration) -> Remote:
        """Make the way to other hosts, as the owner of the state directory."""
        from flashd.adapters.remote.made import remote_of

        settings = self.settings(configuration)
        give_up_rights(settings)
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
                zones=zones_of(auth),
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
        """Make the engine's world over an open store: the newest of those made so far."""
        from flashd.engine.telling import tell_console, tell_mode

        ways = Ways(
            settings=self.settings(configuration),
            auth=auth,
            store=store,
            common=self.common,
            number=next(self.common.numbers),
            tell=partial(tell_mode, events),
            tell_console=partial(tell_console, events),
        )
        return world_of(configuration, self.types, ways, events)
