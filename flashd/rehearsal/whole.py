"""A whole rehearsal: every group, in a directory that is gone afterwards."""

from __future__ import annotations

import signal
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from flashd.errors import ConfigError
from flashd.rehearsal.report import joined, report
from flashd.rehearsal.stage import groups, play
from flashd.rehearsal.twin import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flashd.config.configuration import Configuration
    from flashd.model.service import Service
    from flashd.rehearsal.report import Report
    from flashd.rehearsal.terms import Terms

    Progress = Callable[[float], None]
    Part = tuple[Service, ...]

_ENDS = (signal.SIGTERM, signal.SIGHUP)
_KILLED_BY = 128
"""A shell's exit code for a signal is this and its number."""


def rehearse(
    configuration: Configuration, terms: Terms, progress: Progress, *, jobs: int = 1
) -> Report:
    """Play all groups, `jobs` at once, and tell what became of them.

    Each group draws its chances by names, so neither its order nor its company matters.
    """
    parts = groups(configuration.services)
    with _ended_tidily(), tempfile.TemporaryDirectory(prefix="flashd-rehearsal-") as name:
        directory = Path(name)
        given = copied(terms.arrays, directory)
        _refuse_foreign(configuration, given)
        one = _One(configuration, given, terms, directory)
        beside = min(jobs, len(parts))
        found = _beside(one, parts, beside) if beside > 1 else _in_turn(one, parts, progress)
        done = []
        for each in found:
            done.append(each)
            progress(len(done) / len(parts))
        return joined(done)


@contextmanager
def _ended_tidily() -> Iterator[None]:
    """Unwind where somebody ends this process; what asks a second time does not cut that short."""

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(_KILLED_BY + number)

    heeded = [one for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, end) for one in heeded}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@dataclass(frozen=True, slots=True)
class _One:
    """Plays one group, here or in a worker."""

    configuration: Configuration
    given: Mapping[str, Path]
    terms: Terms
    directory: Path

    def play(self, number: int, progress: Progress = lambda _part: None) -> Report:
        part = groups(self.configuration.services)[number]
        played = play(self.configuration, part, self.given, self.terms, self.directory, progress)
        return report(played, self.terms)


def _in_turn(one: _One, parts: list[Part], progress: Progress) -> Iterator[Report]:
    for number in range(len(parts)):
        yield one.play(number, partial(_share, number, len(parts), progress))


def _beside(one: _One, parts: list[Part], jobs: int) -> Iterable[Report]:
    """Play in forks of this process; leaving early ends them."""
    with get_context("fork").Pool(jobs, initializer=_leave_tidying_to_parent) as pool:
        yield from pool.imap_unordered(one.play, range(len(parts)))


def _leave_tidying_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for one in _ENDS:
        signal.signal(one, signal.SIG_DFL)


def _share(number: int, of: int, progress: Progress, part: float) -> None:
    progress((number + part) / of)


def _refuse_foreign(configuration: Configuration, given: Mapping[str, Path]) -> None:
    known = {array for one in configuration.services for array in one.arrays}
    if foreign := sorted(given.keys() - known):
        raise ConfigError(
            f"no service has a clone on {', '.join(foreign)}",
            f"The configuration names {', '.join(sorted(known))}: give files of these.",
        )
