"""On which configuration the daemon runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flashd.config.auth import missing_arrays, open_auth
from flashd.config.files import Files
from flashd.config.mistakes import Mistakes
from flashd.engine.events import Event
from flashd.errors import ConfigError, FlashdError
from flashd.wiring import system_clock

if TYPE_CHECKING:
    from flashd.config.auth import Auth
    from flashd.config.configuration import Configuration
    from flashd.config.settings import Settings
    from flashd.ports.events import Events
    from flashd.wiring import Home


async def configured(home: Home, events: Events) -> tuple[Configuration, Auth]:
    """Read the configuration; where it is bad, take the last accepted one, loudly.

    Raises `ConfigError` where there is none.
    """
    try:
        configuration, auth = home.configuration, home.auth(home.configuration)
    except ConfigError as error:
        _tell_refused(events, error)
        return await _last_accepted(home, events, error)
    for hint in configuration.hints:
        events.tell(Event.CONFIGURATION_HINT, str(hint), {})
    async with home.store(configuration) as store:
        await store.accept(dict(home.files.texts), system_clock().now())
    events.tell(
        Event.CONFIGURATION_ACCEPTED,
        f"configuration accepted: {len(configuration.services)} services",
        {"flashd.services": len(configuration.services)},
    )
    return configuration, auth


def _tell_refused(events: Events, error: ConfigError) -> None:
    mistakes = error.mistakes if isinstance(error, Mistakes) else ()
    for text in [str(mistake) for mistake in mistakes] or [error.message]:
        events.tell(
            Event.CONFIGURATION_REFUSED,
            text,
            {"error.message": text, "error.code": error.code, "flashd.hint": error.hint},
        )


async def _last_accepted(
    home: Home, events: Events, error: ConfigError
) -> tuple[Configuration, Auth]:
    """Run on what was good before, with the auth.conf of now."""
    settings = home.settings_at_hand()
    try:
        auth = open_auth(settings, os.environ)  # before the store: it takes root's rights away
        found = await _accepted_files(home, settings)
    except FlashdError:
        raise error from None
    if found is None:
        raise error
    texts, at = found
    configuration = home.interpret(Files(home.config_dir, texts))
    if missing := missing_arrays(configuration, auth):
        raise Mistakes(missing)
    events.tell(
        Event.CONFIGURATION_DEGRADED,
        f"running on the configuration accepted at {at}; mend the present one",
        {"flashd.services": len(configuration.services)},
    )
    return configuration, auth


async def _accepted_files(home: Home, settings: Settings) -> tuple[dict[str, str], str] | None:
    async with home.store_of(settings) as store:
        found = await store.accepted()
    return (dict(found[0]), f"{found[1]:%Y-%m-%dT%H:%M:%SZ}") if found else None
