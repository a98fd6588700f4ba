"""What flashd asks an array without changing it, whichever way it is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from flashd.adapters.arrays.failures import MAY_COUNT, MAY_LIST, MAY_SURVEY
from flashd.adapters.arrays.metrics import metrics_questions, parse_metrics
from flashd.adapters.arrays.stock import lasting, questions
from flashd.adapters.threads import beside
from flashd.model.volumes import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from flashd.model.counters import Counters
    from flashd.model.inventory import Inventory
    from flashd.model.volumes import Pair, Relation, VolumeId
    from flashd.ports.clock import Clock

MOST_READ_HERE = 65_536
"""Characters of an answer that are read on the event loop: a megabyte takes half a second."""

LIST_OUTPUT = "setenv -banner off -header on -format delim"
LIST_ALL = "lsflash -l -dev {array} 0000-FFFF"
"""The whole array: a pair that is missing from the answer is then missing from the array."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """All that was said to an inquiry, between which instants; `steady`: began, by that clock."""

    said: str
    began: datetime
    ended: datetime
    steady: float


@dataclass(frozen=True, slots=True)
class Inquiry(Generic[T]):
    """Commands that change nothing, all of one login, and how their answers are read.

    `setting` stands before them where a client is asked nothing else. What answers `lasting` ones
    holds for as long as the login. `read` raises `NotUnderstoodError`. `rights` is the hint where
    the array says no, `reports` names what is asked where the answer is not understood.
    """

    commands: tuple[str, ...]
    reports: str
    rights: str
    read: Callable[[Told], T]
    setting: tuple[str, ...] = ()
    lasting: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The commands as they are told."""
        return "; ".join(self.commands)


async def understood(inquiry: Inquiry[T], told: Told, most_here: float) -> T:
    """Read an answer, a long one in a thread, so that everything else goes on meanwhile.

    Raises `NotUnderstoodError` as `read` does. Who is cancelled leaves the thread to its end.
    """
    if len(told.said) <= most_here:
        return inquiry.read(told)
    return await beside(partial(inquiry.read, told))


def relations_of(
    array: str, read: Callable[[str, str], Mapping[Pair, Relation]]
) -> Inquiry[Listing]:
    """Ask for every relation of the array."""

    def listing(told: Told) -> Listing:
        return Listing(array, told.began, told.ended, read(told.said, array), told.steady)

    command = LIST_ALL.format(array=array)
    return Inquiry((command,), "lsflash", MAY_LIST, listing, (LIST_OUTPUT,))


def stock_of(
    array: str, take: Callable[[str, str, datetime, datetime], Inventory]
) -> Inquiry[Inventory]:
    """Ask for volumes, mirrors, hosts, groups and images."""

    def inventory(told: Told) -> Inventory:
        return replace(take(told.said, array, told.began, told.ended), steady=told.steady)

    return Inquiry(
        questions(array),
        "lsfbvol, lspprc and the like",
        MAY_SURVEY,
        inventory,
        lasting=lasting(),
    )


def counters_of(
    array: str, volumes: Sequence[VolumeId], clock: Clock
) -> Inquiry[tuple[Counters, ...]]:
    """Ask for the counters of volumes, one after another."""

    def counted(told: Told) -> tuple[Counters, ...]:
        return parse_metrics(told.said, array, volumes, clock.monotonic())

    commands = metrics_questions(array, volumes)
    return Inquiry(commands, "showfbvol -metrics", MAY_COUNT, counted)
