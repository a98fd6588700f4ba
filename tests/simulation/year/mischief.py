"""Which fault strikes which login and which command: every kind that makes sense, by chance."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flashd.sim import mischief as processes

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator
    from random import Random

    from flashd.sim.array import Array
    from flashd.sim.faults import Fault

MINUTE = timedelta(minutes=1)
_HUNG = 58 * MINUTE
_STRUCK = 36 * MINUTE

Deed = tuple[str, dict[str, Any]]

AT_CONNECT: tuple[Deed, ...] = (
    ("unreachable", {}),
    ("unreachable", {"seconds": "70"}),
    ("start-fails", {}),
    ("login-hang", {"seconds": "45"}),
    ("login-hang", {"seconds": "25"}),
    ("login-hang", {}),
)
AT_LOGIN: tuple[Deed, ...] = (("login-refused", {}), ("locked-out", {}), ("password-expired", {}))
_ANY: tuple[Deed, ...] = (
    ("hang", {"seconds": "100", "position": "before"}),
    ("hang", {"seconds": "100", "position": "after"}),
    ("hang", {"position": "before"}),
    ("hang", {"position": "after"}),
    ("die-before", {}),
    ("die-after", {}),
    ("die-answering", {}),
    ("lost-answer", {}),
    ("connection-lost", {"position": "before"}),
    ("connection-lost", {"position": "after"}),
    ("client-timeout", {"seconds": "300"}),
    ("refused", {}),
    ("cut-short", {"bytes": "90"}),
    ("garbage", {}),
    ("language", {}),
    ("previous-answer", {}),
    ("glued", {}),
    ("wrapped", {}),
    ("noise", {"how": "nul"}),
    ("noise", {"how": "cr"}),
    ("drip", {"seconds": "20"}),
    ("wrong-exit", {}),
    ("warnings", {}),
)
AT_LISTINGS: tuple[Deed, ...] = (
    *_ANY,
    ("cut-short", {"rows": "1"}),
    ("rows-twice", {}),
    ("foreign-rows", {}),
    ("columns", {"how": "missing"}),
    ("columns", {"how": "renamed"}),
    ("columns", {"how": "extra"}),
    ("columns", {"how": "reordered"}),
)
AT_CHANGES: tuple[Deed, ...] = (
    *_ANY,
    ("acts-late", {"seconds": "4"}),
    ("acts-late", {"seconds": "15"}),
    ("acts-late", {"seconds": "15", "pairs": "1", "exit": "0"}),
    ("lie", {}),
    ("partial", {}),
    ("partial", {"silent": "yes"}),
    ("confused", {"how": "other-pair"}),
    ("confused", {"how": "same-pair"}),
    ("confused", {"how": "contradiction"}),
)
OTHERS = ("others-resync", "others-withdraw", "others-reverse", "others-change")


@dataclass
class Rates:
    """How likely each is, at each login and each command."""

    connect: float = 0.004
    login: float = 0.00004
    listing: float = 0.006
    change: float = 0.05
    others: float = 0.003


@dataclass
class YearMischief:
    """Plants the faults of one array; `down` and `busy` are what lasts."""

    rates: Rates
    chance: Random
    struck: Counter[str]
    note: Callable[[str, timedelta], None]
    refused: Callable[[], None]
    meddled: Callable[[str], None]
    deceives: Callable[[], None]
    pairs: Callable[[], list[str]]
    down: bool = False
    busy: bool = False
    calm: bool = False
    _pending: list[str] = field(default_factory=list)

    def at_login(self, array: Array) -> bool:
        """Let a login meet what lasts, or what chance has."""
        if self.down:
            self._plant(array, "unreachable", {}, "*")
            return True
        if self.calm:
            return False
        if self.chance.random() < self.rates.login:
            self._plant(array, *self.chance.choice(AT_LOGIN), "*")
            self.refused()
            return True
        if self.chance.random() < self.rates.connect:
            name, options = self.chance.choice(AT_CONNECT)
            self._plant(array, name, options, "*")
            self.note(name, _STRUCK)
            return True
        return False

    def at_commands(self, array: Array, commands: str) -> bool:
        """Let the last of these commands meet what lasts, or what chance has."""
        verb = [line.split()[0] for line in commands.split("\n") if line.strip()][-1]
        changes = not verb.startswith("ls")
        if self.busy and changes:
            self._plant(array, "refused", {"text": "the array is being serviced"}, verb)
            return True
        if self.calm:
            return False
        found, _ = self._by_chance(array, verb, changes=changes), self._by_others(array, verb)
        return found or _

    def _by_chance(self, array: Array, verb: str, *, changes: bool) -> bool:
        if self.chance.random() >= (self.rates.change if changes else self.rates.listing):
            return False
        name, options = self.chance.choice(AT_CHANGES if changes else AT_LISTINGS)
        self._plant(array, name, options, verb)
        if not changes and (name in {"cut-short", "previous-answer"}):
            self.deceives()
        self.note(name, _HUNG if name in {"hang", "client-timeout"} else _STRUCK)
        return True

    def _by_others(self, array: Array, verb: str) -> bool:
        if self.chance.random() >= self.rates.others:
            return False
        pairs = self.pairs()
        if not pairs:
            return False
        pair, name = self.chance.choice(pairs), self.chance.choice(OTHERS)
        options = {"pair": pair, "position": self.chance.choice(("before", "after"))}
        if name == "others-change":
            options["text"] = self.chance.choice(("State=Invalid", "TargetWriteEnabled=Disabled"))
        self._plant(array, name, options, verb, keep=True)
        self.meddled(pair)
        return True

    def _plant(
        self, array: Array, name: str, options: dict[str, Any], pattern: str, *, keep: bool = False
    ) -> None:
        if not keep:
            array.clear_faults()
        array.add_fault(name, pattern, **options)
        self.struck[name] += 1


@contextmanager
def dying_alone() -> Iterator[None]:
    """Let a dscli that dies end itself only: here it is no process but a part of this one."""

    def die(fault: Fault) -> None:  # noqa: ARG001 - as it is there
        sys.exit(-9)

    before, processes._die = processes._die, die
    try:
        yield
    finally:
        processes._die = before
