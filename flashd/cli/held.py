"""What `hold` and `release` share: scopes as they are named on the command line, and holds."""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from flashd.cli.words import instant, tell
from flashd.errors import ConfigError, FlashdError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from flashd.config.configuration import Configuration
    from flashd.model.hold import Hold, Kind, Scope
    from flashd.model.observation import Picture
    from flashd.model.service import Service
    from flashd.wiring import Home

MOST_NAMED = 20
"""So many services are named to people; JSON has them all."""


def in_force(home: Home) -> Configuration:
    """Tell the configuration of the files, else the one that was accepted last.

    To hold must be possible also after somebody has just broken a file. It is not always what a
    daemon goes by at the moment: good files may not have been reloaded yet.
    """
    try:
        return home.configuration
    except ConfigError as error:
        found = _last_accepted(home)
        if found is None:
            raise error from None
    click.echo(
        f"the configuration is bad, see `flashd check`; going by the one accepted at"
        f" {instant(found[1])}",
        err=True,
    )
    return found[0]


def to_show(home: Home) -> tuple[Configuration, int]:
    """Tell the configuration by which to show how things stand, and the least exit status.

    Where the files are bad, all of that is told, and what is shown is by the configuration that
    was accepted last: a daemon goes on with it, and it is then that people look.
    """
    try:
        return home.configuration, 0
    except ConfigError as error:
        found = _last_accepted(home)
        if found is None:
            raise error from None
        status = tell(error)
    click.echo(
        f"the configuration is bad; what is shown is by the one accepted at {instant(found[1])}",
        err=True,
    )
    return found[0], status


def _last_accepted(home: Home) -> tuple[Configuration, datetime] | None:
    import asyncio

    with suppress(FlashdError):  # the mistakes of the configuration are told then
        return asyncio.run(home.last_accepted())
    return None


def document(hold: Hold) -> dict[str, Any]:
    """Write a hold as JSON has it, everywhere."""
    return {
        "scope": str(hold.scope),
        "until": instant(hold.until),
        "reason": hold.reason,
        "by": hold.by,
        "since": instant(hold.since),
    }


def hold_of(service: Service, known: Picture, now: datetime) -> dict[str, Any] | None:
    """Write the hold that binds a service longest, if one does."""
    from flashd.core.holds import binding

    hold = binding(known.holds, service, now)
    return document(hold) if hold else None


def no_chance(hold: Mapping[str, Any] | None) -> str:
    """Say when there will be a chance, where no time can be told; `hold` is as `hold_of` has it."""
    return "when released" if hold is not None and hold["until"] is None else "never"


def scopes(
    services: Iterable[str], arrays: Iterable[str], known: Collection[Scope], *, everything: bool
) -> list[Scope]:
    """Make scopes of what was named; raises a usage error unless all of it is `known`.

    Nothing is held, or released, where one name is wrong.
    """
    from flashd.model.hold import Kind, Scope

    wanted = [_scope(Kind.SERVICE, name) for name in services]
    wanted += [_scope(Kind.ARRAY, name) for name in arrays]
    wanted += [Scope(Kind.ALL)] if everything else []
    for one in wanted:
        if one.kind is not Kind.ALL and one not in known:
            names = sorted(other.name for other in known if other.kind is one.kind)
            close = get_close_matches(one.name, names, n=1)
            guess = f"; did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"there is no {one.kind} {one.name!r}{guess}")
    return list(dict.fromkeys(wanted))


def _scope(kind: Kind, name: str) -> Scope:
    from flashd.model.hold import Scope

    if not name:
        raise click.UsageError(f"the name of a {kind} is empty")
    return Scope(kind, name)


def configured(services: Iterable[Service]) -> set[Scope]:
    """Tell every scope that the configuration has a service for."""
    from flashd.model.hold import Kind, Scope

    found = {Scope(Kind.ALL)}
    for service in services:
        found.add(Scope(Kind.SERVICE, service.name))
        found.update(Scope(Kind.ARRAY, array) for array in service.arrays)
    return found


def some(names: Collection[str]) -> str:
    """Name some of many."""
    shown = ", ".join(list(names)[:MOST_NAMED])
    left = len(names) - MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown
