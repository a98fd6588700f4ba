"""On which configuration the daemon starts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flashd.config.auth import missing_arrays, open_auth
from flashd.config.mistakes import Mistakes
from flashd.core.counting import counted
from flashd.daemon.collector import leave_alone
from flashd.engine.events import Event
from flashd.errors import ConfigError, FlashdError
from flashd.wiring import system_clock

if TYPE_CHECKING:
    from flashd.config.auth import Auth
    from flashd.config.configuration import Configuration
    from flashd.ports.events import Events
    from flashd.ports.store import Store
    from flashd.wiring import Home


_MOST_HINTS = 100
"""Each is a line of the log; of ten thousand services made from one template each may have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """The configuration on which the daemon stands.

    `degraded` says why it is not the one that was in the files at the start, `refused` why the
    last reload changed nothing; both are empty where all is well.
    """

    configuration: Configuration
    auth: Auth
    degraded: str = ""
    refused: str = ""

    @property
    def doubt(self) -> str:
        """Say why the configuration in force is not the one in the files."""
        return "; ".join(filter(None, (self.degraded, self.refused)))


async def configured(home: Home, events: Events) -> Footing:
    """Read the configuration; where it is bad, take the last accepted one, loudly.

    Raises `ConfigError` where there is none.
    """
    try:
        configuration = home.configuration
        leave_alone()
        return Footing(configuration=configuration, auth=home.auth(configuration))
    except ConfigError as error:
        tell_refused(events, error)
        return await _last_accepted(home, events, error)


async def accept(home: Home, footing: Footing, store: Store, events: Events) -> None:
    """Remember a configuration that is good, for a start on one that is not."""
    if footing.degraded:
        return
    kept = home.texts_to_keep()
    await store.accept(kept, system_clock().now())
    count = len(footing.configuration.services)
    events.tell(
        Event.CONFIGURATION_ACCEPTED,
        f"configuration accepted: {counted(count, 'service')}",
        {"flashd.services": count},
    )
    tell_hints(footing.configuration, events)


def tell_hints(configuration: Configuration, events: Events) -> None:
    """Tell what may not mean what was intended; where it is much, the first of it."""
    for hint in configuration.hints[:_MOST_HINTS]:
        events.tell(Event.CONFIGURATION_HINT, str(hint), {})
    if (more := len(configuration.hints) - _MOST_HINTS) > 0:
        events.tell(Event.CONFIGURATION_HINT, f"and {more} more; `flashd check` tells them all", {})


def tell_refused(events: Events, error: ConfigError) -> int:
    """Tell every mistake of a configuration, and how many they are."""
    mistakes = error.mistakes if isinstance(error, Mistakes) else ()
    texts = [str(mistake) for mistake in mistakes] or [error.message]
    for text in texts:
        events.tell(
            Event.CONFIGURATION_REFUSED,
            text,
            {"error.message": text, "error.code": error.code, "flashd.hint": error.hint},
        )
    return len(texts)


async def _last_accepted(home: Home, events: Events, error: ConfigError) -> Footing:
    """Run on what was good before, with the auth.conf of now."""
    try:
        auth = open_auth(home.settings_at_hand(), os.environ)  # the store takes root's rights away
        found = await home.last_accepted()
    except FlashdError:
        raise error from None
    if found is None:
        raise error
    configuration, at = found
    if missing := missing_arrays(configuration, auth):
        raise Mistakes(missing)
    doubt = (
        f"running on the configuration accepted at {at:%Y-%m-%dT%H:%M:%SZ}; mend the present one"
    )
    events.tell(
        Event.CONFIGURATION_DEGRADED, doubt, {"flashd.services": len(configuration.services)}
    )
    return Footing(configuration=configuration, auth=auth, degraded=f"DEGRADED, {doubt}")
