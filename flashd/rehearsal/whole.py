"""A whole rehearsal: every group, in a directory that is gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.errors import ConfigError
from flashd.rehearsal.report import joined, report
from flashd.rehearsal.stage import groups, play
from flashd.rehearsal.twin import copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from flashd.config.configuration import Configuration
    from flashd.rehearsal.report import Report
    from flashd.rehearsal.terms import Terms


def rehearse(
    configuration: Configuration, terms: Terms, progress: Callable[[float], None]
) -> Report:
    """Play all groups, one after the other, and tell what became of them."""
    parts = groups(configuration.services)
    with tempfile.TemporaryDirectory(prefix="flashd-rehearsal-") as name:
        directory = Path(name)
        given = copied(terms.arrays, directory)
        known = {array for one in configuration.services for array in one.arrays}
        if foreign := sorted(given.keys() - known):
            raise ConfigError(
                f"no service has a clone on {', '.join(foreign)}",
                "Give the files of arrays that the configuration names.",
            )
        done = []
        for number, part in enumerate(parts):
            part_of = _share(number, len(parts), progress)
            done.append(report(play(configuration, part, given, terms, directory, part_of), terms))
        return joined(done)


def _share(number: int, of: int, progress: Callable[[float], None]) -> Callable[[float], None]:
    return lambda part: progress((number + part) / of)
