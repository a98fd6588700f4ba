"""How the users of a clone are looked at: the guards that there are, and what they can ask."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from flashd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from flashd.config.guards import GuardOptions
    from flashd.config.settings import Settings
    from flashd.model.service import GuardSpec
    from flashd.ports.guard import Guard

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


def asks_arrays(spec: GuardSpec) -> bool:
    """Whether a guard logs in to arrays."""
    from flashd.config.guards import Aimed

    return isinstance(spec.options, Aimed)


def guards_of(
    types: GuardTypes, settings: Settings, of_arrays: Mapping[str, Callable[[Any], Guard]]
) -> Callable[[GuardSpec], Guard]:
    """Make guards of specs; the built-in ones can ask other hosts, all by one way, and arrays."""
    from flashd.adapters.guards.table import BUILT_IN, asking
    from flashd.adapters.remote.made import remote_of

    makers = {**BUILT_IN, **types.added, **asking(remote_of(settings.ssh)), **of_arrays}
    return lambda spec: makers[spec.type](spec.options)
